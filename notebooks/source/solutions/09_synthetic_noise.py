# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: synthetic noise
#
# For [lesson 09](../09_synthetic_noise.ipynb); nothing is trained, every cell takes a second. Replace each `...` and
# run the cell: `check.ex` says whether the answer is right, and if it is not, what to look at. Where it says
# *explain*, nobody checks but you.

# %%
from statistics import NormalDist

from scipy.stats import t

from scnlib.course import check

# %% [markdown]
# ## 09.1 Implement: a gain with its interval
#
# `ours` and `baseline` hold test accuracies in percent, one for each seed, the same seeds in the same order. Return
# the mean gain and the two ends of its 95 % interval, $\bar d \pm t_{n-1}\, s / \sqrt n$, with the differences paired
# by seed. `scipy.stats.t.ppf(0.975, n - 1)` is Student's quantile.

# %%
def gain(ours, baseline):
    """Two tensors (n,) -> (mean, low, high)."""
    # solution:
    differences, n = ours - baseline, len(ours)
    half = t.ppf(0.975, n - 1) * differences.std().item() / n**0.5
    middle = differences.mean().item()
    return middle, middle - half, middle + half
    # end


check.ex("09.1", gain)

# %% [markdown]
# ## 09.2 Predict: how many seeds?
#
# Two methods differ by 1.0 point on average; single differences scatter with a standard deviation of 1.5. If the
# sample came out exactly so, from how many seeds on would the 95 % interval (Student's) exclude zero?

# %%
prediction = next(n for n in range(2, 100) if t.ppf(0.975, n - 1) * 1.5 / n**0.5 < 1)  # solution

check.ex("09.2", prediction)

# %% [markdown]
# ## 09.3 Predict: eighteen cells in which nothing happens
#
# A table prints 18 gains, each from one seed, of methods that do *nothing*. Single gains scatter normally with a
# standard deviation of 1 point. How many of the 18 do you expect above +1?

# %%
prediction = 18 * (1 - NormalDist().cdf(1))  # solution

check.ex("09.3", prediction)

# %% [markdown]
# ## 09.4 Explain: pairs
#
# Baseline and SCN of one seed share the first weights of the backbone, the wrong labels and the order of the faces.
# Why is the gain taken seed by seed and only then averaged? When would pairing *not* help? And what is left out if
# the interval is taken over the test faces of one seed instead?

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - What both runs of a seed share (an easy set of wrong labels, a lucky start) moves both accuracies alike and drops
#   out of their difference; the differences scatter less than the accuracies, so the interval is narrower for the
#   same number of runs.
# - If the two accuracies of a seed are unrelated, or move in opposite directions, pairing gains nothing (and costs
#   degrees of freedom).
# - Over test faces of one seed the luck of *training* is left out: other seeds could give another sign, however many
#   test faces there are.
