"""MTCNN with the weights of facenet-pytorch, driven in batches.

Three networks look for faces in turn: P-Net proposes squares at every place of an image pyramid, R-Net discards most of
them, O-Net decides and places five points. The networks and their weights are facenet-pytorch's; what surrounds them is
written anew, and finds the same faces:

- One table of sums of the pixels above and to the left (Viola and Jones's integral image) gives every level of the
  pyramid and all candidates' crops as differences of four entries, in one call for all candidates of all pictures.
  facenet-pytorch resamples the whole picture for each level and crops candidate by candidate in Python.
- The networks get their pixels with channels last, in which torch pools two to ten times faster on a CPU.
- Who wants the largest face of a picture gets large faces looked for first, and small ones only where there is none.
- A picture without a face, too small for the pyramid, or of another size than the others is no special case.

Source: Zhang, Zhang, Li and Qiao, Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks,
IEEE Signal Processing Letters 2016.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scnlib.errors import ScnError

#: A face must reach this probability in the three networks.
THRESHOLDS = (0.6, 0.7, 0.7)
#: Each level of the pyramid has this share of the side of the one before it: about half its pixels.
STEP = 0.709
#: Large faces are those of at least this share of the picture's shorter side, and of this probability.
LARGE_SHARE, LARGE_PROBABILITY = 0.2, 0.95

_CANDIDATES_AT_ONCE = 512


@dataclass(frozen=True)
class Found:
    """The faces of one picture, the largest first; on the CPU.

    Attributes:
        boxes: float32 ``(K, 4)``: left, top, right, bottom in pixels; may reach beyond the picture.
        probabilities: float32 ``(K,)``.
        points: float32 ``(K, 5, 2)``: left eye, right eye, nose, left and right corner of the mouth, where left is the
            left of the picture.
    """

    boxes: Tensor
    probabilities: Tensor
    points: Tensor

    def __len__(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True)
class _Candidates:
    """Squares that may hold a face: ``(K, 4)``, how likely ``(K,)``, and in which picture ``(K,)``."""

    boxes: Tensor
    scores: Tensor
    picture: Tensor

    def __len__(self) -> int:
        return len(self.boxes)

    def take(self, which: Tensor) -> "_Candidates":
        return _Candidates(self.boxes[which], self.scores[which], self.picture[which])


class Detector:
    """MTCNN, its weights read once.

    Args:
        device: where to compute.
        smallest: side of the smallest face looked for, in pixels; 12 and up without enlarging pictures.

    Raises:
        ScnError: facenet-pytorch is not installed.
        ValueError: ``smallest`` is under 6.
    """

    def __init__(self, device: torch.device | str = "cpu", smallest: int = 20) -> None:
        if smallest < 6:
            raise ValueError(f"smallest must be at least 6 pixels, got {smallest}")
        try:
            from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
        except ImportError as error:
            raise ScnError(
                f"faces are found with facenet-pytorch, which cannot be imported ({error}): "
                "pip install facenet-pytorch==2.5.3"
            ) from None
        self.device = torch.device(device)
        self.smallest = smallest
        self._propose, self._refine, self._decide = (
            net().eval().requires_grad_(False).to(self.device, memory_format=torch.channels_last)
            for net in (PNet, RNet, ONet)
        )

    @torch.inference_mode()
    def find(self, images: Tensor, every: bool = False) -> list[Found]:
        """The faces in pictures of one size.

        Args:
            images: ``(N, 3, H, W)`` uint8 RGB.
            every: look for all faces down to ``smallest``. Otherwise the search ends, for each picture, where the
                largest face is known: smaller ones may then be missing from the answer.
        """
        table = _SumTable(images.to(self.device))
        scales = self._scales(*images.shape[2:])
        if every:
            return self._cascade(table, scales)
        large = [scale for scale in scales if 12 / scale >= LARGE_SHARE * min(images.shape[2:])]
        found = self._cascade(table, large)
        unsure = [
            i for i, faces in enumerate(found) if not (faces.probabilities[:1] >= LARGE_PROBABILITY).any()
        ]  # fmt: skip
        if unsure and len(large) < len(scales):
            rest = table if len(unsure) == len(found) else _SumTable(images[unsure].to(self.device))
            for i, faces in zip(unsure, self._cascade(rest, scales), strict=True):
                found[i] = faces
        return found

    def _scales(self, height: int, width: int) -> list[float]:
        """By how much to shrink the picture for each level: P-Net sees faces of 12 pixels."""
        scale, scales = 12 / self.smallest, []
        while min(height, width) * scale >= 12:
            scales.append(scale)
            scale *= STEP
        return scales

    def _cascade(self, table: "_SumTable", scales: list[float]) -> list[Found]:
        nobody = Found(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, 5, 2))
        if not scales:
            return [nobody] * table.count
        candidates = self._proposals(table, scales)
        if len(candidates):
            candidates = self._refined(table, candidates)
        if not len(candidates):
            return [nobody] * table.count
        return self._decided(table, candidates)

    def _proposals(self, table: "_SumTable", scales: list[float]) -> _Candidates:
        from torchvision.ops import batched_nms

        parts, shifts = [], []
        for scale in scales:
            offsets, probabilities = self._propose(table.shrunk(scale))
            picture, row, column = (probabilities[:, 1] >= THRESHOLDS[0]).nonzero().unbind(dim=1)
            corner = torch.stack([column, row], dim=1).float() * 2
            boxes = torch.cat([((corner + 1) / scale).floor(), ((corner + 12) / scale).floor()], dim=1)
            part = _Candidates(boxes, probabilities[picture, 1, row, column], picture)
            kept = batched_nms(part.boxes, part.scores, part.picture, 0.5)
            parts.append(part.take(kept))
            shifts.append(offsets[picture, :, row, column][kept])
        together = _Candidates(
            torch.cat([part.boxes for part in parts]),
            torch.cat([part.scores for part in parts]),
            torch.cat([part.picture for part in parts]),
        )
        kept = batched_nms(together.boxes, together.scores, together.picture, 0.7)
        together, shift = together.take(kept), torch.cat(shifts)[kept]
        moved = _moved(together.boxes, shift, _sides(together.boxes))
        return _Candidates(_squared(moved), together.scores, together.picture)

    def _refined(self, table: "_SumTable", candidates: _Candidates) -> _Candidates:
        from torchvision.ops import batched_nms

        candidates, (shift, scores) = self._seen_by(self._refine, table, candidates, 24)
        kept = (scores[:, 1] > THRESHOLDS[1]).nonzero().flatten()
        candidates = _Candidates(candidates.boxes[kept], scores[kept, 1], candidates.picture[kept])
        chosen = batched_nms(candidates.boxes, candidates.scores, candidates.picture, 0.7)
        candidates, shift = candidates.take(chosen), shift[kept][chosen]
        boxes = _moved(candidates.boxes, shift, _sides(candidates.boxes) + 1)
        return _Candidates(_squared(boxes), candidates.scores, candidates.picture)

    def _decided(self, table: "_SumTable", candidates: _Candidates) -> list[Found]:
        candidates, (shift, shares, scores) = self._seen_by(self._decide, table, candidates, 48)
        sure = (scores[:, 1] > THRESHOLDS[2]).nonzero().flatten()
        # Few are left, and what follows is a loop: on the CPU.
        boxes, picture = candidates.boxes[sure].cpu(), candidates.picture[sure].cpu()
        shift, shares, scores = (values[sure].cpu() for values in (shift, shares, scores))
        side = _sides(boxes) + 1
        # O-Net gives five x, then five y, as shares of the box.
        points = shares.view(-1, 2, 5).transpose(1, 2) * side[:, None] + boxes[:, None, :2] - 1
        boxes, scores = _moved(boxes, shift, side), scores[:, 1]
        found = []
        for number in range(table.count):
            mine = (picture == number).nonzero().flatten()
            mine = mine[_without_contained(boxes[mine], scores[mine])]
            mine = mine[_sides(boxes[mine]).prod(dim=1).argsort(descending=True, stable=True)]
            found.append(Found(boxes[mine], scores[mine], points[mine].contiguous()))
        return found

    def _seen_by(
        self, network: nn.Module, table: "_SumTable", candidates: _Candidates, side: int
    ) -> tuple[_Candidates, list[Tensor]]:
        """Those candidates that lie in their picture, and what a network says of their crops."""
        corners = candidates.boxes.trunc().long()
        left, top = (corners[:, i].clamp(min=1) - 1 for i in (0, 1))
        right, bottom = corners[:, 2].clamp(max=table.width), corners[:, 3].clamp(max=table.height)
        inside = ((right > left) & (bottom > top)).nonzero().flatten()
        candidates = candidates.take(inside)
        sides = torch.stack([top, bottom, left, right])[:, inside]
        answers = [
            network(table.crops(candidates.picture[part], sides[:, part], side))
            for part in torch.arange(len(inside), device=inside.device).split(_CANDIDATES_AT_ONCE)
        ]
        if not answers:
            answers = [network(torch.zeros(0, 3, side, side, device=self.device))]
        return candidates, [torch.cat(outputs) for outputs in zip(*answers, strict=True)]


class _SumTable:
    """Sums over all rectangles that begin at the upper left corner, of ``(N, 3, H, W)`` pictures."""

    def __init__(self, images: Tensor) -> None:
        self.count, channels, self.height, self.width = images.shape
        # 32 bits hold the sum of 8.4 million bytes.
        dtype = torch.int32 if self.height * self.width < 2**23 else torch.int64
        self.sums = torch.zeros(
            self.count, self.height + 1, self.width + 1, channels, dtype=dtype, device=images.device
        )  # fmt: skip
        self.sums[:, 1:, 1:] = images.cumsum(dim=3, dtype=dtype).cumsum(dim=2, dtype=dtype).permute(0, 2, 3, 1)

    def shrunk(self, scale: float) -> Tensor:
        """The pictures at a level of the pyramid, ready for a network."""
        (top, bottom), (left, right) = (
            _bins(torch.zeros(1, dtype=torch.int64), torch.tensor([side]), int(side * scale + 1))
            for side in (self.height, self.width)
        )
        top, bottom, left, right = (edge.flatten().to(self.sums.device) for edge in (top, bottom, left, right))
        rows = self.sums.index_select(1, bottom) - self.sums.index_select(1, top)
        sums = rows.index_select(2, right) - rows.index_select(2, left)
        area = (bottom - top)[:, None] * (right - left)
        return _for_networks(sums, area[None])

    def crops(self, picture: Tensor, sides: Tensor, side: int) -> Tensor:
        """Rectangles of the pictures, resampled to squares of ``side`` pixels, ready for a network.

        Args:
            picture: ``(K,)``.
            sides: ``(4, K)``: top, bottom, left, right.
        """
        (top, bottom), (left, right) = (_bins(low, high - low, side) for low, high in (sides[:2], sides[2:]))
        entries = self.sums.view(-1, self.sums.shape[-1])
        first = picture[:, None] * (self.height + 1)

        def at(rows: Tensor, columns: Tensor) -> Tensor:
            places = ((first + rows) * (self.width + 1))[:, :, None] + columns[:, None]
            return entries.index_select(0, places.flatten()).view(*places.shape, -1)

        sums = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left)
        return _for_networks(sums, (bottom - top)[:, :, None] * (right - left)[:, None])


def _bins(first: Tensor, length: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Where ``count`` equal parts of each stretch of pixels begin and end ``(K, count)``, rounded outwards."""
    part = torch.arange(count, device=first.device)
    low = first[:, None] + part * length[:, None] // count
    high = first[:, None] - (-(part + 1) * length[:, None]).div(count, rounding_mode="floor")
    return low, high


