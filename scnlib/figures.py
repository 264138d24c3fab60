"""The committed figures: made from ``data/results`` and rendered faces alone, in seconds, the same every time.

python -m scnlib.figures
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from scnlib import plots
from scnlib.course import show
from scnlib.course.measures import counts_matrix, one_recipe
from scnlib.course.pictures import STEPS, class_sheet, uncertainty_series
from scnlib.paper import published
from scnlib.paths import project_root
from scnlib.results import load

LARGEST = 150_000  # bytes


@dataclass(frozen=True)
class Drawing:
    """One committed figure: its file's name, what it shows in words, and the figure."""

    name: str
    alt: str
    figure: Figure


class NothingMeasured(LookupError):
    """A figure has no data yet; the message says which."""


def write_all(folder: Path | None = None, results: Path | None = None) -> tuple[list[Path], list[str]]:
    """Write every figure there is data for, ``index.json`` and ``README.md``; figures of no use any more are removed.

    Args:
        folder: default ``figures/``.
        results: folder of CSV files; default ``data/results``.

    Returns:
        The files written, and a sentence for each figure that has no data yet.

    Raises:
        ValueError: if a figure is larger than ``LARGEST`` bytes.
    """
    folder = folder or project_root() / "figures"
    files, skipped = [], []
    for draw in DRAWINGS:
        try:
            drawing = draw(results)
        except NothingMeasured as reason:
            skipped.append(f"{draw.__name__}: {reason}")
            continue
        path, content = show.write_figure(drawing.figure, folder, drawing.name, drawing.alt)
        if len(content) > LARGEST:
            raise ValueError(f"{path} has {len(content):,} bytes, more than {LARGEST:,}")
        files.append(path)
    _forget_others(folder, {path.stem for path in files})
    show.write_atomically(folder / "README.md", _readme(folder).encode())
    return files, skipped


def _forget_others(folder: Path, names: set[str]) -> None:
    index = show.read_index(folder)
    for name in set(index) - names:
        (folder / index[name]["file"]).unlink(missing_ok=True)
    kept = {name: index[name] for name in sorted(names)}
    show.write_index(folder, kept)


def _readme(folder: Path) -> str:
    lines = ["# Figures", "", "Made by `make figures` from `data/results` and rendered faces.", ""]
    for name, entry in show.read_index(folder).items():
        lines += [f"## {name.replace('_', ' ')}", "", f"![{entry['alt']}]({entry['file']})", "", entry["alt"], ""]
    return "\n".join(lines)


# ------------------------------------------------------------------------------------------------------- rendered faces


def faces(results: Path | None) -> Drawing:
    images, names = class_sheet()
    figure = plots.face_grid(images, names, columns=8, title="Three rendered persons, eight expressions")
    alt = "Three computed faces, each showing neutral, happiness, surprise, sadness, anger, disgust, fear and contempt."
    return Drawing("faces", alt, figure)


def uncertainty(results: Path | None) -> Drawing:
    images, shown = uncertainty_series()
    figure = plots.uncertainty_ladder(images, shown, steps=STEPS, title="Five kinds of uncertainty",
                                      note="rendered faces; SCN figure 1, redrawn")  # fmt: skip
    alt = (
        "Two rendered persons in five kinds of uncertainty: evident, subtle, low quality, partly hidden, and a "
        "mixture of two expressions."
    )
    return Drawing("uncertainty", alt, figure)


def diagram(results: Path | None) -> Drawing:
    alt = (
        "The Self-Cure Network: a batch goes through a backbone; its features give an importance alpha and class "
        "scores; alpha is ranked, weighs the scores in the loss, and the low group may be relabelled."
    )
    return Drawing("scn_diagram", alt, plots.scn_diagram())


# ---------------------------------------------------------------------------------------------------- FER2013 and FER+


def transition(results: Path | None) -> Drawing:
    matrix, rows, columns = _transition(results)
    figure = plots.transition_matrix(
        matrix, rows, columns, title="What FER2013 calls the faces of FER+", row_title="majority of ten (FER+)",
        column_title="one label (FER2013)", note=f"FER+ training faces with a majority, n = {int(matrix.sum()):,}",
    )  # fmt: skip
    alt = (
        "Heat map of FER2013 labels by FER+ majority: happiness is mostly kept, about half of neutral is called "
        "sadness, fear or anger, and much of sadness is called fear."
    )
    return Drawing("fer2013_against_ferplus", alt, figure)


def concentration(results: Path | None) -> Drawing:
    matrix, rows, columns = _transition(results)
    figure = plots.commonest_mistake(matrix, rows, columns, title="Real mistakes flock to one wrong class",
                                     note=f"FER2013 against FER+, n = {int(matrix.sum()):,}")  # fmt: skip
    alt = (
        "Bars: for each true class the share of its wrong FER2013 labels that fall into one and the same class, all "
        "far above the dotted line of uniform mistakes."
    )
    return Drawing("mistakes_concentrate", alt, figure)


