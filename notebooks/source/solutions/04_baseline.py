# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: the baseline
#
# For [lesson 04](../04_baseline.ipynb); nothing is trained, every cell takes a second. Replace each `...` and run the
# cell: `check.ex` says whether the answer is right, and if it is not, what to look at. Where it says *explain*,
# nobody checks but you.

# %%
from scnlib.course import check

# %% [markdown]
# ## 04.1 Implement: learning apart from memory
#
# All three arguments are int64 `(N,)`. Return three shares: of the **right** labels, how many are predicted; of the
# **wrong** labels, how many are *memorised* (the given, false class is predicted); of the wrong labels, how many are
# *seen through* (the true class is predicted).

# %%
def learnt(given, true, prediction):
    """Labels and predictions (N,) -> (right labels predicted, memorised, seen through)."""
    # solution:
    wrong = given != true
    right = (prediction == given)[~wrong].float().mean()
    memorised = (prediction == given)[wrong].float().mean()
    seen_through = (prediction == true)[wrong].float().mean()
    return right, memorised, seen_through
    # end


check.ex("04.1", learnt)

# %% [markdown]
# ## 04.2 Predict: a network that knows everything by heart
#
# 30 % of the training labels are wrong, and a network predicts *every given label*. What is its accuracy against the
# **true** labels of the same faces? A number from 0 to 1.

# %%
prediction = 0.7  # solution

check.ex("04.2", prediction)

# %% [markdown]
# ## 04.3 Implement: an epoch chosen without cheating
#
# `test` and `validation` hold an accuracy for each epoch. Return the number that may be reported for a network whose
# epoch is *chosen*: the test accuracy in the epoch that is best on the validation faces (the first of them on a tie).

# %%
def chosen_accuracy(test, validation):
    """Two tensors (epochs,) -> one number."""
    # solution:
    return test[validation.argmax()]
    # end


check.ex("04.3", chosen_accuracy)

# %% [markdown]
# ## 04.4 Explain: 99 % training accuracy
#
# A paper reports a training accuracy of 99 % at 30 % noise. Which two very different networks can that be, and which
# single further number would tell them apart?

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - One that learnt the given labels by heart, the wrong ones too: 99 % against *given* labels, about 70 % against
#   true ones.
# - One whose method relabels, or that sees through the noise: 99 % against *current* (rewritten) or true labels,
#   about 70 % against given ones.
# - The accuracy against the labels of the other kind tells: true ones where they are known, else given ones. (The
#   test accuracy hints at it, but does not say which.)

# %% [markdown]
# ## 04.5 Explain: below guessing
#
# A network that knows nothing agrees with 1 in 8 wrong labels. A *good* network that has not memorised anything
# agrees with fewer. Why? What does that do to the beginning of the curve "memorised"?

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - A wrong label is by construction not the true class. Whoever predicts the true class hits none of them, so a
#   perfect network agrees with 0 %.
# - Its errors can still meet a given wrong label by coincidence, the more so among look-alikes.
# - So the curve *falls* below guessing while the network learns and rises when it memorises: the valley between is
#   where learning has happened and memory has not.
