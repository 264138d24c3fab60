# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: the Label-noise Robust Network
#
# For [lesson 12](../12_label_noise_robust_network.ipynb); nothing is trained, every cell takes a second. Replace each
# `...` and run the cell: `check.ex` says whether the answer is right, and if it is not, what to look at. Where it
# says *explain*, nobody checks but you.

# %%
import math

import torch

from scnlib.course import check

# %% [markdown]
# ## 12.1 Implement: the mean softmax of noisy logits
#
# `mean` is $d$, `(N, C)`; `factor` is $A$, `(N, C, K)`; `noise` holds S draws of $\epsilon$, `(S, K)`, the same for
# all faces. Return $\log p'$ for all classes, $p'_k = \frac1S \sum_s \mathrm{softmax}((d + A\epsilon_s) / T)_k$, in
# such a way that scores in the hundreds do no harm.

# %%
def log_mean_softmax(mean, factor, noise, temperature):
    """(N, C), (N, C, K), (S, K), T -> (N, C)."""
    # solution:
    logits = mean[:, :, None] + factor @ noise.T
    log_p = torch.log_softmax(logits / temperature, dim=1)
    return torch.logsumexp(log_p, dim=2) - math.log(len(noise))
    # end


check.ex("12.1", log_mean_softmax)

# %% [markdown]
# ## 12.2 Predict: one noise for two of three classes
#
# $d = (2, 1, 0)$, $T = 1$, $A$ is the column $(100, 100, 0)$ and $\epsilon$ a single normal number: classes 0 and 1 move
# up and down together, by a lot, and class 2 stays. Without noise the softmax is about $(0.67, 0.24, 0.09)$. What is
# $p'$, the mean over many draws?
#
# - `"a"`: $(0.67, 0.24, 0.09)$, as without noise.
# - `"b"`: $(0.50, 0.00, 0.50)$.
# - `"c"`: $(0.37, 0.13, 0.50)$.
# - `"d"`: $(0.33, 0.33, 0.33)$.

# %%
prediction = "c"  # solution

check.ex("12.2", prediction)

# %% [markdown]
# ## 12.3 Implement: confidence without labels
#
# Return $\omega_{ic}$, how far face $i$ belongs to centre $c$: a softmax over the centres of the *negative squared*
# distances (ours; the paper says "the metric function").

# %%
def confidence(features, centres):
    """Features (M, D), centres (C, D) -> (M, C)."""
    # solution:
    squared = (features[:, None] - centres).square().sum(dim=2)
    return torch.softmax(-squared, dim=1)
    # end


check.ex("12.3", confidence)

# %% [markdown]
# ## 12.4 Explain: what σ forbids and what it does not
#
# Without σ² the label-free loss has a trivial solution. Which one, and why does the division take it away? Name a
# second trivial solution that the division does *not* take away, and say what in the whole of LRN stands against it.

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - Everything in one point: all distances are 0 and with them the loss. With the division the loss no longer knows
#   units: shrinking all by a factor divides numerator and σ² alike.
# - All features at *one* centre, and the others far away: confidence is 1 for that centre, the distances to it are 0,
#   and σ² is large. The loss is again nearly 0, and no face is told from another.
# - Only the classification loss stands against it: features at one point cannot be classified. No label enters
#   equations 3 and 4, so nothing ties centre $c$ to class $c$.