def accuracy(results: Path | None) -> Drawing:
    table = _symmetric(results)
    table = table[table["noise_rate"].isin([0.0, table["noise_rate"].max()])].assign(method=lambda rows: rows["label"])
    note = _about(table, "published: 224 px, 40 epochs")
    figure = plots.results_bars(table, _published(table), title="FER+ test accuracy, from scratch", note=note)
    words = "; ".join(
        f"{label} {group['accuracy'].mean():.1f} at {100 * rate:.0f} %"
        for (rate, label), group in table.groupby(["noise_rate", "label"], sort=False)
    )
    alt = f"Bars of FER+ test accuracy in percent by method and share of wrong labels: {words}."
    return Drawing("ferplus_accuracy", alt, figure)


def label_accuracy(results: Path | None) -> Drawing:
    table = _symmetric(results)
    chosen = _highest_noise(table, "SCN")
    epochs = _curves(results, chosen)
    wide = epochs.pivot_table(index="epoch", columns="key", values="label_accuracy")
    mean, rate = wide.mean(axis=1), chosen["noise_rate"].iloc[0]
    figure = plots.label_accuracy_curves(
        {"SCN": (wide.index, mean)}, given=1 - rate, spans={"SCN": (wide.min(axis=1), wide.max(axis=1))},
        title="Right labels while SCN relabels FER+", note=_about(chosen, "band: all seeds"),
    )  # fmt: skip
    alt = (
        f"Share of right training labels on FER+ with {100 * rate:.0f} % wrong labels over epochs: it starts at "
        f"{100 * mean.iloc[0]:.1f} % and ends at {100 * mean.iloc[-1]:.1f} %, beside the flat line of unchanged labels."
    )
    return Drawing("ferplus_label_accuracy", alt, figure)


def alpha(results: Path | None) -> Drawing:
    chosen = _highest_noise(_symmetric(results), "SCN without relabelling")
    counts = load("ferplus", "_alpha", results)
    counts = counts[counts["key"].isin(chosen["key"])]
    if counts.empty:
        raise NothingMeasured("no histogram of alpha in ferplus_alpha.csv")
    last = counts[counts["epoch"] == counts["epoch"].max()].groupby("bin")[["right", "wrong"]].sum()
    area = chosen["alpha_auroc"].mean()
    figure = plots.alpha_histogram_from_counts(
        last.index, last["right"], last["wrong"], auroc=area, title="α of right and of wrong labels, FER+",
        note=_about(chosen),
    )  # fmt: skip
    alt = (
        "Histograms of the importance alpha in the last epoch for right and for wrong labels of FER+; "
        f"the AUROC for wrong labels is {area:.2f}, where 0.50 is chance."
    )
    return Drawing("ferplus_alpha", alt, figure)


def memorised(results: Path | None) -> Drawing:
    chosen = _highest_noise(_symmetric(results), "baseline").iloc[:1]
    curve = _curves(results, chosen)
    wrong = chosen["noise_rate"].iloc[0]
    fitted = (curve["train_accuracy_given"] - wrong * curve["memorised"]) / (1 - wrong)
    table = curve[["epoch", "memorised"]].assign(right=fitted, test=curve["test_accuracy"])
    name = f"baseline on FER+, {100 * wrong:.0f} % wrong labels"
    figure = plots.memorisation_curves({name: table}, chance=1 / 8, note=_about(chosen))
    alt = (
        "The baseline on FER+ over epochs: right labels are learnt early; of the wrong ones "
        f"{100 * curve['memorised'].iloc[-1]:.0f} % are memorised after the last epoch."
    )
    return Drawing("ferplus_memorised", alt, figure)


DRAWINGS: tuple[Callable[[Path | None], Drawing], ...] = (
    faces,
    uncertainty,
    diagram,
    transition,
    concentration,
    accuracy,
    label_accuracy,
    alpha,
    memorised,
)

# -------------------------------------------------------------------------------------------------------------- reading


def _transition(results: Path | None) -> tuple:
    table = load("ferplus_fer2013_transition", folder=results)
    if table.empty:
        raise NothingMeasured("no data/results/ferplus_fer2013_transition.csv")
    return counts_matrix(table, "true", "given")


