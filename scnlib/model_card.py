"""A run's model card: what it was made for, what it was measured on, group by group, and what it must not be used for.

Every number is computed from the run when the card is written. The sections are those of Mitchell et al., Model Cards
for Model Reporting, FAT* 2019.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor

from scnlib import files
from scnlib.paper import stats
from scnlib.predict import frame_of, shown
from scnlib.run_folder import Run
from scnlib.splits import load_splits
from scnlib.transfer import RENDERED, standing
from scnlib.words import counted

#: Latents of rendered faces by which performance is shown: factor -> (latent, edges of its groups, their names).
FACTORS = {
    "skin": ("skin", (0.0, 0.2, 0.4, 0.6, 0.8, 1.0), ("palest fifth", "light", "middle", "dark", "darkest fifth")),
    "age": ("age", (0.0, 1 / 3, 2 / 3, 1.0), ("young", "middle age", "old")),
    "features": ("masculine", (0.0, 0.5, 1.0), ("feminine", "masculine")),
    "picture": ("occluder_kind", (0.0, 0.5, 9.0), ("uncovered", "covered")),
}

INTENDED = "Teaching how such networks are made, measured and fooled. Nothing else."

#: Uses that are out of the question, whatever the accuracy.
NEVER = """- deciding about a person: hiring, grading, credit, insurance, policing, borders, asylum, health
- inferring emotions of people at work or in education. The EU's AI Act prohibits placing on the market, putting into
  service for this purpose, or using AI systems for it (Regulation (EU) 2024/1689, Article 5(1)(f), applicable since 2
  February 2025); it excepts systems intended for medical or safety reasons, and this is none
