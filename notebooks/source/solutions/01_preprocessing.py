# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Exercises: preprocessing
#
# For [lesson 01](../01_preprocessing.ipynb); nothing is trained, every cell takes a second. Replace each `...` and
# run the cell: `check.ex` says whether the answer is right, and if it is not, what to look at. Where it says
# *explain*, nobody checks but you.

# %%
import torch

from scnlib.course import check

# %% [markdown]
# ## 01.1 Implement: from five points to a matrix
#
# `points` are where a detector found eyes, nose and mouth, `target` is where they should be; both are `(5, 2)`
# tensors of x and y. Return the `(2, 3)` matrix of the similarity,
# $\begin{pmatrix} a & -b & s \\ b & a & t \end{pmatrix}$, with the complex numbers $c = a + ib$ for the turn and the
# scale and $s + it$ for the shift. `torch.view_as_complex(points.contiguous())` makes complex numbers of a tensor of
# pairs.

# %%
def align(points, target):
    """Points (5, 2) and targets (5, 2) -> matrix (2, 3)."""
    # solution:
    z, w = torch.view_as_complex(points.contiguous()), torch.view_as_complex(target.contiguous())
    z0, w0 = z - z.mean(), w - w.mean()
    c = (z0.conj() * w0).sum() / z0.abs().square().sum()
    t = w.mean() - c * z.mean()
    return torch.stack([torch.stack([c.real, -c.imag, t.real]), torch.stack([c.imag, c.real, t.imag])])
    # end


check.ex("01.1", align)

# %% [markdown]
# ## 01.2 Predict: a detector that looks one pixel too far to the right
#
# All five points of a leaning face are found exactly one pixel too far to the right. What becomes of $c$ and of the
# shift $t$?
#
# - `"a"`: $c$ stays; $t$ becomes $t - 1$.
# - `"b"`: $c$ changes as well.
# - `"c"`: $c$ stays; $t$ becomes $t - c$.

# %%
prediction = "c"  # solution

check.ex("01.2", prediction)

# %% [markdown]
# ## 01.3 Implement: an error that large and small faces share
#
# `found` and `true` are `(5, 2)`: left eye, right eye, nose, corners of the mouth. Return the mean distance between
# found and true points, in distances between the true eyes.

# %%
def point_error(found, true):
    """Two times (5, 2) -> one number."""
    # solution:
    eyes = (true[1] - true[0]).norm()
    return (found - true).norm(dim=1).mean() / eyes
    # end


check.ex("01.3", point_error)

# %% [markdown]
# ## 01.4 Explain: a better rate
#
# A colleague pads tightly cropped faces with their mirror image and reports that MTCNN now finds a face in more of
# them. Why is the detection rate the wrong thing to look at? What would you ask for, and what could you ask for on
# photographs, where nobody knows the true points?

# %% [markdown] tags=["solution"]
# **Marking key** (one point each)
#
# - The rate counts whether *something* was found, not whether it was the face: mirrored eyes and mouths make faces of
#   their own.
# - Ask for the error of the points in eye distances, median and worst tenth, since alignment uses the points and a
#   few wild ones spoil faces for good; and for how many pictures hold several "faces".
# - On photographs: how far the points move when the picture is moved, mirrored or padded otherwise by a known amount
#   (a right detector moves along), points that a few people set by hand on a sample, or what the aligned faces are
#   worth to a classifier.
