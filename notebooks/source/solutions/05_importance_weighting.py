# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: importance weighting
#
# For [lesson 05](../05_importance_weighting.ipynb); nothing is trained, every cell takes a second. Replace each `...`
# and run the cell: `check.ex` says whether the answer is right, and if it is not, what to look at. Where it says
# *explain*, nobody checks but you.

# %%
import torch

from scnlib.course import check

# %% [markdown]
# ## 05.1 Implement: how the weighted loss pulls at α
#
# The first choice: $L = \frac1N \sum_i \alpha_i\,\ell_i$ with $\ell_i$ the cross-entropy of face $i$. Return
# $\partial L / \partial \alpha_i$ for each face, by formula or by autograd.

# %%
def slope_of_weighted_loss(logits, alpha, labels):
    """Logits (N, C), alpha (N,), labels (N,) -> gradient (N,)."""
    # solution:
    own = -torch.log_softmax(logits, dim=1)[range(len(labels)), labels]
    return own / len(labels)
    # end


check.ex("05.1", slope_of_weighted_loss)

# %% [markdown]
# ## 05.2 Implement: how weighted logits pull at α
#
# The second choice: $\ell_i(\alpha_i) = -\log \mathrm{softmax}(\alpha_i z_i)_{y_i}$. Return
# $\partial \ell_i / \partial \alpha_i$ for each face (of its own loss, not divided by N).

# %%
def slope_of_weighted_logits(logits, alpha, labels):
    """Logits (N, C), alpha (N,), labels (N,) -> gradient (N,)."""
    # solution:
    p = torch.softmax(alpha[:, None] * logits, dim=1)
    expected = (p * logits).sum(dim=1)
    return expected - logits[range(len(labels)), labels]
    # end


check.ex("05.2", slope_of_weighted_logits)

# %% [markdown]
# ## 05.3 Predict: what would this face choose?
#
# Three classes, scores $z = (2,\; 1.5,\; -2)$, and the label is the second class: predicted wrongly, but nearly.
# Which α between 0 and 1 makes *its own* loss smallest?
#
# - `"a"`: 0, it would rather say nothing.
# - `"b"`: something between 0 and 1.
# - `"c"`: 1, as sure as it can be.

# %%
prediction = "b"  # solution

check.ex("05.3", prediction)

# %% [markdown]
# ## 05.4 Explain: divide by the sum of α
#
# Someone mends the collapse of weighted losses by dividing by $\sum_i \alpha_i$ instead of $N$:
# $L = \sum_i \alpha_i \ell_i / \sum_i \alpha_i$. Derive the slope in $\alpha_i$. Which faces gain weight now, which
# lose it? What is the trivial solution?

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - $\partial L / \partial \alpha_i = (\ell_i - L) / \sum_j \alpha_j$: the face's loss against the weighted mean of
#   all.
# - Faces with more loss than the weighted mean lose weight, those with less gain it. Shrinking all α alike changes
#   nothing any more, so $\alpha = 0$ has lost its attraction.
# - The trivial solution is now *all weight on the easiest faces*: $L$ is an average and can be driven down to the
#   smallest $\ell_i$ in the batch. The network learns from what it knows already.
