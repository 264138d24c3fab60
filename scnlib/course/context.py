"""A lesson's hands: start, run, compare, save, say."""

import dataclasses
import platform
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

import scnlib
from scnlib import runs
from scnlib.config import BY_HEART, COUNTED_IN_EPOCHS, LESSON_PROFILES, Config, profile_config
from scnlib.course import show
from scnlib.course.comparison import Comparison
from scnlib.datasets import FaceSet
from scnlib.figure_files import write_figure
from scnlib.figures import NothingMeasured
from scnlib.methods import METHODS, method_options
from scnlib.methods.names import method_label
from scnlib.paper import ledger
from scnlib.paper.plain import claims_of, of_one_lesson
from scnlib.paths import ferplus_dir, out_dir, project_root
from scnlib.precision import choose_device, choose_precision
from scnlib.provenance import commit
from scnlib.results import load, table_path
from scnlib.run_folder import Run
from scnlib.splits import Splits, load_splits


def start(name: str, profile: str = "quick", seed: int = 0) -> "Context":
    """Begin a lesson: seed everything, show tables uncut, print one line that says what its numbers come from.

    Args:
        name: of the lesson, ``"04_baseline"``.
        profile: ``"smoke"``, ``"quick"`` or ``"paper"``.
        seed: of the lesson and of its runs.

    Raises:
        ValueError: unknown profile, or a seed that is no whole number.
        FileNotFoundError: ``paper`` without FER+.
    """
    if profile not in LESSON_PROFILES:
        raise ValueError(f"unknown profile {profile!r}; known: {', '.join(LESSON_PROFILES)}")
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise ValueError(f"seed must be a whole number >= 0, got {seed!r}")
    context = Context(name, profile, seed)
    if profile == "paper" and context.ferplus_root() is None:
        raise FileNotFoundError(
            "profile 'paper' trains on FER+, which was not found: set SCN_FERPLUS to its folder or unpack it into "
            f"{project_root() / 'data' / 'ferplus'}. 'quick' needs no download."
        )
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    pd.set_option("display.max_colwidth", None)
    print(context.provenance())
    return context


