"""Pre-training on rendered faces: a backbone learns to say what the renderer knows of each face, and never an emotion.

    out/pretrained/resnet18-48px-s0-1a2b3c4d/
        model.safetensors        the backbone, and the linear layer that it was trained with
        manifest.json            written last: settings, held-out errors, commit, versions

SCN starts from a network that tells celebrities apart. Its files cannot be passed on; this start anyone can make again.
"""

import dataclasses
import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from filelock import FileLock
from torch import Tensor, nn

from scnlib import counter_rng, faces, files, provenance
from scnlib.config import MOST
from scnlib.datasets import load_dataset
from scnlib.datasets.rendered import MOST as MOST_FACES
from scnlib.faces.latents import Bones, Looks
from scnlib.models import BACKBONES, in_three_channels, make_backbone, normalize
from scnlib.paths import out_dir
from scnlib.precision import Precision, choose_device, choose_precision
from scnlib.training import EVALUATION_BATCH, epoch_batches

#: Raised whenever a change of the code moves the weights; part of every key.
VERSION = 1

HELD_OUT = 2000
PEOPLE = 256

POSE = ("yaw", "pitch", "roll", "gaze_x", "gaze_y")
ANGLES = POSE[:3]
BONES = tuple(field.name for field in dataclasses.fields(Bones))
LOOKS = tuple(field.name for field in dataclasses.fields(Looks))
#: What stays with a person and can be seen on every picture of them.
PERSON = (*BONES, "skin", "age", "masculine", "beard", "moustache", "glasses")
#: Which columns of ``targets`` hold what: action units left and right, pose, person.
GROUPS = {
    "action units": slice(0, 2 * len(faces.ACTION_UNITS)),
    "pose": slice(2 * len(faces.ACTION_UNITS), 2 * len(faces.ACTION_UNITS) + len(POSE)),
    "person": slice(2 * len(faces.ACTION_UNITS) + len(POSE), None),
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that decides the weights. All of it is ours.

    Attributes:
        backbone: a key of ``scnlib.models.BACKBONES``.
        size: side of the images in pixels, 32 to 224; for later runs of the same size, or at least the same stem.
        n: rendered faces to train on.
        preset: how difficult they are, a key of ``scnlib.faces.PRESETS``.
        lr: largest learning rate of AdamW, reached after a quarter of the steps.
        seed: of the faces, the initialisation and the order.
    """

    backbone: str = "resnet18"
    size: int = 48
    n: int = 12_000
    epochs: int = 10
    batch_size: int = 128
    lr: float = 2e-3
    preset: str = "hard"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.backbone not in BACKBONES:
            raise ValueError(f"unknown backbone {self.backbone!r}; known: {', '.join(BACKBONES)}")
        if self.preset not in faces.PRESETS:
            raise ValueError(f"unknown preset {self.preset!r}; known: {', '.join(faces.PRESETS)}")
        ranges = {
            "size": (32, 224), "n": (2, MOST_FACES), "epochs": (1, MOST), "batch_size": (2, MOST), "seed": (0, MOST),
        }  # fmt: skip
        for name, (low, high) in ranges.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be in {low}..{high}, got {getattr(self, name)}")
        if not 0 < self.lr < math.inf:
            raise ValueError(f"lr must be a finite number > 0, got {self.lr}")

    def sha256(self) -> str:
        """Hash of the settings and of the code that renders and trains."""
        content = [dataclasses.asdict(self), VERSION, faces.RENDERER_VERSION]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def identity(self) -> str:
        """What ``Config.pretrained`` of a run says that starts from these weights."""
        recipe = dataclasses.replace(self, seed=0).sha256()[:8]
        return f"rendered-latents@run:{recipe}:{self.sha256()[:16]}"


class Reader(nn.Module):
    """A backbone and a linear layer that reads the latents off its features."""

    def __init__(self, backbone: nn.Module, outputs: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.latents = nn.Linear(backbone.num_features, outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Normalised images ``(N, 1 or 3, H, W)`` -> float32 standardised latents ``(N, T)``."""
        features = self.backbone(in_three_channels(images))
        with torch.autocast(images.device.type, enabled=False):
            return self.latents(features.float())


def targets(latents: Mapping[str, Tensor]) -> Tensor:
    """What there is to read off faces: float32 ``(N, T)``, columns as ``GROUPS``.

    Activations of the 16 action units on the left, then on the right of the image; angles, gaze; bones and looks.
    """
    units = latents["action_units"].transpose(1, 2).flatten(1)
    rest = [latents[name] for name in (*POSE, *PERSON)]
    return torch.cat([units, torch.stack(rest, dim=1)], dim=1).float()


def mirrored(wanted: Tensor) -> Tensor:
    """The ``targets`` of the same faces seen in a mirror: sides change places, turns to the side change sign."""
    left, right = wanted[:, GROUPS["action units"]].chunk(2, dim=1)
    sign = torch.tensor([-1.0 if name in ("yaw", "roll", "gaze_x") else 1.0 for name in POSE])
    pose = wanted[:, GROUPS["pose"]] * sign.to(wanted.device)
    return torch.cat([right, left, pose, wanted[:, GROUPS["person"]]], dim=1)


def group_loss(predicted: Tensor, wanted: Tensor) -> Tensor:
    """Mean over the three groups of the mean squared error of standardised latents; each group counts the same.

    Args:
        predicted, wanted: ``(N, T)``.
    """
    errors = (predicted - wanted).square().mean(0)
    return torch.stack([errors[columns].mean() for columns in GROUPS.values()]).mean()


def r_squared(predicted: Tensor, wanted: Tensor) -> Tensor:
    """``1 - sum (predicted - wanted)^2 / sum (wanted - mean)^2`` over the first axis; at most 1, 0 for the mean."""
    spread = (wanted - wanted.mean(0)).square().sum(0)
    return 1 - (predicted - wanted).square().sum(0) / spread.clamp(min=1e-12)


def pretrain(
    settings: Settings, out: Path | str | None = None, device: str | None = None, say: Callable[[str], None] = print
) -> Path:
    """Train a backbone on rendered faces, unless that was done before; returns its directory.

    A few minutes for small images on a CPU; a call that is cut off starts again. The directory appears when all of it
    is there; who wants the same at the same time waits for it.

    Args:
        out: the directory; default ``out/pretrained/<backbone>-<size>px-s<seed>-<key>``.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``; default the best there is.
        say: takes a line for each epoch.

    Raises:
        ValueError: a setting out of range, or ``out`` holds something else.
    """
    key = settings.sha256()[:16]
    name = f"{settings.backbone}-{settings.size}px-s{settings.seed}-{key[:8]}"
    path = Path(out).resolve() if out is not None else out_dir() / "pretrained" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):
        if not _is_there(path, key):
            made = path.with_name(path.name + ".unfinished")
            made.mkdir(exist_ok=True)
            _make(made, settings, choose_device(device), say)
            if path.is_dir():
                path.rmdir()  # it is empty, and not every system moves a folder onto another
            made.replace(path)
    return path


