"""The committed figures: made from ``data/results`` and rendered faces alone, in seconds, the same every time.

``of_paper`` draws a table or figure of the paper from any results.

python -m scnlib.figures
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from scnlib import paper, plots
from scnlib.config import BY_HEART
from scnlib.errors import ScnError
from scnlib.faces.sheets import STEPS, class_sheet, uncertainty_series
from scnlib.figure_files import read_index, write_figure, write_index
from scnlib.files import write
from scnlib.methods.names import method_label
from scnlib.paper import stats
from scnlib.paper.arms import Recipe, gain, measured, rows_of
from scnlib.paper.boards import NOTE as BOARDS_NOTE
from scnlib.paper.boards import boards, gains
from scnlib.paper.choice import compared
from scnlib.paper.front import readme_table, results_page
from scnlib.paper.grid import (
    CLASSES,
    DATASET_NAMES,
    FIGURE_5_OPTIONS,
    METRICS,
    NOISE_OF_FIGURE_5,
    SCN_DEFAULTS,
    Selector,
)
from scnlib.paper.learnt import learnt
from scnlib.paper.mistakes import commonest_beyond_sinks, counts_matrix
from scnlib.paper.quick import METHODS, own_runs, printed
from scnlib.paper.results import by_seed, paired, prepare
from scnlib.paper.scn import FIGURE_5_AXES, FIGURE_5_DEFAULTS, GAMMAS
from scnlib.paths import project_root, results_dir
from scnlib.results import load

LARGEST = 150_000  # bytes


@dataclass(frozen=True)
class Drawing:
    """One committed figure: its file's name, what it shows in words, and the figure."""

    name: str
    alt: str
    figure: Figure


class NothingMeasured(ScnError):
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
        path, content = write_figure(drawing.figure, folder, drawing.name, drawing.alt)
        if len(content) > LARGEST:
            raise ValueError(f"{path} has {len(content):,} bytes, more than {LARGEST:,}")
        files.append(path)
    _forget_others(folder, {path.stem for path in files})
    write(folder / "README.md", _readme(folder))
    return files, skipped


def _forget_others(folder: Path, names: set[str]) -> None:
    index = read_index(folder)
    for name in set(index) - names:
        (folder / index[name]["file"]).unlink(missing_ok=True)
    kept = {name: index[name] for name in sorted(names)}
    write_index(folder, kept)


def _readme(folder: Path) -> str:
    lines = ["# Figures", "", "Made by `make figures` from `data/results` and rendered faces.", ""]
    for name, entry in read_index(folder).items():
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
    title = "An evident face, and four kinds of uncertainty"
    figure = plots.uncertainty_ladder(
        images, shown, steps=STEPS, title=title, note="rendered faces; SCN figure 1, redrawn"
    )
    alt = (
        "Two rendered persons, evident and in four kinds of uncertainty: subtle, low quality, partly hidden, and a "
        "mixture of two expressions."
    )
    return Drawing("uncertainty", alt, figure)