def _symmetric(results: Path | None) -> pd.DataFrame:
    """FER+ runs of one recipe with symmetric noise: the methods that all figures speak of, in this order."""
    table = load("ferplus", folder=results)
    if table.empty:
        raise NothingMeasured("no data/results/ferplus.csv")
    table = one_recipe(table[table["noise_kind"] == "symmetric"])
    order = ["baseline", "SCN without relabelling", "SCN"]
    table = table[table["label"].isin(order)]
    return table.sort_values("label", key=lambda labels: labels.map(order.index), kind="stable")


def _highest_noise(table: pd.DataFrame, label: str) -> pd.DataFrame:
    chosen = table[(table["label"] == label) & (table["noise_rate"] > 0)]
    if chosen.empty:
        raise NothingMeasured(f"no run of {label} with wrong labels in ferplus.csv")
    return chosen[chosen["noise_rate"] == chosen["noise_rate"].max()]


def _curves(results: Path | None, chosen: pd.DataFrame) -> pd.DataFrame:
    curves = load("ferplus", "_epochs", results)
    curves = curves[curves["key"].isin(chosen["key"])]
    if curves.empty:
        raise NothingMeasured("no curves of these runs in ferplus_epochs.csv")
    return curves


def _published(table: pd.DataFrame) -> pd.DataFrame:
    """The papers' FERPlus numbers for the rates and methods of a table."""
    return pd.DataFrame(list(_published_rows(table)), columns=["method", "noise_rate", "accuracy"])


def _published_rows(table: pd.DataFrame) -> Iterator[tuple[str, float, float]]:
    for rate in sorted(table["noise_rate"].unique()):
        for method in ("baseline", "SCN"):
            noise = f"noise {100 * rate:.0f} %, " if rate else ""
            cell = ("scn-2" if rate else "scn-4", f"scratch, {noise}{method}")
            if method in set(table["method"]):
                yield method, rate, published(*cell, "FERPlus").value


def _about(table: pd.DataFrame, more: str = "") -> str:
    """n, seeds and recipe, in words."""
    seeds = sorted(table["seed"].unique())
    first = table.iloc[0]
    words = f"{len(table)} run{'s' * (len(table) > 1)}, seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
    words += f"; n = {int(first['n_train']):,} training and {int(first['n_test']):,} test faces"
    words += f"; {first['size']} px, {first['epochs']} epochs"
    return words + (f"; {more}" if more else "")


def readme_table(results: Path | None = None) -> str:
    """The FER+ rows of data/results in Markdown: mean over seeds of the last epoch, for the README."""
    table = one_recipe(load("ferplus", folder=results))
    if table.empty:
        raise NothingMeasured("data/results/ferplus.csv is not there yet")
    lines = [
        "| wrong labels | method | accuracy % | mean over classes % | labels right at the end % | AUROC of α | runs |",
        "|---|---|---|---|---|---|---|",
    ]
    order = ["baseline", "SCN without relabelling", "SCN"]
    groups = table.sort_values("label", key=lambda labels: labels.map(order.index)).groupby(
        ["noise_kind", "noise_rate", "label"], sort=False
    )
    for (kind, rate, label), runs in sorted(groups, key=lambda group: (group[0][0] == "fer2013", group[0][1])):
        noise = "FER2013's own" if kind == "fer2013" else f"{rate:.0%} {kind}" if rate else "none added"
        means = runs[["accuracy", "mean_class_accuracy", "label_accuracy"]].mean()
        cells = [noise, label, *(f"{value:.1f}" for value in means), _auroc(runs)]
        lines.append(f"| {' | '.join(cells)} | {len(runs)} |")
    return "\n".join([*lines, "", f"FER+, measured at full scale: {_recipe(table)}."])


def _auroc(runs: pd.DataFrame) -> str:
    if runs["alpha_mean"].isna().all():
        return "no α"
    return "nothing to find" if runs["alpha_auroc"].isna().all() else f"{runs['alpha_auroc'].mean():.2f}"


def _recipe(table: pd.DataFrame) -> str:
    first = table.iloc[0]
    return (
        f"{first['size']} px, {first['backbone']} from scratch, {first['epochs']} epochs ({first['profile']} profile), "
        f"last epoch, {int(first['n_train']):,} training and {int(first['n_test']):,} test faces"
    )


def with_results(readme: str, table: str) -> str:
    """The README with ``table`` between its two markers."""
    start, end = "<!-- results: written by make figures -->", "<!-- end of results -->"
    before, rest = readme.split(start)
    return f"{before}{start}\n{table}\n{end}{rest.split(end)[1]}"


def main() -> None:
    """The command: write all figures and the README's table, and say what was left out."""
    files, skipped = write_all()
    readme = project_root() / "README.md"
    show.write_atomically(readme, with_results(readme.read_text(encoding="utf-8"), readme_table()).encode())
    for path in files:
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
    for reason in skipped:
        print(f"left out: {reason}")


if __name__ == "__main__":
    main()