def _is_there(path: Path, key: str) -> bool:
    if (path / "manifest.json").is_file():
        found = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        if found.get("key") != key:
            raise ValueError(f"{path} holds other weights ({found.get('identity')}); choose another --out")
        return True
    if path.is_dir() and any(path.iterdir()):
        raise ValueError(f"{path} holds other files and no finished pretraining; choose another --out, or empty it")
    return False


def _make(path: Path, settings: Settings, chosen: torch.device, say: Callable[[str], None]) -> None:
    """Train, measure, and write both files to a folder."""
    started = time.perf_counter()
    precision = choose_precision(chosen)
    train, test = (
        load_dataset(
            "rendered", None, split, n=n, size=settings.size, preset=settings.preset, seed=1000 + settings.seed
        )
        for split, n in (("train", settings.n), ("test", HELD_OUT))
    )
    wanted = targets(train.latents)
    mean, std = wanted.mean(0), wanted.std(0).clamp(min=1e-6)
    model = _reader(settings, wanted.shape[1]).to(chosen, memory_format=torch.channels_last)
    answers = [((each - mean) / std).to(chosen) for each in (wanted, mirrored(wanted))]
    _fit(model, train.images.to(chosen), *answers, settings, precision, say)

    def read(images: Tensor) -> Tensor:
        return _read(model, images, precision) * std + mean

    held_out = measures(read(test.images), targets(test.latents)) | identification(settings, read, std)
    files.write_tensors(path / "model.safetensors", model.state_dict())
    manifest = {
        "status": "done",
        "kind": "pretraining",
        "key": settings.sha256()[:16],
        "identity": settings.identity(),
        "normalization": "centred",
        "settings": dataclasses.asdict(settings),
        "held_out": held_out,
        "data": {"train": train.source.sha256, "test": test.source.sha256},
        **provenance.commit(),
        "device": provenance.device_name(chosen),
        "dtype": str(precision),
        "versions": provenance.versions(),
        "finished": provenance.now(),
        "duration_s": time.perf_counter() - started,
    }
    files.write(path / "manifest.json", json.dumps(manifest, indent=1))