def _for_networks(sums: Tensor, area: Tensor) -> Tensor:
    """Sums of bytes over areas as means in -1..1, ``(N, 3, h, w)`` with channels last."""
    return ((sums / area[..., None] - 127.5) / 128).permute(0, 3, 1, 2)


def _sides(boxes: Tensor) -> Tensor:
    """Width and height ``(K, 2)``."""
    return boxes[:, 2:] - boxes[:, :2]


def _moved(boxes: Tensor, shift: Tensor, side: Tensor) -> Tensor:
    """Boxes whose corners a network moved by shares of their sides."""
    return boxes + shift * torch.cat([side, side], dim=1)


def _squared(boxes: Tensor) -> Tensor:
    """The square around the middle of each box with its longer side."""
    half = _sides(boxes).amax(dim=1, keepdim=True) / 2
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    return torch.cat([middle - half, middle + half], dim=1)


def _without_contained(boxes: Tensor, scores: Tensor) -> Tensor:
    """Indices of the boxes that stay, likeliest first: a likelier one shares at most 0.7 of the smaller of the two."""
    order = scores.argsort(descending=True, stable=True)
    boxes = boxes[order]
    area = (_sides(boxes) + 1).prod(dim=1)
    low = torch.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = torch.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = (high - low + 1).clamp(min=0).prod(dim=2) / torch.minimum(area[:, None], area[None])
    kept: list[int] = []
    for i in range(len(boxes)):
        if not any(shared[i, j] > 0.7 for j in kept):
            kept.append(i)
    return order[kept]
