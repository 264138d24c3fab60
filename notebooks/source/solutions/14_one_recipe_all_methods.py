# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: one recipe, all methods
#
# For [lesson 14](../14_one_recipe_all_methods.ipynb); nothing is trained, every cell takes a second. Replace each
# `...` and run the cell: `check.ex` says whether the answer is right, and if it is not, what to look at. Where it
# says *explain*, nobody checks but you.

# %%
import torch
from scipy.stats import t

from scnlib.course import check

# %% [markdown]
# ## 14.1 Implement: gains for all comparisons together
#
# `accuracy` is `(m, n)`: m methods, each with the same n seeds; `baseline` is `(n,)`. Return for each method the mean
# gain, paired by seed, and the two ends of an interval that holds for *all m together*: Student's interval at the
# level $1 - 0.05 / m$ (Bonferroni), the mean $\pm\, t\, s / \sqrt n$.
#
# $s$ is the standard deviation with $n - 1$ below the line. $t$ is the quantile of Student's distribution with $n - 1$
# degrees of freedom that leaves half of $0.05 / m$ above it. torch has none; `scipy.stats.t.ppf(share, n - 1)` is the
# quantile with that share *below* it (scipy comes with scikit-learn, which this project installs).

# %%
def board(accuracy, baseline):
    """(m, n) and (n,) -> (m, 3): gain, low, high."""
    # solution:
    m, n = accuracy.shape
    differences = accuracy - baseline
    middle = differences.mean(dim=1)
    half = t.ppf(1 - 0.05 / m / 2, n - 1) * differences.std(dim=1) / n**0.5
    return torch.stack([middle, middle - half, middle + half], dim=1).float()
    # end


check.ex("14.1", board)

# %% [markdown]
# ## 14.2 Predict: false alarms
#
# Twenty-four methods that change nothing are compared with the baseline, each with an interval of its own of **90 %**.
# How many of the intervals lie *above* zero, on average, so that the method looks better than the baseline?

# %%
prediction = 24 * 0.05  # solution

check.ex("14.2", prediction)

# %% [markdown]
# ## 14.3 Explain: three rows of a leaderboard
#
# Under one recipe with 30 % wrong labels, three rows stand above the baseline: (a) a method that is told to leave out
# 30 % of each batch; (b) a method that trains two networks; (c) a method whose first gradient is twice as long as the
# baseline's. For each: what else than "it cures labels" could explain the lead, and which *one* further run would you
# ask for?

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - (a) It knows the noise rate, which real data do not tell. Ask for the same method with a wrong share (10 or 50 %),
#   or on clean labels.
# - (b) It computes twice as much (and an ensemble, if both predict, is better anyway). Ask for a baseline that trains
#   twice as long, or for two baselines averaged.
# - (c) It takes longer steps. Ask for the baseline at twice the learning rate, or for both at their own best rate,
#   chosen on noisy validation labels.
