# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: ablations
#
# For [lesson 11](../11_ablations.ipynb); nothing is trained, every cell takes a second. Replace each `...` and run
# the cell: `check.ex` says whether the answer is right, and if it is not, what to look at. Where it says *explain*,
# nobody checks but you.

# %%
import torch

from scnlib.course import check

# %% [markdown]
# ## 11.1 Implement: the length of the first step
#
# How long is SCN's gradient in the *logits*, as a share of the baseline's? SCN's part is $(1 - \gamma) L_{WCE}$ (the
# rank loss does not touch the logits), the baseline's is the plain cross-entropy. Return the ratio of the two
# lengths, for one batch.

# %%
def relative_step(logits, alpha, labels, gamma):
    """Logits (N, C), alpha (N,), labels (N,), weight of the rank loss -> one number."""
    # solution:
    scores = logits.clone().requires_grad_()

    def length(loss):
        return torch.autograd.grad(loss, scores)[0].norm()

    ours = (1 - gamma) * torch.nn.functional.cross_entropy(alpha[:, None] * scores, labels)
    return length(ours) / length(torch.nn.functional.cross_entropy(scores, labels))
    # end


check.ex("11.1", relative_step)

# %% [markdown]
# ## 11.2 Predict: the rate that makes up for γ
#
# SCN with γ = 0.8, all α still at 1. Which learning rate gives it the first classification step that the baseline
# takes at a rate of 0.05?

# %%
prediction = 0.05 / (1 - 0.8)  # solution

check.ex("11.2", prediction)

# %% [markdown]
# ## 11.3 Predict: the lead of a lucky winner
#
# Five values of a knob that does *nothing* are trained once each; accuracies scatter with a standard deviation of 1
# point. How far is the best ahead of the second best, on average? Guess first, then count: a few lines of
# `torch.randn` tell.

# %%
# solution:
drawn = torch.randn(100_000, 5, generator=torch.Generator().manual_seed(1))
best, second = drawn.topk(2).values.T
# end
prediction = (best - second).mean()  # solution

check.ex("11.3", prediction)

# %% [markdown]
# ## 11.4 Explain: a fair rate for each
#
# "Both methods were trained with a learning rate of 0.1, so the comparison is fair." Give the objection, describe a
# rule that you would accept instead (from which data, with which effort, reported on what), and say what it means if
# the chosen rate lies at the edge of those tried.

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - The same *nominal* rate is not the same step: losses of different scale take steps of different length, and the
#   rate was usually tuned for one of the two.
# - Every method gets its own best rate, chosen by one rule from the same number of values, on *noisy* validation
#   labels (who has noisy training labels has no clean ones); test labels are read once, after the choice, for all
#   seeds.
# - At the edge the best rate may lie outside: nobody knows whether that method was at its best, so the comparison is
#   not finished.