def _reader(settings: Settings, outputs: int) -> Reader:
    backbone = make_backbone(settings.backbone, settings.size, settings.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(counter_rng.generator(settings.seed, "latents").initial_seed())
        return Reader(backbone, outputs)


def _fit(
    model: Reader,
    images: Tensor,
    plain: Tensor,
    mirror: Tensor,
    settings: Settings,
    precision: Precision,
    say: Callable[[str], None],
) -> None:
    """AdamW over all epochs, every face mirrored half of the time, by (seed, index, epoch).

    Args:
        images: uint8 ``(N, 3, H, W)``.
        plain, mirror: standardised latents ``(N, T)`` of the faces as they are and in the mirror.
    """
    device = images.device
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.lr, weight_decay=0.05)
    steps = settings.epochs * math.ceil(len(images) / settings.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.lr, total_steps=steps + 1, pct_start=0.25, cycle_momentum=False
    )
    begun = time.perf_counter()
    for epoch in range(1, settings.epochs + 1):
        total = torch.zeros((), device=device)
        model.train()
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(settings.seed * 100_003 + epoch)  # for backbones with dropout
            for index in epoch_batches(len(images), settings.batch_size, settings.seed, epoch, device):
                flip = counter_rng.uniform(settings.seed, "pretraining.flip", index, epoch) < 0.5
                batch = torch.where(flip[:, None, None, None], images[index].flip(3), images[index])
                answers = torch.where(flip[:, None], mirror[index], plain[index])
                with precision.autocast(device):
                    predicted = model(normalize(batch))
                loss = group_loss(predicted, answers)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                schedule.step()
                total += loss.detach() * len(index)
        done = time.perf_counter() - begun
        left = done / epoch * (settings.epochs - epoch)
        error = float(total) / len(images)
        say(f"epoch {epoch}/{settings.epochs}: error {error:.3f} of the variance, {done:.0f} s, {left:.0f} s left")


@torch.no_grad()
def _read(model: Reader, images: Tensor, precision: Precision) -> Tensor:
    """Standardised latents ``(N, T)`` of uint8 images, in evaluation mode, on the CPU."""
    model.eval()
    device = next(model.parameters()).device
    parts = []
    for part in images.split(EVALUATION_BATCH):
        with precision.autocast(device):
            parts.append(model(normalize(part.to(device))).cpu())
    return torch.cat(parts)


