"""Does a face detector take rendered faces for faces, and where does it see their eyes, noses and mouths?

    python benchmarks/faces.py --faces 200 --csv faces.csv

Each loose crop is pasted at a random place of a canvas of smooth noise, and MTCNN (facenet-pytorch) counts as right
when one of its boxes overlaps the head by more than 0.35 (intersection over union). Landmarks: the median and mean
distance between MTCNN's five points and the computed ones, as a share of the distance between the eyes. How fast faces
are rendered, ``scn bench --only preparing`` says.
"""

import argparse
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib.bench.rows import Row, table, text, write_csv
from scnlib.faces import Latents, Preset, landmarks, render, sample_latents

CANVAS = 320
CLEAN = Preset((0.35, 1.0), 0.0, 0.0, 0.0, 0.0, 0.15, 0.2, 0.2, 1.0)
OVERLAP = 0.35


def paste(pictures: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Each picture at a random place of a canvas of smooth noise: ``(N, 3, 320, 320)`` and its corners ``(N, 2)``."""
    generator = torch.Generator().manual_seed(seed)
    side = pictures.shape[-1]
    clouds = torch.rand(len(pictures), 3, 6, 6, generator=generator) * 200
    canvas = F.interpolate(clouds, size=CANVAS, mode="bicubic").clamp(0, 255).to(torch.uint8)
    corners = torch.randint(0, CANVAS - side + 1, (len(pictures), 2), generator=generator)
    for page, picture, (x, y) in zip(canvas, pictures, corners.tolist(), strict=True):
        page[:, y : y + side, x : x + side] = picture
    return canvas, corners


def head_boxes(latents: Latents, side: int) -> Tensor:
    """``(N, 4)`` boxes around the faces, from hairline to chin, in pixels of the picture."""
    centre = torch.stack([latents.shift_x + 1, latents.shift_y + 1.1], dim=1) * (side / 2)
    half = torch.stack([0.89 / latents.zoom, 1.0 / latents.zoom], dim=1) * (side / 2)
    return torch.cat([centre - half, centre + half], dim=1)


def measure_detection(name: str, latents: Latents, side: int = 160, degrade: bool = False, seed: int = 1) -> list[Row]:
    """Detection rate and landmark distance of MTCNN on these faces."""
    from facenet_pytorch import MTCNN
    from PIL import Image
    from torchvision.ops import box_iou

    detector = MTCNN(keep_all=True, post_process=False)
    pages, corners = paste(render(latents, side, degrade=degrade), seed)
    boxes = head_boxes(latents, side) + corners.repeat(1, 2)
    points = landmarks(latents, side) + corners[:, None]
    distances = []
    for page, box, truth in zip(pages, boxes, points, strict=True):
        candidates, _, seen = detector.detect(Image.fromarray(page.permute(1, 2, 0).numpy()), landmarks=True)
        if candidates is None:
            continue
        overlap = box_iou(box[None], torch.as_tensor(candidates.astype("float32")))[0]
        if overlap.max() > OVERLAP:
            nearest = torch.as_tensor(seen[int(overlap.argmax())].astype("float32"))
            distances.append((nearest - truth).norm(dim=1) / (truth[0] - truth[1]).norm())
    distance = torch.stack(distances) if distances else torch.full((1, 5), float("nan"))
    parts = ("left eye", "right eye", "nose", "left corner of the mouth", "right corner of the mouth")
    medians = distance.median(dim=0).values
    share = {"value": len(distances) / len(latents), "unit": "share", "repeats": len(latents)}
    found = [Row(group="detection", name=name, method="found", **share)]
    for part, value in {"mean of all": distance.mean(), **dict(zip(parts, medians, strict=True))}.items():
        seen = {"value": value.item(), "unit": "of eye distance", "repeats": len(distances)}
        found.append(Row(group="detection", name=name, method=f"landmarks, {part}", **seen))
    return found


def detection_rows(count: int) -> list[Row]:
    frontal = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0, "gaze_x": 0.0, "gaze_y": 0.0}
    rows: list[Row] = []
    for name, preset, pinned, degrade in (
        ("frontal", CLEAN, frontal, False),
        ("posed", CLEAN, {}, False),
        ("darkest fifth", CLEAN, {"skin": torch.linspace(0.8, 1.0, count)}, False),
        ("palest fifth", CLEAN, {"skin": torch.linspace(0.0, 0.2, count)}, False),
        ("preset hard, degraded", "hard", {}, True),
    ):
        latents = sample_latents(1, range(count), preset, crop="loose", **pinned)
        rows += measure_detection(name, latents, degrade=degrade)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=100, help="faces for each detection rate (default 100)")
    parser.add_argument("--csv", type=Path, help="write the rows there, too, with the columns of scn bench")
    arguments = parser.parse_args()
    rows = detection_rows(arguments.faces)
    print(text(rows))
    if arguments.csv:
        write_csv(table(rows, torch.device("cpu")), arguments.csv)


if __name__ == "__main__":
    sys.exit(main())
