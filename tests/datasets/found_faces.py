"""One detector and a few pictures, shared by the tests of alignment."""

import functools

import torch

from scnlib.datasets.face_detection import Detector
from scnlib.datasets.scenes import Scenes, render_scenes


@functools.cache
def detector() -> Detector:
    return Detector()


@functools.cache
def scenes() -> Scenes:
    return render_scenes(0, 4, 160, 200, side=(100, 150))


@functools.cache
def portrait() -> torch.Tensor:
    """A real face, ``(3, 200, 200)``: from the photograph that comes with scikit-image."""
    import skimage.data

    return torch.from_numpy(skimage.data.astronaut()[20:220, 120:320].copy()).permute(2, 0, 1)
