# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: rank regularisation
#
# For [lesson 06](../06_rank_regularisation.ipynb); nothing is trained, every cell takes a second. Replace each `...`
# and run the cell: `check.ex` says whether the answer is right, and if it is not, what to look at. Where it says
# *explain*, nobody checks but you.

# %%
import torch

from scnlib.course import check

# %% [markdown]
# ## 06.1 Implement: the rank loss
#
# $L_{RR} = \max\{0,\; \delta_1 - (\bar\alpha_H - \bar\alpha_L)\}$, where $\bar\alpha_H$ is the mean of the
# $M = \lfloor \beta N \rfloor$ largest α of the batch and $\bar\alpha_L$ that of the others. A gradient must come
# back to `alpha`.

# %%
def rank_loss(alpha, beta, margin):
    """alpha (N,), share of the high group, margin -> one number."""
    # solution:
    # 0.7 * 90 is 62.99999999999999 in Python: a hair more, so that what is cut off makes 63 of it.
    count = int(beta * len(alpha) + 1e-9)
    ordered = alpha.sort(descending=True).values
    gap = ordered[:count].mean() - ordered[count:].mean()
    return torch.relu(margin - gap)
    # end


check.ex("06.1", rank_loss)

# %% [markdown]
# ## 06.2 Predict: the five smallest of twelve
#
# Twelve faces, β = 0.7, and the gap is much smaller than the margin. The *five* smallest α rise by 0.02 each, and none
# overtakes another. By how much does $L_{RR}$ change? A number with its sign.

# %%
prediction = 0.02 - 0.02 / 8  # solution

check.ex("06.2", prediction)

# %% [markdown]
# ## 06.3 Implement: one step of a margin that may learn
#
# As printed, $\delta_1$ descends on $\gamma L_{RR}$ like any weight. Return the margin after *one* step of plain
# gradient descent with rate `lr`, for a batch `alpha` and β = 0.7. (Where the gap equals the margin, it is met.)

# %%
def next_margin(margin, alpha, lr, gamma):
    """Margin, alpha (N,), rate, weight of the rank loss -> margin."""
    # solution:
    count = int(0.7 * len(alpha) + 1e-9)
    ordered = alpha.sort(descending=True).values
    gap = ordered[:count].mean() - ordered[count:].mean()
    slope = 1.0 if gap < margin else 0.0
    return margin - lr * gamma * slope
    # end


check.ex("06.3", next_margin)

# %% [markdown]
# ## 06.4 Explain: wider, not wiser
#
# With the rank loss α is spread wider, yet it tells wrong labels no better than before. Explain why the loss *cannot*
# add such knowledge, what it would take for it to spread existing knowledge, and which two numbers you would print to
# tell "wider" from "wiser".

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - No label enters $L_{RR}$; while the gap falls short of the margin, its slope is $-1/M$ for everybody ahead and
#   $1/(N - M)$ for everybody behind, and otherwise 0. It pushes along the order that is there.
# - If the order already had to do with wrong labels, because the classification loss put it there through the
#   features, the push would make that difference larger. With random flips two faces that look alike have the same α,
#   so the order cannot.
# - For "wider": the standard deviation of α, or the gap of the group means. For "wiser": the AUROC of α for wrong
#   labels, which depends on the order alone.
