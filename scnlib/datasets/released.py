"""Label files that others released with their papers: names and noisy labels, whose base must be said.

The files of SCN hold absolute paths and labels from 0, while the loader beside them expects names and labels from 1;
other papers' files begin at 1. Read with the wrong base every label is another class, and nothing looks wrong. So the
base is an argument without a default, and what comes out is compared with the labels that are known.

A line is "name label", with blanks, a tab, a comma or a semicolon between; a path is reduced to its last part without
suffix and ``_aligned``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

import torch
from torch import Tensor

from scnlib.words import counted

#: Share of RAF-DB's training labels that a released file changes, by the file's name (SCN's repository, counted).
KNOWN_FLIPS = {"0.1noise_train.txt": 0.1036, "0.2noise_train.txt": 0.2027, "train.txt": 0.0}

#: Above this share of changed labels a file is not noise but another numbering.
MOST_FLIPS = 0.6

_LINE = re.compile(r"(.*?)[ \t,;]+([0-9]{1,9})")


@dataclass(frozen=True)
class ReleasedLabels:
    """A label file: ``labels[name]``, counted from 0, and ``lines[name]``."""

    path: Path
    base: int
    labels: dict[str, int]
    lines: dict[str, int]

    def onto(
        self,
        names: Sequence[str],
        true: Tensor,
        num_classes: int,
        other: Sequence[str] = (),
        class_names: Sequence[str] = (),
    ) -> Tensor:
        """The labels of the file for given images.

        Args:
            names: N names of images as in ``labels``.
            true: int64 ``(N,)`` the labels that came with the data.
            num_classes: C.
            other: names that the file may have too (test images); their rows are not used.
            class_names: what messages call the classes; their numbers where none are given.

        Returns:
            int64 ``(N,)``.

        Raises:
            ValueError: a label is outside the classes, rows and images do not belong together, or so many labels differ
                from ``true``, or most of one class, that base or class order must be another.
        """
        for name, label in self.labels.items():
            if not 0 <= label < num_classes:
                raise ValueError(
                    f"{self.path}, line {self.lines[name]}: the label is {label + self.base}, with base={self.base} it "
                    f"must be {self.base} to {num_classes - 1 + self.base}; is the other base meant?"
                )
        known = set(names) | set(other)
        stray = [name for name in self.labels if name not in known]
        if stray:
            raise ValueError(
                f"{self.path}, line {self.lines[stray[0]]}: no image is called {stray[0]}; "
                f"{counted(len(stray), 'such row')}"
            )
        without = [name for name in names if name not in self.labels]
        if without:
            raise ValueError(f"{self.path} has no row for {without[0]}; {counted(len(without), 'image')} without a row")
        labels = torch.tensor([self.labels[name] for name in names], dtype=torch.int64)
        changed = float((labels != true).double().mean()) if len(labels) else 0.0
        if changed > MOST_FLIPS:
            raise ValueError(
                f"{self.path} with base={self.base} differs from the known labels on {changed:.0%} of the images: the "
                "base or the order of the classes must be another"
            )
        # Another order of the classes moves few labels where the large classes keep their number, and whole classes.
        counts = torch.bincount(true * num_classes + labels, minlength=num_classes**2).view(num_classes, num_classes)
        most = counts.argmax(1)
        for c in (counts.max(1).values > counts.diagonal()).nonzero().flatten().tolist():
            raise ValueError(
                f"{self.path} with base={self.base} gives {int(counts[c, most[c]]):,} of the {int(counts[c].sum()):,} "
                f"images of {_class(c, class_names)} the label of {_class(int(most[c]), class_names)}, more than their "
                "own: the order of its classes must be another"
            )
        return labels


def released_labels(path: Path | str, *, base: int) -> ReleasedLabels:
    """Read a label file.

    Args:
        path: of the file.
        base: the number of its first class, 0 or 1.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the base is neither, or a line is not "name label"; the message names it.
    """
    if base not in (0, 1) or type(base) is not int:
        raise ValueError(f"base must be 0 or 1, the number of the file's first class; got {base!r}")
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no label file {path}")
    labels: dict[str, int] = {}
    lines: dict[str, int] = {}
    for line, text in enumerate(path.read_text(encoding="utf-8-sig", errors="replace").split("\n"), start=1):
        if not text.strip():
            continue
        fields = _LINE.fullmatch(text.strip())
        name = _reduced(fields[1]) if fields else ""
        if not name:
            raise ValueError(f"{path}, line {line}: expected a name and a label, got {text.strip()[:200]!r}")
        label = fields[2]
        if name in labels:
            raise ValueError(f"{path}, line {line}: {name} stands in line {lines[name]} already")
        labels[name], lines[name] = int(label) - base, line
    if not labels:
        raise ValueError(f"{path} holds no labels")
    return ReleasedLabels(path, base, labels, lines)


def flip_report(released: ReleasedLabels, labels: Tensor, true: Tensor, class_names: Sequence[str]) -> str:
    """One sentence: how many labels a file changed, in which class least and most, and what is known of this file."""
    changed = labels != true
    rates = {name: float(changed[true == c].double().mean()) for c, name in enumerate(class_names) if (true == c).any()}
    low, high = min(rates, key=rates.get), max(rates, key=rates.get)
    text = (
        f"{released.path.name}: {float(changed.double().mean()):.2%} of {len(true):,} labels are changed, "
        f"from {rates[low]:.1%} in {low} to {rates[high]:.1%} in {high}"
    )
    known = KNOWN_FLIPS.get(released.path.name)
    return text if known is None else f"{text}; the released file of that name changes {known:.2%}"


def flips_as_known(released: ReleasedLabels, labels: Tensor, true: Tensor) -> bool:
    """Whether a file with a known name changes the share of labels that is known of it, to the printed digit."""
    known = KNOWN_FLIPS.get(released.path.name)
    return known is None or abs(float((labels != true).double().mean()) - known) < 0.0001


def _class(number: int, names: Sequence[str]) -> str:
    return names[number] if names else f"class {number}"


def _reduced(name: str) -> str:
    last = PureWindowsPath(name).name if "\\" in name else PurePosixPath(name).name
    return PurePosixPath(last).stem.removesuffix("_aligned")