- watching people who have not agreed, or who cannot refuse
- saying what somebody feels, thinks, intends or is"""

ETHICS = """An expression is a movement of a face; an emotion is not. A review of the evidence by Barrett, Adolphs,
Marsella, Martinez and Pollak (*Emotional Expressions Reconsidered*, Psychological Science in the Public Interest 20(1),
2019) finds that people do sometimes smile when happy and scowl when angry, more often than chance would have it; but
that how they express an emotion varies substantially across cultures, across situations and between people in one
situation, and that similar movements express more than one emotion, or something that is no emotional state. So the
classes here are names that annotators, or a renderer, gave to pictures, and a probability is one of such a name."""

ALPHA = (
    "alpha, SCN's importance weight; it does not know labels flipped at random, and little of unclear faces (lesson 15)"
)

RENDERED_FACTORS = """Expression and, since these faces are rendered, skin, age, masculine or feminine features and
whether something covers the face: latents that the renderer drew without regard to the expression. They are numbers of
a renderer and no groups of people."""

METRICS = """The share of faces whose likeliest class is the label, in percent, with 95 % intervals (Wilson) over test
faces. One training: the luck of its seed is not in them."""

GAPS = """How far the best group is ahead of the worst, and how often chance alone makes such a gap (faces dealt out to
groups anew within each class, 1,000 times):"""

RENDERED_CAVEAT = """- That rendered faces of all skins and ages fared alike would say nothing about people: skin and
  wrinkles are painted by formulas of ours, and cameras, light and annotators treat people differently in ways that no
  formula here knows."""


def groups_of(latents: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """The groups of rendered faces under each of ``FACTORS``: factor -> ``(N,)`` names of groups."""
    found = {}
    for factor, (latent, edges, names) in FACTORS.items():
        values = latents[latent].double().numpy()
        found[factor] = np.array(names, dtype=object)[np.searchsorted(edges[1:-1], values, side="right")]
    return found


def performance(
    right: np.ndarray, groups: Mapping[str, np.ndarray], order: Mapping[str, tuple] | None = None
) -> pd.DataFrame:
    """Accuracy of each group, with its n and 95 % interval.

    Args:
        right: bool ``(N,)``.
        groups: factor -> ``(N,)`` names.
        order: factor -> names in their order; default as they come.

    Returns:
        ``factor``, ``group``, ``n``, ``accuracy``, ``low``, ``high`` (percent). A group of nobody has n = 0 and NaN.
    """
    rows = []
    for factor, names in groups.items():
        for name in (order or {}).get(factor, tuple(dict.fromkeys(names))):
            mine = right[names == name]
            low, high = stats.wilson(int(mine.sum()), len(mine))
            accuracy = 100 * mine.mean() if len(mine) else float("nan")
            rows.append((factor, name, len(mine), accuracy, 100 * low, 100 * high))
    return pd.DataFrame(rows, columns=["factor", "group", "n", "accuracy", "low", "high"])


def gap(
    right: np.ndarray, names: np.ndarray, strata: np.ndarray, turns: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """How far the best group is ahead of the worst, and how often chance alone would make as large a gap.

    Names of groups are dealt out anew among faces of one stratum (of one class), so that a group which has more of a
    difficult class is not blamed for it.

    Args:
        right: bool ``(N,)``.
        names: ``(N,)``.
        strata: ``(N,)``.
        turns: of dealing out.

    Returns:
        Gap in percentage points, and p = (1 + turns with a gap as large) / (1 + turns).
    """
    _, group = np.unique(names.astype(str), return_inverse=True)
    order = np.argsort(strata, kind="stable")
    right, group, strata = right[order], group[order], np.asarray(strata)[order]
    sizes = np.bincount(group)

    def spread(places: np.ndarray) -> float:
        shares = np.bincount(places, right) / sizes
        return float(shares.max() - shares.min())

    seen, generator = spread(group), np.random.default_rng(seed)
    # Random keys sorted within strata deal each stratum out on its own, all strata at once.
    dealt = (group[np.lexsort((generator.random(len(group)), strata))] for _ in range(turns))
    larger = sum(spread(places) >= seen - 1e-12 for places in dealt)
    return 100 * seen, (1 + larger) / (1 + turns)


def test_performance(run: Run, latents: Mapping[str, Tensor] | None) -> pd.DataFrame:
    """A run's accuracy on its own test faces by class and, for rendered faces, by ``FACTORS``.

    Args:
        latents: of its test faces; None where nobody knows them.

    Returns:
        As ``performance``; factor ``"class"`` first.
    """
    labels, class_names = run.samples["test_labels"], run.manifest["class_names"]
    right = run.samples["test_prediction"] == labels
    groups = {"class": np.array(class_names, dtype=object)[labels]}
    order = {"class": tuple(class_names), **{factor: names for factor, (_, _, names) in FACTORS.items()}}
    return performance(right, groups | (groups_of(latents) if latents else {}), order)


def gaps(run: Run, latents: Mapping[str, Tensor]) -> pd.DataFrame:
    """The gap between best and worst group under each of ``FACTORS``: columns factor, gap (points), p.

    A network sees skin and age only as pixels, and the renderer draws them without regard to the expression.
    """
    labels = run.samples["test_labels"]
    right = run.samples["test_prediction"] == labels
    rows = [(factor, *gap(right, names, labels)) for factor, names in groups_of(latents).items()]
    return pd.DataFrame(rows, columns=["factor", "gap", "p"])


def model_card(run: Run, latents: Mapping[str, Tensor] | None = None) -> str:
    """The card of a run as Markdown.

    Args:
        latents: of its test faces, where they are rendered.
    """
    manifest, worth, frame = run.manifest, standing(run), frame_of(run.config.dataset, **run.config.data)
    version = _as_it_stands(manifest["source"]["version"])
    trained = f"{counted(manifest['n_train'], 'face')} of `{run.config.dataset}` ({version}), {_noise(run)}."
    tested = f"{counted(manifest['n_test'], 'test face')} of the same dataset"
    if worth.photographed is None:
        tested += "; whether its pictures are photographs is not recorded"
    if worth.real:
        tested += f", and {counted(worth.real['n'], 'photograph')}: FER+'s test faces, "
        if frame is not None:
            found = f"{worth.real['found']:.0f} %"
            tested += f"cut as `scn predict` cuts them where MTCNN finds the face ({found}), else "
        tested += "as they come"
    analyses = [worth.words(), _markdown(test_performance(run, latents))]
    if worth.real:
        analyses += ["Of each class on photographs (FER+ test):", _recalls(worth.real), _trust(worth.real)]
    if latents:
        analyses += [GAPS, _markdown(gaps(run, latents))]
    caveats = ["- A gap that is not seen here may be there: small groups have wide intervals."]
    if latents:
        caveats += [RENDERED_CAVEAT]
    if worth.photographed is False:
        caveats += ["- The network was trained on no photograph. What it does on one must be measured."]
    if worth.photographed is None:
        caveats += ["- What the network does on pictures of another kind than its folder's must be measured."]
    missed = "Faces are found by MTCNN, which has gaps of its own; one that it misses gets no prediction."
    caveats += [f"- {shown(None) if frame is None else missed}"]
    sections = {
        "Model details": _details(run),
        "Intended use": f"{INTENDED}\n\n**Not for:**\n\n{NEVER}",
        "Factors": RENDERED_FACTORS if latents else "Expression. Who is in the pictures is not recorded.",
        "Metrics": METRICS,
        "Training data": trained,
        "Evaluation data": f"{tested}.",
        "Quantitative analyses": "\n\n".join(analyses),
        "Ethical considerations": ETHICS,
        "Caveats and recommendations": "\n".join(caveats),
    }
    body = [f"## {title}\n\n{text}" for title, text in sections.items()]
    return "\n\n".join([f"# Model card: {run.path.name}", *body]) + "\n"


def _details(run: Run) -> str:
    config, manifest = run.config, run.manifest
    lines = [
        f"{run.label}, backbone `{config.backbone}`, faces of {config.size} x {config.size} pixels, "
        f"{counted(config.epochs, 'epoch')}",
        f"seed {config.seed}, profile `{config.profile}`, recipe version {manifest['recipe_version']}, key "
        f"`{manifest['key']}`",
        f"trained {manifest['finished'][:10]} on {manifest['device']}, commit `{manifest['commit'][:12]}`"
        + (", with changes that were not committed" if manifest["dirty"] else ""),
        f"classes: {', '.join(map(_as_it_stands, manifest['class_names']))}",
        "output: a probability for each class" + (f"; {ALPHA}" if "test_alpha" in run.samples else ""),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _noise(run: Run) -> str:
    if run.config.noise_kind == "fer2013":
        return "FER2013's own labels"
    rate = run.config.noise_rate
    return f"{100 * rate:.0f} % of the labels made wrong" if rate else "no labels made wrong"


def write_card(run: Run, path: Path | str) -> Path:
    """Write the card of a run; the latents of rendered test faces are rendered or found again.

    Raises:
        ValueError, FileNotFoundError: from the loader.
    """
    path = Path(path)
    rendered = run.config.dataset in RENDERED
    latents = load_splits(run.config).test.latents if rendered else None
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, model_card(run, latents))
    return path


def _recalls(real: Mapping[str, object]) -> str:
    names = [name.removeprefix("recall_") for name in real if name.startswith("recall_") and real[name] == real[name]]
    table = pd.DataFrame(
        [(n, int(real[f"n_{n}"]), real[f"recall_{n}"]) for n in names], columns=["class", "n", "recall"]
    )
    return _markdown(table)


def _trust(real: Mapping[str, object]) -> str:
    """How far its confidence, and alpha where it has one, tell wrong answers from right ones."""
    lines = [
        f"- {title}: {real[f'own_{name}_auroc']:.2f} on its own test faces, {real[f'{name}_auroc']:.2f} on photographs"
        for name, title in (("confidence", "probability of the answer"), ("alpha", "alpha"))
        if not pd.isna(real.get(f"{name}_auroc"))
    ]
    return "\n".join(["How likely a wrong answer has the lower one (AUROC; 0.5 is a coin):", "", *lines])


def _markdown(table: pd.DataFrame) -> str:
    """A table with one decimal, p-values with three; what is missing is left empty."""
    lines = [f"| {' | '.join(table.columns)} |", f"|{'---|' * len(table.columns)}"]
    for row in table.to_dict("records"):
        cells = [_cell(name, value) for name, value in row.items()]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(name: str, value: object) -> str:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else _as_it_stands(str(value))
    return "" if value != value else f"{value:.3f}" if name == "p" else f"{value:.1f}"


def _as_it_stands(name: str) -> str:
    """A name, of a class of somebody's own, so that Markdown shows it and does nothing else."""
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", " ".join(name.split()))
