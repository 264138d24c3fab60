"""What MTCNN makes of faces that were cut out before, as FER+'s were, and what padding them changes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from scnlib.datasets.face_detection import Detector, Found
from scnlib.datasets.face_geometry import padded

#: Around a tight crop: what, and how much on each side.
PADDINGS = (("none", 0.0), ("edge", 0.25), ("edge", 0.5), ("constant", 0.5), ("reflect", 0.25), ("reflect", 0.5))


def point_errors(found: Sequence[Found], truth: Tensor) -> np.ndarray:
    """Mean distance of the largest face's five points from the truth, in distances between the true eyes.

    Args:
        found: of N pictures.
        truth: ``(N, 5, 2)``.

    Returns:
        ``(N,)``; NaN where nothing was found.
    """
    errors = np.full(len(found), np.nan)
    for i, faces in enumerate(found):
        if len(faces):
            apart = (truth[i, 1] - truth[i, 0]).norm()
            errors[i] = float((faces.points[0] - truth[i]).norm(dim=1).mean() / apart)
    return errors


def find_each(images: Tensor, detector: Detector, pad: str = "none", share: float = 0.0) -> list[Found]:
    """The faces of N small pictures, padded for the detector, in coordinates without the padding."""
    wide, across, down = padded(images.expand(-1, 3, -1, -1), pad, share)
    shift = torch.tensor([across, down], dtype=torch.float32)
    found = [faces for part in wide.split(32) for faces in detector.find(part)]
    return [Found(faces.boxes - shift.repeat(2), faces.probabilities, faces.points - shift) for faces in found]


def compared(images: Tensor, truth: Tensor | None, detector: Detector) -> pd.DataFrame:
    """What padding does for faces that were cut out before: a row for each of ``PADDINGS``.

    Args:
        images: ``(N, C, H, W)`` uint8.
        truth: ``(N, 5, 2)``, or None where nobody knows.

    Returns:
        Columns ``around``, ``share``, ``found`` and ``several`` (shares of the pictures), ``error`` and ``error_90``
        (median and 90 % quantile of ``point_errors``, NaN without truth), ``n``.
    """
    rows = []
    for pad, share in PADDINGS:
        found = find_each(images, detector, pad, share)
        errors = np.full(len(found), np.nan) if truth is None else point_errors(found, truth)
        some = np.isfinite(errors).any()
        rows.append({
            "around": pad, "share": share,
            "found": float(np.mean([len(faces) > 0 for faces in found])),
            "several": float(np.mean([len(faces) > 1 for faces in found])),
            "error": float(np.nanmedian(errors)) if some else np.nan,
            "error_90": float(np.nanquantile(errors, 0.9)) if some else np.nan,
            "n": len(found),
        })  # fmt: skip
    return pd.DataFrame(rows)