def diagram(results: Path | None) -> Drawing:
    alt = (
        "The Self-Cure Network: a batch goes through a backbone; its features give an importance alpha and class "
        "scores; alpha is ranked and weighs the scores in the cross-entropy; the labels enter cross-entropy and "
        "relabelling, which writes new ones for the low group, for the next epoch."
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
    sinks = commonest_beyond_sinks(matrix, rows, columns)
    figure = plots.commonest_mistake(
        matrix, rows, columns, expected=sinks, title="Where a class's mistakes go",
        note=f"FER2013 against FER+, n = {int(matrix.sum()):,}; intervals: 1,000 bootstrap draws",
    )  # fmt: skip
    words = "; ".join(
        f"{row.true} to {row.given} {100 * row.share:.0f} % ({100 * row.expected:.0f} %)" for row in sinks.itertuples()
    )
    alt = (
        "Bars: for each true class the share of its wrong FER2013 labels that fall into its commonest wrong class, "
        f"and in brackets what the label's attraction for other classes explains: {words}."
    )
    return Drawing("mistakes_concentrate", alt, figure)


def accuracy(results: Path | None) -> Drawing:
    return replace(accuracy_by_noise(_runs("ferplus", results), "ferplus", "quick"), name="ferplus_accuracy")


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
        raise NothingMeasured("no histogram of alpha in ferplus_alpha.csv.xz")
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
    chosen = _highest_noise(_symmetric(results), "baseline")
    curves = _curves(results, chosen)
    wrong = chosen["noise_rate"].iloc[0]
    table = learnt(curves, wrong)
    name = f"baseline on FER+, {100 * wrong:.0f} % wrong labels"
    note = _about(chosen, "means; bands: all seeds")
    figure = plots.memorisation_curves({name: table}, chance=1 / CLASSES["ferplus"], note=note)
    last = table.iloc[-1]
    alt = (
        "The baseline on FER+ over epochs: right labels are learnt early; of the wrong ones "
        f"{100 * last['memorised']:.1f} % are memorised after the last epoch (mean of n = {len(chosen)}, from "
        f"{100 * last['memorised_low']:.1f} to {100 * last['memorised_high']:.1f} %)."
    )
    return Drawing("ferplus_memorised", alt, figure)


def by_heart(results: Path | None, dataset: str) -> Drawing:
    """What three methods make of pictures that never change, 30 % of them under wrong labels."""
    runs, epochs = load(dataset, folder=results), load(dataset, "_epochs", results)
    runs = prepare(runs) if len(runs) else runs
    recipe, panels, ends = Recipe.of("quick", dataset, **BY_HEART), {}, []
    for method in ("baseline", "scn", "second_opinion"):
        chosen = rows_of(runs, paper.arm(method, 0.3), dataset, recipe) if len(runs) else runs
        if chosen.empty:
            raise NothingMeasured(f"no run of {method} on {dataset} that saw the same pictures again and again")
        table = learnt(epochs[epochs["key"].isin(chosen["key"])], 0.3)
        panels[f"{method_label(method)} (n = {len(chosen)})"] = table
        known, right = 100 * table[["memorised", "test"]].iloc[-1]
        ends.append(f"{method_label(method)} {known:.0f} % and {right:.1f} %")
    figure = plots.memorisation_curves(
        panels, chance=1 / CLASSES[dataset],
        note=f"{DATASET_NAMES[dataset]}, 30 % flips, no augmentation, {recipe.setup}, batches of "
        f"{BY_HEART['batch_size']}; n: seeds; means, bands: all seeds",
    )  # fmt: skip
    alt = (
        f"Three panels over epochs on pictures of {DATASET_NAMES[dataset]} that never change: right labels are learnt "
        "first, then wrong ones by heart. Wrong labels known by heart and test accuracy in the end: "
        f"{'; '.join(ends)}."
    )
    return Drawing(f"{dataset}_by_heart", alt, figure)


def rendered_by_heart(results: Path | None) -> Drawing:
    return by_heart(results, "rendered")


def ferplus_by_heart(results: Path | None) -> Drawing:
    return by_heart(results, "ferplus")


# ------------------------------------------------------------------------------------- the papers' tables, any dataset

MODULES = {
    "relabelling alone": paper.arm("scn", weighting="none", ranking=False),
    "ranking alone": paper.arm("scn", weighting="none", relabelling=False),
    "weighting alone": paper.arm("scn", ranking=False, relabelling=False),
    "weighting + ranking": paper.arm("scn", relabelling=False),
    "all three: SCN": paper.arm("scn"),
}
NOISY = {"clean labels": 0.0, "30 % wrong labels": 0.3}


def accuracy_by_noise(runs: pd.DataFrame, dataset: str, profile: str) -> Drawing:
    """Table 2: test accuracy over the share of wrong labels, a line a method."""
    recipe = Recipe.of(profile, dataset)
    rows = [
        {"value": 100 * rate, "series": name, **_mean(measured(runs, _at(arm, rate), dataset, recipe))}
        for name, arm in METHODS.items()
        for rate in (0.0, 0.1, 0.2, 0.3)
    ]
    table = _measured_rows(rows, "scn-2", dataset)
    table = table.assign(published=[printed(row.series, row.value, dataset) for row in table.itertuples()])
    title = f"{_capital(DATASET_NAMES[dataset])}: accuracy under wrong labels"
    note = _with_interval(table, profile, dataset)
    if table["published"].notna().any():
        note += "; published: from scratch, 224 px, ResNet-18, 40 epochs"
    figure = plots.sweep({"wrong labels, %": table}, title=title, note=note)
    ends = "; ".join(
        f"{name} {', '.join(f'{row.mean:.1f}{_alone(row.n)} at {row.value:.0f} %' for row in own.itertuples())}"
        for name, own in table.groupby("series", sort=False)
    )
    alt = f"Test accuracy on {DATASET_NAMES[dataset]} over the share of wrong labels, with intervals: {ends}."
    return Drawing(f"{dataset}_by_noise", alt, figure)


def module_gains(runs: pd.DataFrame, dataset: str, profile: str) -> Drawing:
    """Table 5: what each module brings over the baseline, on clean labels and under 30 % wrong ones."""
    recipe, metric = Recipe.of(profile, dataset), METRICS.get(dataset, "accuracy")
    rows = []
    for group, rate in NOISY.items():
        baseline = rows_of(runs, _at(METHODS["baseline"], rate), dataset, recipe)
        for name, arm in MODULES.items():
            over = gain(paired(rows_of(runs, _at(arm, rate), dataset, recipe), baseline, metric))
            rows.append({"label": name, "group": group, **over})
    table = pd.DataFrame(rows).rename(columns={"gain": "effect", "shared": "n"})
    if not table["n"].any():
        raise NothingMeasured(f"no runs of SCN's modules beside the baseline on {DATASET_NAMES[dataset]}")
    figure = plots.effects(
        table, unit="points of test accuracy over the baseline", note=_about_profile(profile, dataset),
        title=f"{_capital(DATASET_NAMES[dataset])}: what each module brings",
    )  # fmt: skip
    words = "; ".join(
        f"{group}: {', '.join(f'{row.label} {row.effect:+.1f}{_alone(row.n)}' for row in own.itertuples() if row.n)}"
        for group, own in table.groupby("group", sort=False)
    )
    faces_of = DATASET_NAMES[dataset]
    alt = f"Gains over the baseline on {faces_of} in points, with intervals where there are several seeds. {words}."
    return Drawing(f"{dataset}_modules", alt, figure)


def sweeps(runs: pd.DataFrame, dataset: str, profile: str) -> Drawing:
    """Figure 5: accuracy over delta 1, delta 2 and beta."""
    axes = {name: (FIGURE_5_OPTIONS[name], values, FIGURE_5_DEFAULTS[name]) for name, values in FIGURE_5_AXES.items()}
    series = {"clean labels": 0.0, f"{NOISE_OF_FIGURE_5:.0%} wrong labels".replace("%", " %"): NOISE_OF_FIGURE_5}
    return _sweep(runs, dataset, profile, axes, series, "scn-fig5", "δ₁, δ₂ and β", "sweeps")


def gammas(runs: pd.DataFrame, dataset: str, profile: str) -> Drawing:
    """Table 6: accuracy over gamma."""
    axes = {"gamma": ("gamma", GAMMAS, SCN_DEFAULTS["gamma"])}
    return _sweep(
        runs, dataset, profile, axes, {"clean labels": 0.0}, "scn-6", "the weight γ of the rank loss", "gamma"
    )


def _sweep(
    runs: pd.DataFrame, dataset: str, profile: str, axes: Mapping[str, tuple], series: Mapping[str, float], table: str,
    words: str, name: str,
) -> Drawing:  # fmt: skip
    recipe, metric = Recipe.of(profile, dataset), METRICS.get(dataset, "accuracy")
    panels, best = {}, []
    for axis, (option, values, default) in axes.items():
        rows = []
        for label, rate in series.items():
            arms = {
                value: rows_of(runs, paper.arm("scn", rate, **{option: value}), dataset, recipe) for value in values
            }
            rows += [{"value": value, "series": label, **_mean(by_seed(own, metric))} for value, own in arms.items()]
            means = compared(arms, metric)["mean"]  # over the seeds that the values share
            if len(means) > 1:
                best.append(
                    f"{axis} on {label}: best of {len(means)} values is {means.idxmax():g}, the paper's is {default:g}"
                )
        found = pd.DataFrame([row for row in rows if row["n"]], columns=list(rows[0]))
        panels[axis] = found[found.groupby("series")["value"].transform("nunique") > 1]
    panels = {axis: rows for axis, rows in panels.items() if len(rows)}
    if not panels:
        raise NothingMeasured(f"no two values of an option of {table} on {DATASET_NAMES[dataset]}")
    everything = pd.concat(panels.values())
    figure = plots.sweep(
        panels, defaults={axis: axes[axis][2] for axis in panels}, note=_with_interval(everything, profile, dataset),
        title=f"{_capital(DATASET_NAMES[dataset])}: {words}",
    )  # fmt: skip
    alt = f"Test accuracy of SCN on {DATASET_NAMES[dataset]} over its constants, one panel each."
    alt += f" {_capital('; '.join(best))}." if best else ""
    return Drawing(f"{dataset}_{name}", alt, figure)


OF_PAPER: dict[str, Callable[[pd.DataFrame, str, str], Drawing]] = {
    "scn-2": accuracy_by_noise,
    "scn-5": module_gains,
    "scn-6": gammas,
    "scn-fig5": sweeps,
}


def of_paper(name: str, results: pd.DataFrame, dataset: str = "rendered", profile: str = "quick") -> Drawing:
    """A table or figure of the SCN paper, drawn from what was measured with a profile's own recipe.

    Args:
        name: a key of ``OF_PAPER``.
        results: one row a run, as ``paper.load_results()``.

    Raises:
        ValueError: if the name or the dataset is unknown.
        NothingMeasured: if there are no runs to draw.
    """
    if name not in OF_PAPER:
        raise ValueError(f"no figure {name!r}; known: {', '.join(OF_PAPER)}")
    if dataset not in DATASET_NAMES:
        raise ValueError(f"unknown dataset {dataset!r}; known: {', '.join(DATASET_NAMES)}")
    try:
        return OF_PAPER[name](paper.prepare(results), dataset, profile)
    except NothingMeasured as reason:
        command = f"scn table {name} --dataset {dataset} --profile {profile} --run"
        raise NothingMeasured(f"{reason}; {command} measures them") from None


def _at(arm: Selector, rate: float) -> Selector:
    return replace(arm, noise_rate=rate)


def _mean(values: Mapping[int, float]) -> dict[str, float]:
    """Mean of a point with its 95 % interval."""
    middle, low, high = stats.interval([*values.values()])
    return {"mean": middle, "low": low, "high": high, "n": len(values)}


def _measured_rows(rows: list[dict], table: str, dataset: str) -> pd.DataFrame:
    found = pd.DataFrame([row for row in rows if row["n"]], columns=list(rows[0]))
    if found["value"].nunique() < 2:
        raise NothingMeasured(f"fewer than two noise rates of {table} on {DATASET_NAMES[dataset]}")
    return found


def _with_interval(table: pd.DataFrame, profile: str, dataset: str) -> str:
    interval = "; whiskers: 95 % interval of the mean" if table["n"].max() > 1 else "; one seed, no interval"
    return _about_profile(profile, dataset) + interval


def _about_profile(profile: str, dataset: str) -> str:
    recipe = Recipe.of(profile, dataset)
    batch, rate = recipe.fields["batch_size"], recipe.fields["lr"]
    return f"{profile} profile: {recipe.setup}, batch {batch}, rate {rate:g}; last epoch; n: seeds"


def _alone(n: int) -> str:
    return " (one seed)" if n == 1 else ""


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def rendered_by_noise(results: Path | None) -> Drawing:
    return accuracy_by_noise(_runs("rendered", results), "rendered", "quick")


def rendered_modules(results: Path | None) -> Drawing:
    return module_gains(_runs("rendered", results), "rendered", "quick")


def rendered_sweeps(results: Path | None) -> Drawing:
    return sweeps(_runs("rendered", results), "rendered", "quick")


def ferplus_modules(results: Path | None) -> Drawing:
    return module_gains(_runs("ferplus", results), "ferplus", "quick")


def ferplus_sweeps(results: Path | None) -> Drawing:
    return sweeps(_runs("ferplus", results), "ferplus", "quick")


def _runs(dataset: str, results: Path | None) -> pd.DataFrame:
    table = load(dataset, folder=results)
    if table.empty:
        raise NothingMeasured(f"no data/results/{dataset}.csv")
    return paper.prepare(table)


# -------------------------------------------------------------------------------------------------------- every method


def leaderboards(results: Path | None) -> Drawing:
    """All methods on all boards of the quick recipe."""
    runs = pd.concat([load(name, folder=results) for name in ("rendered", "ferplus")], ignore_index=True)
    if runs.empty:
        raise NothingMeasured("there are no runs in data/results yet")
    table = gains(boards(runs))
    found = table.dropna(subset="gain")
    if found.empty:
        raise NothingMeasured("no method beside the baseline on any board")
    table = table.assign(label=[method_label(name) for name in table["method"]])
    figure = plots.gain_matrix(table, title="Every method against the baseline, on every board", note=BOARDS_NOTE)
    ahead = "; ".join(
        f"{board}: {(own['gain'] > 0).sum()} of {len(own)}" for board, own in found.groupby("board", sort=False)
    )
    alt = (
        "Matrix of gains over the baseline in points of test accuracy, methods in rows, boards in columns. Ahead of "
        f"the baseline among those measured: {ahead}."
    )
    return Drawing("leaderboards", alt, figure)


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
    ferplus_modules,
    ferplus_sweeps,
    ferplus_by_heart,
    rendered_by_noise,
    rendered_modules,
    rendered_sweeps,
    leaderboards,
)

