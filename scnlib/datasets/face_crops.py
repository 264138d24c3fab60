"""From pictures to crops in which every face lies alike: find, transform, resample."""

from dataclasses import dataclass

import torch
from torch import Tensor

from scnlib.datasets.face_detection import Detector, Found
from scnlib.datasets.face_geometry import BORDERS, box_transform, padded, similarity, template, warp


@dataclass(frozen=True)
class Settings:
    """What is cut out, and how.

    Attributes:
        size: side of the crops in pixels.
        how: ``"similarity"`` (eyes, nose and mouth always in the same place) or ``"box"`` (the square around the box).
        faces: ``"largest"`` or ``"every"``.
        margin: how much more to show on each side, as a share of the tight crop.
        smallest: side in pixels of the smallest face looked for.
        pad: what to put around each picture for the detector: ``"none"``, ``"edge"``, ``"constant"`` or ``"reflect"``;
            for pictures already cropped to the face.
        pad_share: how much of it on each side, as a share of width and height.
        outside: what a crop shows where it reaches beyond its picture: ``"edge"``, ``"constant"``, ``"reflect"``.
        format: of the crops, ``"png"`` or ``"jpg"``.

    Raises:
        ValueError: an option out of range; the message names it.
    """

    size: int = 224
    how: str = "similarity"
    faces: str = "largest"
    margin: float = 0.1
    smallest: int = 20
    pad: str = "none"
    pad_share: float = 0.5
    outside: str = "edge"
    format: str = "png"

    def __post_init__(self) -> None:
        choices = {
            "how": ("similarity", "box"), "faces": ("largest", "every"), "pad": ("none", *BORDERS),
            "outside": tuple(BORDERS), "format": ("png", "jpg"),
        }  # fmt: skip
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name}={getattr(self, name)!r} is unknown; known: {', '.join(known)}")
        for name, low, high in (("size", 8, 2048), ("smallest", 6, 2048), ("pad_share", 0, 1), ("margin", -0.4, 4)):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be in {low}..{high}, got {getattr(self, name)}")


@dataclass(frozen=True)
class Aligned:
    """The faces of one picture.

    Attributes:
        found: boxes, probabilities and points in the picture's own pixels; the largest face first.
        crops: uint8 ``(K, 3, size, size)``: of all faces, or of the largest one, or of none; on the CPU.
    """

    found: Found
    crops: Tensor


def align_images(images: Tensor, detector: Detector, settings: Settings | None = None) -> list[Aligned]:
    """Find and cut out the faces of pictures of one size.

    Args:
        images: ``(N, 3, H, W)`` uint8 RGB.
        detector: made once, for the device on which to compute.
        settings: default ``Settings()``.
    """
    settings = settings or Settings()
    images = images.to(detector.device)
    widened, across, down = padded(images, settings.pad, settings.pad_share)
    every = settings.faces == "every"
    shift = torch.tensor([across, down], dtype=torch.float32)
    found = [
        Found(faces.boxes - shift.repeat(2), faces.probabilities, faces.points - shift)
        for faces in detector.find(widened, every)
    ]
    chosen = [len(faces) if every else min(len(faces), 1) for faces in found]
    if not sum(chosen):
        return [Aligned(faces, torch.zeros(0, 3, settings.size, settings.size, dtype=torch.uint8)) for faces in found]
    whose = torch.arange(len(images)).repeat_interleave(torch.tensor(chosen))
    if settings.how == "similarity":
        points = torch.cat([faces.points[:count] for faces, count in zip(found, chosen, strict=True)])
        matrices = similarity(points, template(settings.size, settings.margin))
    else:
        boxes = torch.cat([faces.boxes[:count] for faces, count in zip(found, chosen, strict=True)])
        matrices = box_transform(boxes, settings.size, settings.margin)
    crops = warp(images[whose.to(images.device)], matrices, settings.size, settings.outside).cpu()
    return [Aligned(faces, part) for faces, part in zip(found, crops.split(chosen), strict=True)]
