# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: other cures
#
# For [lesson 13](../13_other_cures.ipynb); nothing is trained, every cell takes a second. Replace each `...` and run
# the cell: `check.ex` says whether the answer is right, and if it is not, what to look at. Where it says *explain*,
# nobody checks but you.

# %%
import torch

from scnlib.course import check

# %% [markdown]
# ## 13.1 Implement: generalised cross-entropy
#
# Return $\frac1N \sum_i (1 - p_i^q) / q$, with $p_i$ the softmax probability of face $i$'s label. A gradient must
# come back to `logits`.

# %%
def gce(logits, labels, q):
    """Logits (N, C), labels (N,), q -> one number."""
    # solution:
    p = torch.softmax(logits, dim=1)[range(len(labels)), labels]
    return ((1 - p**q) / q).mean()
    # end


check.ex("13.1", gce)

# %% [markdown]
# ## 13.2 Implement: whom each network trains on
#
# Co-teaching: `first` and `second` are the losses of two networks on the same batch, `share` is $R(t)$. Return two
# masks: the faces that the *first* network is trained on and those that the *second* is trained on. Each set has
# $\lfloor R N \rfloor$ faces.

# %%
def kept(first, second, share):
    """Losses (N,), losses (N,), share -> two bool (N,)."""
    # solution:
    count = int(share * len(first) + 1e-9)
    masks = torch.zeros(2, len(first), dtype=torch.bool)
    masks[0, second.argsort()[:count]] = True
    masks[1, first.argsort()[:count]] = True
    return masks[0], masks[1]
    # end


check.ex("13.2", kept)

# %% [markdown]
# ## 13.3 Predict: how much is still heard
#
# A network gives a label the probability 0.01. Which share of cross-entropy's pull does that face keep under GCE with
# q = 0.7? A number from 0 to 1.

# %%
prediction = 0.01**0.7  # solution

check.ex("13.3", prediction)

# %% [markdown]
# ## 13.4 Explain: a loss that symmetric noise cannot move
#
# Sum GCE at $q = 1$ over all classes that the label could have been. What do you get, and why does it follow that
# symmetric noise leaves the best network the best? What is the price, and why is $q = 0.7$ a compromise?

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - $\sum_y (1 - p_y) = C - 1$, whatever the network says.
# - Under symmetric noise the expected loss is a weighted sum of the loss on the true label and that constant: its
#   minimum stays where it was, as long as the true label is the most likely one.
# - Its pull is $p$ times cross-entropy's, so at the start, when all $p = 1/C$, and on hard faces it hardly learns.
#   $q = 0.7$ brakes less, and its sum over the classes is no longer constant: robust in part, learning in part.