# -------------------------------------------------------------------------------------------------------------- reading


def _transition(results: Path | None) -> tuple:
    table = load("ferplus_fer2013_transition", folder=results)
    if table.empty:
        raise NothingMeasured("no data/results/ferplus_fer2013_transition.csv")
    return counts_matrix(table, "true", "given")


def _symmetric(results: Path | None) -> pd.DataFrame:
    """FER+ runs of the quick recipe with symmetric noise: the methods that all figures speak of, in this order."""
    table = own_runs("ferplus", results)
    if table.empty:
        raise NothingMeasured("no data/results/ferplus.csv")
    return table[table["noise_kind"] == "symmetric"]


def _highest_noise(table: pd.DataFrame, label: str) -> pd.DataFrame:
    chosen = table[(table["label"] == label) & (table["noise_rate"] > 0)]
    if chosen.empty:
        raise NothingMeasured(f"no run of {label} with wrong labels in ferplus.csv")
    return chosen[chosen["noise_rate"] == chosen["noise_rate"].max()]


def _curves(results: Path | None, chosen: pd.DataFrame) -> pd.DataFrame:
    curves = load("ferplus", "_epochs", results)
    curves = curves[curves["key"].isin(chosen["key"])]
    if curves.empty:
        raise NothingMeasured("no curves of these runs in ferplus_epochs.csv.xz")
    return curves


def _about(table: pd.DataFrame, more: str = "") -> str:
    """n, seeds and recipe, in words."""
    seeds = sorted(table["seed"].unique())
    first = table.iloc[0]
    words = f"{len(table)} run{'s' * (len(table) > 1)}, seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
    words += f"; n = {int(first['n_train']):,} training and {int(first['n_test']):,} test faces"
    words += f"; {first['size']} px, {first['epochs']} epochs"
    return words + (f"; {more}" if more else "")


def with_results(readme: str, table: str) -> str:
    """A README with ``table`` between its two markers."""
    start, end = "<!-- results: written by make figures -->", "<!-- end of results -->"
    before, rest = readme.split(start)
    return f"{before}{start}\n{table}\n{end}{rest.split(end)[1]}"


def main() -> None:
    """The command: write all figures and what both READMEs say of the results, and say what was left out."""
    files, skipped = write_all()
    for folder, page in (project_root(), readme_table()), (results_dir(), results_page()):
        readme = folder / "README.md"
        write(readme, with_results(readme.read_text(encoding="utf-8"), page))
    for path in files:
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
    for reason in skipped:
        print(f"left out: {reason}")


if __name__ == "__main__":
    main()
