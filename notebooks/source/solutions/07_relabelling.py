# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: relabelling
#
# For [lesson 07](../07_relabelling.ipynb); nothing is trained, every cell takes a second. Replace each `...` and run
# the cell: `check.ex` says whether the answer is right, and if it is not, what to look at. Where it says *explain*,
# nobody checks but you.

# %%
import torch

from scnlib.course import check

# %% [markdown]
# ## 07.1 Implement: equation 5
#
# A face of the *low-importance group* gets the predicted label if $P_{max} - P_{gtInd} > \delta_2$; everybody else
# keeps the given one. The low group are all but the $\lfloor \beta N \rfloor$ faces with the largest α. `p` holds the
# class probabilities, `margin` is $\delta_2$.

# %%
def cure(p, labels, alpha, beta, margin):
    """Probabilities (N, C), labels (N,), alpha (N,), beta, margin -> labels (N,)."""
    # solution:
    low = torch.ones(len(labels), dtype=torch.bool)
    low[alpha.argsort(descending=True)[: int(beta * len(labels) + 1e-9)]] = False
    top, favourite = p.max(dim=1)
    sure = top - p[range(len(labels)), labels] > margin
    return torch.where(low & sure, favourite, labels)
    # end


check.ex("07.1", cure)

# %% [markdown]
# ## 07.2 Implement: cured or harmed?
#
# Labels before (`given`) and after (`new`), and the truth. Return four numbers: among the labels that *changed*, the
# share $p$ whose new label is right and the share $q$ whose given label was right; the recall, the share of the wrong
# labels that are right now; and the gain, by how many *points* (percent of all N) more labels are right than before.

# %%
def audit(given, new, true):
    """Three times labels (N,) -> (p, q, recall, gain in points)."""
    # solution:
    changed, wrong = new != given, given != true
    p = (new == true)[changed].float().mean()
    q = (given == true)[changed].float().mean()
    recall = (new == true)[wrong].float().mean()
    gain = 100 * ((new == true).float().mean() - (given == true).float().mean())
    return p, q, recall, gain
    # end


check.ex("07.2", audit)

# %% [markdown]
# ## 07.3 Predict: a doctor worse than his patients
#
# 1,000 faces, 70 % of whose labels are right. A network names the true class of 62 % of all faces. It changes 100
# labels: 15 of these were right before, 45 are right afterwards. By how many points does the share of right labels
# change? A number with its sign.

# %%
prediction = 3.0  # solution

check.ex("07.3", prediction)

# %% [markdown]
# ## 07.4 Explain: the same margin, a worse doctor
#
# A baseline that relabels everybody after every epoch begins with cures that balance the harm at $\delta_2 = 0.2$ and ends
# with fewer right labels than it was given. The margin was the same all the time. What changed, and why does the margin not
# notice? Name two ways to cut the loop.

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - The network trains on labels that it wrote itself. It becomes surer of its own errors, so a contradiction of 0.2
#   no longer means that the given label is suspect.
# - The margin measures sureness and not rightness. Once sureness is no longer earned, the same threshold lets through
#   more and worse changes, and those train the next epoch.
# - Two of: let a *finished* network relabel once and start a new one; a doctor that never saw the cured labels, such
#   as a second network; a ledger and an audit on faces whose truth is known, to stop in time. (To decide always from the
#   given labels is not enough: the lesson's loop does so, and the network that decides has still learnt from its own.)
