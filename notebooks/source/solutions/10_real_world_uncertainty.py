# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: real-world uncertainty
#
# For [lesson 10](../10_real_world_uncertainty.ipynb); nothing is trained, every cell takes a second. Replace each
# `...` and run the cell: `check.ex` says whether the answer is right, and if it is not, what to look at. Where it
# says *explain*, nobody checks but you.

# %%
from scnlib.course import check

# %% [markdown]
# ## 10.1 Implement: which face, not which class
#
# Real mistakes crowd in a few classes, so a score that ranks whole classes looks clever. Compare within classes only:
# return the share, of all pairs of a wrong and a right label *of the same class*, in which the wrong one has the
# higher score (a tie counts half). Classes without such a pair do not count.

# %%
def auroc_within(scores, wrong, classes):
    """Scores (N,), wrong bool (N,), true classes (N,) -> one number, 0 to 1."""
    # solution:
    won, pairs = 0.0, 0
    for label in classes.unique():
        of_wrong = scores[wrong & (classes == label)][:, None]
        of_right = scores[~wrong & (classes == label)]
        won += ((of_wrong > of_right).double() + 0.5 * (of_wrong == of_right)).sum()
        pairs += of_wrong.numel() * of_right.numel()
    return won / pairs
    # end


check.ex("10.1", auroc_within)

# %% [markdown]
# ## 10.2 Predict: a score that never looked at a face
#
# Two classes of 100 faces. In the first 60 labels are wrong, in the second 10. A score says 1 for every face of the
# first class and 0 for every face of the second. What is its AUROC for wrong labels over *all* faces? A number from 0
# to 1.

# %%
prediction = (60 * 90 + 0.5 * (60 * 40 + 10 * 90)) / (70 * 130)  # solution

check.ex("10.2", prediction)

# %% [markdown]
# ## 10.3 Explain: mistakes that can be learnt
#
# A network meets 30 % random flips in one training and about as many mistakes of people in another. Why can it
# memorise the second kind *without* memorising? What does that do to a cure that asks the network whether it
# contradicts a label? And why do we compare with a network trained on clean labels before we say that it learnt to
# make people's mistakes?

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - People's mistakes depend on what a face looks like: many similar faces carry the same wrong label, so the mistake
#   is a *rule* that many faces share, and it is learnt like any other. Random flips of look-alikes contradict each
#   other and cancel.
# - The network then agrees with the wrong label. A cure by contradiction (equation 5, small losses) finds nothing, or
#   holds the few right labels among them for the mistakes.
# - Networks err where people err even on clean labels, because some faces are alike. Only what exceeds that line can
#   come from the labels.