@dataclass(frozen=True)
class Context:
    """One lesson under one profile.

    Attributes:
        name: of the lesson.
        profile: ``"smoke"``, ``"quick"`` or ``"paper"``.
        seed: of its runs.
    """

    name: str
    profile: str
    seed: int

    @property
    def smoke(self) -> bool:
        """Whether this is a test of the lesson and not of what it teaches: nothing is learnt from 96 faces."""
        return self.profile == "smoke"

    @property
    def dataset(self) -> str:
        """``"ferplus"`` in the profile ``paper``, else ``"rendered"``."""
        return "ferplus" if self.profile == "paper" else "rendered"

    @property
    def long_run(self) -> dict[str, object]:
        """Fields of a run that sees the very same pictures in many steps, so that it can learn them by heart.

        In ``quick`` fourteen epochs in batches of 64, unaugmented; in the other profiles the profile's own run.
        """
        return BY_HEART if self.profile == "quick" else {}

    def provenance(self) -> str:
        """One line: profile, seed, device and number format with the reason, versions, commit."""
        device, code = choose_device(), commit()
        return (
            f"{self.name}: profile {self.profile}, seed {self.seed}, {device} in {choose_precision(device)}, "
            f"scnlib {scnlib.__version__}, torch {torch.__version__}, Python {platform.python_version()}, "
            f"commit {code['commit'][:7]}{'-dirty' if code['dirty'] else ''}"
        )

    # ------------------------------------------------------------------------------------------------------ running

    def config(self, method: str, noise_rate: float = 0.0, **options_and_fields: object) -> Config:
        """The Config of a run of this lesson.

        Args:
            method: a key of ``METHODS``.
            options_and_fields: options of the method and fields of ``Config``, by name.
        """
        known = {field.name for field in dataclasses.fields(METHODS[method])} if method in METHODS else set()
        options = {name: value for name, value in options_and_fields.items() if name in known}
        fields = {name: value for name, value in options_and_fields.items() if name not in known}
        fields = {"seed": self.seed, "noise_rate": noise_rate, **fields}
        return profile_config(self.profile, dataset=self.dataset, method=method, options=options, **fields)

    def run(self, method: str, noise_rate: float = 0.0, **options_and_fields: object) -> Run:
        """Train, or find that this or another lesson did so already; says which.

        Args:
            method, noise_rate, options_and_fields: as in ``config``.
        """
        config = self.config(method, noise_rate, **options_and_fields)
        label = method_label(method, _changed_options(config))
        what = f"{label}, {100 * noise_rate:.0f} % wrong labels, seed {config.seed}, {config.epochs} epochs"
        print(f"{what} ...", flush=True)
        finished = runs.run(config, root=self._root(), progress=not show.headless())
        duration = finished.manifest["duration_s"]
        how = "found; when it was trained it took" if finished.found else "trained in"
        print(
            f"  {how} {duration:.0f} s: test accuracy {100 * finished.metrics['test_accuracy'].iloc[-1]:.1f} %",
            flush=True,
        )
        return finished

    def compare(
        self, methods: Sequence[str | tuple[str, dict]], noise_rate: float = 0.0, **fields: object
    ) -> Comparison:
        """Run several methods under the same noise.

        Args:
            methods: names, or (name, options) pairs such as ``("scn", {"relabelling": False})``.
            noise_rate: share of wrong training labels.
            fields: of ``Config``, for all of them.
        """
        pairs = [(entry, {}) if isinstance(entry, str) else entry for entry in methods]
        return Comparison(
            {method_label(name, options): self.run(name, noise_rate, **options, **fields) for name, options in pairs},
            noise_rate,
        )

    def faces(self, split: str = "train", noise_rate: float = 0.0) -> FaceSet:
        """The faces of this profile, ``"train"``, ``"val"`` or ``"test"``; noise is on the first two."""
        return getattr(self._splits(noise_rate), split)

    def _splits(self, noise_rate: float) -> Splits:
        return load_splits(self.config("baseline", noise_rate), self._root())

    def _root(self) -> Path | None:
        return self.ferplus_root() if self.dataset == "ferplus" else None

    def ferplus_root(self) -> Path | None:
        """``paths.ferplus_dir()``; None where FER+ does not lie there."""
        folder = ferplus_dir()
        return folder if (folder / "data").is_dir() or (folder / "fer2013.csv").is_file() else None

    # ------------------------------------------------------------------------------------------------------ results

    def results(self, name: str) -> pd.DataFrame:
        """A committed table of ``data/results``, measured at full scale; where there is none, a sentence says so."""
        if table_path(name).is_file():
            return load(name)
        show.markdown(
            f"> `data/results/{name}.csv` is not there yet: nothing has been measured at full scale, so what is said "
            "about it below stays empty."
        )
        return pd.DataFrame()

    # ------------------------------------------------------------------------------------------------------ showing

    @cached_property
    def figures(self) -> Path:
        """Where this profile's figures go."""
        return out_dir() / self.profile / "figures"

    def save(self, figure: Figure, name: str, alt: str) -> None:
        """Write a figure and its alt text to ``out/<profile>/figures`` and show it once.

        Args:
            figure: from ``scnlib.plots``.
            name: of the figure, unique in the lesson.
            alt: what it shows, for those who do not see it.
        """
        path, content = write_figure(figure, self.figures, f"{self.name[:2]}_{name}", alt, lesson=self.name)
        show.picture(content, path.suffix, alt, round(96 * figure.get_size_inches()[0]))

    def full_scale(self, draw: Callable[[Path | None], object]) -> None:
        """Save and show a figure of ``scnlib.figures``, made from ``data/results``; where it has no data, say so.

        Args:
            draw: one of ``scnlib.figures.DRAWINGS``.
        """
        try:
            drawing = draw(None)
        except NothingMeasured as reason:
            show.markdown(f"> Nothing to show yet: {reason}.")
            return
        self.save(drawing.figure, drawing.name, alt=drawing.alt)

    def verdicts(self) -> None:
        """Write what the ledger says of the claims that belong to this lesson, from the committed results alone."""
        lead = (
            "By lesson 15's rule, on all runs of data/results. Of several conditions the one that decides is shown; "
            "it refutes a claim only if its interval does when widened for their number."
        )
        judged = of_one_lesson(ledger(only=claims_of(self.name[:2])))
        show.markdown(f"{lead}\n\n{judged}\n\n*(measured at full scale)*")

    def say(self, template: str, *, origin: str = "", **values: object) -> None:
        """Write a paragraph whose numbers come from variables, so that text and numbers cannot part.

        Args:
            template: Markdown with ``{name:format}`` places, as in ``str.format``; percent signs get their space.
            origin: ``"measured here"``, ``"measured at full scale"`` or ``"published"``, set behind the paragraph.
            values: the names. One that the template does not use is ignored.
        """
        text = re.sub(r"(\d)%", r"\1 %", template.format(**values))
        show.markdown(f"{text} *({origin})*" if origin else text)


def _changed_options(config: Config) -> dict[str, object]:
    """The method's options that differ from its defaults, apart from what a profile counts in epochs."""
    options = method_options(config.method, only_changed=True)
    return {name: value for name, value in options.items() if name not in COUNTED_IN_EPOCHS}
