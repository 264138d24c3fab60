# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: the Self-Cure Network assembled
#
# For [lesson 08](../08_self_cure_network.ipynb); nothing is trained, every cell takes a second. Replace each `...`
# and run the cell: `check.ex` says whether the answer is right, and if it is not, what to look at. Where it says
# *explain*, nobody checks but you.

# %%
import torch

from scnlib.course import check

# %% [markdown]
# ## 08.1 Implement: the whole loss
#
# Put lessons 05 and 06 together: $L = \gamma L_{RR} + (1 - \gamma) L_{WCE}$, with the scores of each face multiplied
# by its α inside the softmax, and the rank loss at β = 0.7 and $\delta_1 = 0.15$. A gradient must come back to
# `logits` and to `alpha`.

# %%
def scn_loss(logits, alpha, labels, gamma):
    """Logits (N, C), alpha (N,), labels (N,), weight of the rank loss -> one number."""
    # solution:
    log_p = torch.log_softmax(alpha[:, None] * logits, dim=1)
    weighted = -log_p[range(len(labels)), labels].mean()
    count = int(0.7 * len(alpha) + 1e-9)
    ordered = alpha.sort(descending=True).values
    rank = torch.relu(0.15 - (ordered[:count].mean() - ordered[count:].mean()))
    return gamma * rank + (1 - gamma) * weighted
    # end


check.ex("08.1", scn_loss)

# %% [markdown]
# ## 08.2 Predict: a rank loss that says nothing
#
# γ = 0.5, the margin is met (so the rank loss is 0), and every α is 1. By which factor does the gradient in the
# classifier's weights differ from the baseline's? A number.

# %%
prediction = 0.5  # solution

check.ex("08.2", prediction)

# %% [markdown]
# ## 08.3 Implement: does alpha know wrong labels?
#
# Return the AUROC of *low* α for wrong labels: of all pairs of a wrong and a right label, the share in which the
# wrong one has the lower α. A tie counts one half.

# %%
def knows(alpha, wrong):
    """alpha (N,), wrong bool (N,) -> one number, 0 to 1."""
    # solution:
    of_wrong, of_right = alpha[wrong][:, None], alpha[~wrong]
    return ((of_wrong < of_right).double() + 0.5 * (of_wrong == of_right)).mean()
    # end


check.ex("08.3", knows)

# %% [markdown]
# ## 08.4 Explain: what must be the case for a low group full of wrong labels
#
# Suppose the low group (30 % of each batch) held *exactly* the wrong labels, 30 % of all. Which $q$ has relabelling
# there, and how good must the doctor be? Then say which property of α would have to be different for this to happen
# under random flips.

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - No given label in the group is right, so $q = 0$: every change that hits is a gain, and none can harm.
# - Any doctor with $p > 0$ pays, even one that is right on a quarter of them.
# - α would have to depend on the *label* (or the network would have to know the picture by heart, together with its
#   contradiction). As a function of the image alone it gives a flipped face the α of its unflipped twin.
