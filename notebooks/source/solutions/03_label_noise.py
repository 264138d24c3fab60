# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: label noise
#
# For [lesson 03](../03_label_noise.ipynb); every cell takes a second. Replace each `...` and run the cell: `check.ex`
# says whether the answer is right, and if it is not, what to look at. Where it says *explain*, nobody checks but you.

# %%
import torch

from scnlib.course import check

# %% [markdown]
# ## 03.1 Implement: the matrix that noise should have
#
# Return the `(C, C)` matrix whose row $c$ holds the chances of each given label for a sample of class $c$. `kind` is
# `"symmetric"` (a wrong label is any *other* class, all as likely) or `"pair"` (always the next class, the last one
# goes to class 0).

# %%
def transition(num_classes, rate, kind):
    """Number of classes, share of wrong labels, kind -> matrix (C, C)."""
    # solution:
    stays = (1 - rate) * torch.eye(num_classes)
    if kind == "pair":
        return stays + rate * torch.eye(num_classes).roll(1, dims=1)
    return stays + rate / (num_classes - 1) * (1 - torch.eye(num_classes))
    # end


check.ex("03.1", transition)

# %% [markdown]
# ## 03.2 Predict: when the majority is lost
#
# Six classes, symmetric noise. Up to which rate is the true class still the most common label of its faces? A number
# from 0 to 1.

# %%
prediction = 5 / 6  # solution

check.ex("03.2", prediction)

# %% [markdown]
# ## 03.3 Implement: make labels wrong
#
# Return new labels, of which in *each class* exactly `round(rate * n)` are wrong (n: members of the class), each
# changed to any *other* class with the same chance. Which members, is drawn at random, for each class and each seed
# anew; the same seed gives the same noise. There are many right ways; the check looks at what yours does.

# %%
def corrupt(labels, num_classes, rate, seed):
    """Labels int64 (N,) -> new labels int64 (N,)."""
    # solution:
    generator = torch.Generator().manual_seed(seed)
    noisy = labels.clone()
    for c in range(num_classes):
        members = (labels == c).nonzero().flatten()
        chosen = members[torch.randperm(len(members), generator=generator)[: round(rate * len(members))]]
        steps = torch.randint(1, num_classes, (len(chosen),), generator=generator)
        noisy[chosen] = (c + steps) % num_classes
    return noisy
    # end


check.ex("03.3", corrupt)

# %% [markdown]
# ## 03.4 Explain: noise in the test labels
#
# Someone makes 30 % of the *test* labels wrong as well, "so that training and test match". What does a model score
# that is right on every face? What does one score that has learnt nothing? What is left of the distance between two
# models?

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - The perfect model scores 70 %: it contradicts every wrong label. Nobody could say why it is not better.
# - One that has learnt nothing: who guesses all classes alike scores $1/C$, as before. Who always answers the largest
#   class loses something, since symmetric noise makes the classes more equal.
# - So all distances shrink, for symmetric noise by the same factor ($1 - r - r / (C - 1)$), while the luck of the
#   sample stays: more faces are needed to tell two models apart. With pair noise a model that makes the same mistakes
#   is even rewarded.
