"""Irregularity: noise at several scales, keyed by the face, that skin, hair, cloth and background share."""

from dataclasses import dataclass

from torch import Tensor

from scnlib.faces.fields import enlarge, noise


@dataclass(frozen=True)
class Textures:
    """Noise in about -0.5..0.5, fixed to the picture, and the strands of hair, as a coarse grid."""

    low: Tensor  # 5 cells across the picture
    middle: Tensor  # 16
    fine: Tensor  # 64
    bristles: Tensor  # 40 rows of 110: short upright streaks, for beards and brows
    patches: Tensor  # 9, square
    hanging: Tensor  # columns: locks of hair that hang down, (N, 1, 1, S)
    strands: Tensor  # (N, 1, 7, 140): radius by angle around the head


def make_textures(key: Tensor, side: int) -> Textures:
    """All textures of the faces with these ``(N,)`` keys, at ``side`` pixels."""
    return Textures(
        low=enlarge(noise(key, "low", 1, 5, 5), side),
        middle=enlarge(noise(key, "middle", 1, 16, 16), side),
        fine=enlarge(noise(key, "fine", 1, 64, 64), side, mode="bilinear"),
        bristles=enlarge(noise(key, "bristles", 1, 40, 110), side, mode="bilinear"),
        patches=enlarge(noise(key, "patches", 1, 9, 9), side, mode="nearest"),
        hanging=enlarge(noise(key, "hanging", 1, 1, 28), side)[:, :, :1],
        strands=noise(key, "strands", 1, 7, 140),
    )
