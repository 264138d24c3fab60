# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: does alpha know, and what held
#
# For [lesson 15](../15_does_alpha_know.ipynb); nothing is trained, every cell takes a second. Replace each `...` and
# run the cell: `check.ex` says whether the answer is right, and if it is not, what to look at. Where it says
# *explain*, nobody checks but you.

# %%
from scipy.stats import t

from scnlib.course import check

# %% [markdown]
# ## 15.1 Implement: a verdict
#
# `differences` is `(n,)`, one for each seed, positive where the claim is true. `limit` is what the effect must exceed,
# 0 if the claim names none. The condition is one of `k` that the claim names. Return
#
# - `"held"` if the 95 % interval of the mean lies above the limit,
# - `"not held"` if the interval of level $1 - 0.05 / k$ lies below it,
# - `"undecided"` otherwise, and for one seed alone.
#
# Both are Student's intervals, $\bar d \pm t\, s / \sqrt n$, with $n - 1$ below the line of $s^2$;
# `scipy.stats.t.ppf(share, n - 1)` is the quantile with that share *below* it.

# %%
def verdict(differences, limit, k):
    """Differences (n,), limit, number of conditions -> "held", "not held" or "undecided"."""
    # solution:
    n = len(differences)
    if n == 1:
        return "undecided"
    middle, error = differences.mean().item(), differences.std().item() / n**0.5
    if middle - t.ppf(1 - 0.05 / 2, n - 1) * error > limit:
        return "held"
    if middle + t.ppf(1 - 0.05 / k / 2, n - 1) * error < limit:
        return "not held"
    return "undecided"
    # end


check.ex("15.1", verdict)

# %% [markdown]
# ## 15.2 Predict: a limit
#
# Someone claims that wrong labels get a low α. It shall count only if the AUROC exceeds one half by more than 0.05:
# that is the claim's limit. Over the seeds the AUROC minus one half comes out at +0.006, with a 95 % interval of
# [−0.004, +0.017]; there is one condition. What is the verdict?
#
# - `"a"`: held.
# - `"b"`: not held.
# - `"c"`: undecided.

# %%
prediction = "b"  # solution

check.ex("15.2", prediction)

# %% [markdown]
# ## 15.3 Explain: thirty claims
#
# A ledger judges thirty claims, each with one condition and the limit 0. Suppose that *none* of the effects exists. How
# many are *held* all the same, on average? Why does the ledger widen an interval for the conditions of one claim, and
# not for the number of claims? And what follows for a reader who finds a single *held* among thirty?

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - An interval of 95 % misses 0 in 5 of 100 cases, and in half of them it lies above: $30 \cdot 0.025$, not quite one.
#   As many are *not held*.
# - One condition of k is enough to refute a claim, so luck has k chances against it. Claims are questions of their own:
#   a verdict on one does not depend on how many others were asked.
# - Who looks through all thirty and picks one has let luck choose. Such a *held* is a reason to look again: at how far
#   the interval is from 0, at other data, and at new seeds.
