# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: the datasets
#
# For [lesson 02](../02_datasets.ipynb); every cell takes a second. Replace each `...` and run the cell: `check.ex`
# says whether the answer is right, and if it is not, what to look at. Where it says *explain*, nobody checks but you.

# %%
import math

import torch

from scnlib.course import check

# %% [markdown]
# ## 02.1 Implement: the majority rule of FER+
#
# `votes` is int64 `(N, 10)`: eight emotions, then "unknown" and "not a face". A column with a *single* vote counts as
# none. The label is the column with *more than half* of all remaining votes, if it is an emotion; else -1.

# %%
def majority(votes):
    """Votes (N, 10) -> labels (N,), -1 for none."""
    # solution:
    counted = torch.where(votes == 1, 0, votes)
    top, winner = counted.max(dim=1)
    clear = (2 * top > counted.sum(dim=1)) & (winner < 8)
    return torch.where(clear, winner, -1)
    # end


check.ex("02.1", majority)

# %% [markdown]
# ## 02.2 Predict: a model that always says *neutral*
#
# FER+ has eight classes of very different size. What is the *mean class accuracy* of a model that says *neutral* to
# every face? A number from 0 to 1.

# %%
prediction = 1 / 8  # solution

check.ex("02.2", prediction)

# %% [markdown]
# ## 02.3 Implement: how far the annotators disagree
#
# `votes` is int64 `(N, 8)`, over the emotions alone. With $p_c$ the share of class $c$, return
# $H = -\sum_c p_c \log_2 p_c$ for each face, where $0 \log 0$ counts 0.

# %%
def disagreement(votes):
    """Votes (N, 8) -> bits (N,)."""
    # solution:
    p = votes / votes.sum(dim=1, keepdim=True)
    return -torch.special.xlogy(p, p).sum(dim=1) / math.log(2)
    # end


check.ex("02.3", disagreement)

# %% [markdown]
# ## 02.4 Explain: uncertain labels without uncertain faces
#
# A paper about uncertain labels reports 28,709 training images of FER+, the count before any vote rule. Another
# reports 25,045. Say what happened to the difference, whom it hits, and why a table that puts the two papers side by
# side compares less than it seems to.

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - The difference has no majority, or a majority for "unknown" or "not a face"; the rule gives these images no label,
#   so they are not trained on.
# - It hits the faces on which people disagree most, so the smaller set is the cleaner one; some classes lose more
#   than others.
# - The two papers train and perhaps test on different faces: an easier test set raises the accuracy, and a method
#   against uncertainty has less to cure where the most uncertain faces were taken out before.