def measures(predicted: Tensor, wanted: Tensor) -> dict[str, object]:
    """How well latents ``(N, T)`` are read: ``n``; R^2 of each action unit (both sides); errors of the angles; persons.

    ``action_units``: "AU12" -> R^2; ``action_units_mean``; ``angle_errors``: name -> mean absolute error in degrees;
    ``angle_guesses``: what the best constant would have; ``person``: mean R^2 of its latents.
    """
    units = r_squared(*(_both_sides(t[:, GROUPS["action units"]]) for t in (predicted, wanted)))
    angles = {name: GROUPS["pose"].start + POSE.index(name) for name in ANGLES}
    degrees = {n: math.degrees((predicted[:, c] - wanted[:, c]).abs().mean()) for n, c in angles.items()}
    guesses = {n: math.degrees((wanted[:, c].median() - wanted[:, c]).abs().mean()) for n, c in angles.items()}
    person = r_squared(predicted[:, GROUPS["person"]], wanted[:, GROUPS["person"]])
    return {
        "n": len(wanted),
        "action_units": {f"AU{unit}": round(float(v), 4) for unit, v in zip(faces.ACTION_UNITS, units, strict=True)},
        "action_units_mean": round(float(units.mean()), 4),
        "angle_errors": {name: round(value, 3) for name, value in degrees.items()},
        "angle_guesses": {name: round(value, 3) for name, value in guesses.items()},
        "person": round(float(person.mean()), 4),
    }


def _both_sides(units: Tensor) -> Tensor:
    """``(N, 32)``, left columns before right ones -> ``(2 N, 16)``."""
    return torch.cat(units.chunk(2, dim=1))


def identification(settings: Settings, read: Callable[[Tensor], Tensor], std: Tensor) -> dict[str, float]:
    """How often a person is found among ``PEOPLE`` strangers by what is read of bones and looks.

    Everyone is rendered twice: with another expression, pose, light and background. Of the second pictures, the share
    whose nearest first picture is of the same person; 1 / PEOPLE is chance.

    Args:
        read: uint8 images -> latents ``(N, T)``.
        std: ``(T,)`` of the latents: distances are measured in these.
    """
    stream = counter_rng.stream_id(f"pretraining people {settings.seed}") >> 1
    first = faces.sample_latents(stream, range(PEOPLE), settings.preset)
    same = {name: getattr(first, name) for name in (*BONES, *LOOKS)}
    second = faces.sample_latents(stream + 1, range(PEOPLE), settings.preset, **same)
    columns = GROUPS["person"]
    known, seen = (read(_rendered(group, settings.size))[:, columns] / std[columns] for group in (first, second))
    nearest = torch.cdist(seen, known).argmin(1)
    return {"people": PEOPLE, "people_found": round(float((nearest == torch.arange(PEOPLE)).float().mean()), 4)}


def _rendered(latents: faces.Latents, size: int) -> Tensor:
    return torch.cat([faces.render(latents[i : i + 64], size) for i in range(0, len(latents), 64)])


def summary(path: Path) -> str:
    """What ``scn pretrain`` prints of a finished directory."""
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    found, settings = manifest["held_out"], manifest["settings"]
    units = ", ".join(f"{unit} {value:.2f}" for unit, value in found["action_units"].items())
    angles = ", ".join(
        f"{name} {error:.1f} (guessing {found['angle_guesses'][name]:.1f})"
        for name, error in found["angle_errors"].items()
    )
    return "\n".join(
        [
            f"held out, n = {found['n']:,} rendered faces:",
            f"  R^2 of action units  {found['action_units_mean']:.2f} on average; {units}",
            f"  angles, degrees      {angles}",
            f"  person               R^2 {found['person']:.2f} on average; {100 * found['people_found']:.1f} % of "
            f"{found['people']} people found again (chance {100 / found['people']:.1f} %)",
            f"identity {manifest['identity']}, {manifest['duration_s']:.0f} s",
            f"scn run --weights {path} --backbone {settings['backbone']} --size {settings['size']}",
        ]
    )
