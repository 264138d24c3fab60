"""The runs behind each table and figure: which measurement belongs in which published cell."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from scnlib.options import known_words
from scnlib.paper.published import TABLES
from scnlib.paper.record import Published

DATASET_NAMES = {
    "rafdb": "RAF-DB",
    "affectnet": "AffectNet",
    "ferplus": "FERPlus",
    "webemotion": "WebEmotion",
    "rendered_web": "rendered web faces",
    "rendered": "rendered faces",
    "joint": "RAF-DB + AffectNet",
}
WEIGHT_NAMES = {"msceleb": "MS-Celeb-1M", "imagenet": "ImageNet"}
# SCN 4.1: overall accuracy, but the mean over the classes on AffectNet.
METRICS = {"affectnet": "mean_class_accuracy"}
#: How many classes each dataset has, as it is loaded by default.
CLASSES = {"rendered": 8, "rendered_web": 8, "ferplus": 8, "affectnet": 8, "rafdb": 7}
#: Columns of the papers' tables, and the dataset that each is of.
DATASET_OF = {
    "RAF-DB": "rafdb",
    "RAF-DB (pretrained)": "rafdb",
    "RAF-DB, noisy": "rafdb",
    "AffectNet": "affectnet",
    "FERPlus": "ferplus",
}
_METHODS = {
    "baseline": "baseline",
    "Baseline": "baseline",
    "SCN": "scn",
    "LRN": "lrn",
    "CurriculumNet": "curriculumnet",
    "MetaCleaner": "metacleaner",
    "IPA2LT": "ipa2lt",
    "SCE-ALD": "sce_ald",
    "DLP-CNN": "dlp_cnn",
    "gaCNN": "gacnn",
    "gACNN": "gacnn",
    "RAN": "ran",
    "RAN-VGG16": "ran",
    "Upsample": "baseline",
    "Weighted loss": "weighted_loss",
    "PLD": "baseline",
    "ResNet + VGG": "resnet_vgg",
    "SeNet50": "senet50",
    "Lo et al.": "lo",
    "EfficientFace": "efficientface",
}
# Options of datasets that make another experiment of a run, with their defaults; the other options are recipe.
DATA_DEFAULTS = {"num_classes": 8, "sets": "rafdb+affectnet", "rule": "majority", "twins": True}
# Rows of which the papers' numbers are all there is: other architectures, or a description that does not suffice.
PUBLISHED_ONLY = {
    "dlp_cnn": "DLP-CNN's network",
    "gacnn": "gACNN's network",
    "ran": "RAN's network",
    "resnet_vgg": "a ResNet beside a VGG",
    "senet50": "SENet-50",
    "lo": "the network of Lo et al.",
    "efficientface": "EfficientFace's network",
    "sce_ald": "a description of SCE-ALD",
}
#: What stands in for WebEmotion where a dataset stands in for the paper's. Nobody has WebEmotion.
WEB_OF = {"rendered": "rendered_web"}
NOISE_OF_FIGURE_5 = 0.1  # ours: the paper says only "noise RAF-DB"

# What SCN is when no option is given (SCN 3.5), and which options say nothing once a module is off.
SCN_DEFAULTS = {
    "weighting": "logits",
    "ranking": True,
    "relabelling": True,
    "gamma": 0.5,
    "beta": 0.7,
    "margin_rank": 0.15,
    "learnable_margin": False,
    "margin_reward": 0.0,
    "margin_relabel": 0.2,
    "relabel_group": "low",
    "relabel_softmax": "alpha_scaled",
    "relabel_mode": "train",
}
RELABEL_EPOCH = 10  # SCN 3.5; profiles set others, so it belongs to the recipe and not to the options
_SILENT = {
    "weighting": {"relabel_softmax"},
    "ranking": {"gamma", "beta", "margin_rank", "learnable_margin", "margin_reward", "relabel_group", "loss"},
    "relabelling": {"margin_relabel", "relabel_epoch", "relabel_softmax", "relabel_mode", "relabel_group", "fallback"},
}


@dataclass(frozen=True)
class Selector:
    """Which runs measure a cell: all with this method, options, noise and dataset, whatever their seed and recipe.

    ``options`` may name SCN's ``variant``. ``relabel_epoch`` is part of the recipe: ``arms`` looks at it, tables show
    each start in a row of its own.

    Attributes:
        pretrained: whether the backbone starts from weights.
        weights: what those were trained on, the name in ``Config.pretrained``: ``"msceleb"``, or ``"webemotion-scn"``
            of an own run on WebEmotion with SCN.
        oversample: whether rare classes are shown as often as common ones.
        data: options of the dataset that decide what is measured: those of ``DATA_DEFAULTS``.
        backbone: where the cell is about one; else it belongs to the recipe.
    """

    method: str
    dataset: str
    noise_rate: float = 0.0
    noise_kind: str = "symmetric"
    pretrained: bool = False
    options: Mapping[str, object] = field(default_factory=dict)
    weights: str = "msceleb"
    oversample: bool = False
    data: Mapping[str, object] = field(default_factory=dict)
    backbone: str = ""


@dataclass(frozen=True)
class Cell:
    """One published cell and the runs that measure it.

    Attributes:
        published: the number, with its labels and status.
        runs: what to run.
        baseline: table, row and column of the baseline of the same column; None where the paper has none.
        backbone: the paper's, as named in results; None where no source says it.
        needs: what runs cannot give whatever the method and the data, in words; then nothing is ever measured here.
    """

    published: Published
    runs: Selector
    baseline: tuple[str, str, str] | None = None
    backbone: str | None = "resnet18"
    needs: tuple[str, ...] = ()


def active_options(options: Mapping[str, object]) -> dict[str, object]:
    """SCN's options that say something: neither a default nor an option of a module that is switched off.

    Without ranking there are no groups, so beta and the group that relabelling takes say nothing (our reading:
    relabelling without ranking considers all samples); without relabelling its margin and its epoch say nothing.
    """
    off = [module for module in _SILENT if options.get(module, True) in (False, "none")]
    silent = set().union(*(_SILENT[module] for module in off))
    return {
        name: value
        for name, value in options.items()
        if name not in silent and not (name in SCN_DEFAULTS and _same(value, SCN_DEFAULTS[name]))
    }


def _same(a: object, b: object) -> bool:
    """Equal values of equal kind; ``1 == True`` is no reason to take a number for a switch."""
    return isinstance(a, bool) == isinstance(b, bool) and a == b


def _scn_2(cell: Published) -> Cell:
    scheme, noise, method = cell.row.split(", ")
    rate = int(noise.split()[1]) / 100
    pretrained = scheme == "pretrained"
    runs = Selector(_METHODS[method], DATASET_OF[cell.column], rate, pretrained=pretrained)
    return Cell(cell, runs, baseline=("scn-2", f"{scheme}, {noise}, baseline", cell.column))


def _scn_3(cell: Published) -> Cell:
    before, after = ("scn" if part.endswith("with SCN") else "baseline" for part in cell.row.split(", "))
    if cell.row.startswith("no WebEmotion"):
        runs = Selector(after, DATASET_OF[cell.column])
    else:
        runs = web_pretrained(before, after, DATASET_OF[cell.column])
    return Cell(cell, runs, baseline=("scn-3", "no WebEmotion, fine-tuned without SCN", cell.column))


def web_pretrained(before: str, after: str, dataset: str = "rafdb") -> Selector:
    """Runs of the method ``after`` that start from the backbone of a run of ``before`` on WebEmotion."""
    return Selector(after, dataset, pretrained=True, weights=f"webemotion-{before}")


#: Runs that complete a table. Ours: SCN in pre-training alone, the combination that the paper's table 3 leaves out.
EXTRA_RUNS = {"scn-3": (web_pretrained("scn", "baseline"),)}


def _scn_4(cell: Published) -> Cell:
    scheme, method = cell.row.split(", ")
    pretrained = scheme == "pretrained"
    # SCN's 60.23 is marked "oversampling"; that the baseline of its gain was, too, is ours: the paper does not say.
    oversample = pretrained and cell.column == "AffectNet"
    runs = Selector(_METHODS[method], DATASET_OF[cell.column], pretrained=pretrained, oversample=oversample)
    return Cell(cell, runs, baseline=("scn-4", f"{scheme}, baseline", cell.column))


_MODULES = {
    "relabel": {"weighting": "none", "ranking": False},
    "rank": {"weighting": "none", "relabelling": False},
    "weight": {"ranking": False, "relabelling": False},
    "weight + rank": {"relabelling": False},
    "weight + rank + relabel": {},
}


def _scn_5(cell: Published) -> Cell:
    runs = Selector(
        "baseline" if cell.row == "none" else "scn",
        "rafdb",
        pretrained=cell.column == "RAF-DB (pretrained)",
        options=_MODULES.get(cell.row, {}),
    )
    return Cell(cell, runs, baseline=("scn-5", "none", cell.column))


def _scn_6(cell: Published) -> Cell:
    options = active_options({"gamma": float(cell.row.removeprefix("gamma "))})
    return Cell(cell, Selector("scn", "rafdb", options=options), baseline=("scn-5", "none", "RAF-DB"))


#: Axes of figure 5 -> options of SCN.
FIGURE_5_OPTIONS = {"delta 1": "margin_rank", "delta 2": "margin_relabel", "beta": "beta"}


def _scn_fig5(cell: Published) -> Cell:
    noisy = cell.column == "RAF-DB, noisy"
    if cell.row == "delta 1 learnable":
        options = {"learnable_margin": True}
    else:
        name, value = cell.row.split(" = ")
        options = {FIGURE_5_OPTIONS[name]: float(value)}
    runs = Selector("scn", "rafdb", NOISE_OF_FIGURE_5 if noisy else 0.0, options=active_options(options))
    baseline = ("scn-2", "scratch, noise 10 %, baseline", "RAF-DB") if noisy else ("scn-5", "none", "RAF-DB")
    return Cell(cell, runs, baseline=baseline)


# The sources give no backbone for the rivals of tables 7 and LRN 3.
def _scn_7(cell: Published) -> Cell:
    name, *markers = cell.row.split(", ")
    joint, seven = "RAF-DB + AffectNet" in markers, "7 classes" in markers
    backbone = None if name != "SCN" else "ir50" if "IR-50" in markers else "resnet18"
    first_affectnet = {"sets": "affectnet+rafdb"} if joint and cell.column == "AffectNet" else {}
    votes = {"rule": "distribution"} if name == "PLD" else {}
    runs = Selector(
        _METHODS[name],
        "joint" if joint else DATASET_OF[cell.column],
        pretrained=True,
        oversample="oversampled" in markers or name == "Upsample",
        data=first_affectnet | ({"num_classes": 7} if seven else {}) | votes,
        backbone="ir50" if backbone == "ir50" else "",
    )
    ours = name == "SCN" and backbone == "resnet18" and not joint
    return Cell(
        cell, runs, baseline=("scn-4", "pretrained, baseline", cell.column) if ours else None, backbone=backbone
    )


def _lrn_1(cell: Published) -> Cell:
    noise, method = cell.row.split(", ")
    rate = int(noise.split()[1]) / 100
    return Cell(
        cell,
        Selector(_METHODS[method], DATASET_OF[cell.column], rate, pretrained=True),
        baseline=("lrn-1", f"{noise}, Baseline", cell.column),
        backbone="resnet18" if method in ("Baseline", "SCN", "LRN") else None,
    )


_LRN_PARTS = {
    "baseline, L_ce": ("baseline", {}),
    "baseline, L_ce + L_cld": ("lrn", {"heteroscedastic": False}),
    "LRN, L_cls": ("lrn", {"discriminative": False}),
    "LRN, L_cls + L_cld": ("lrn", {}),
}
_LRN_BASELINE = "baseline, L_ce"


def _lrn_2(cell: Published) -> Cell:
    method, options = _LRN_PARTS[cell.row]
    runs = Selector(method, DATASET_OF[cell.column], pretrained=True, options=options)
    return Cell(cell, runs, baseline=("lrn-2", _LRN_BASELINE, cell.column))


def _lrn_3(cell: Published) -> Cell:
    ir50 = (cell.row, cell.column) == ("SCN", "FERPlus")
    ours = cell.row in ("SCN", "LRN") and not ir50
    return Cell(
        cell,
        Selector(_METHODS[cell.row], DATASET_OF[cell.column], pretrained=True, backbone="ir50" if ir50 else ""),
        baseline=("lrn-2", _LRN_BASELINE, cell.column) if ours and cell.column != "FERPlus" else None,
        backbone="resnet18" if ours else "ir50" if ir50 else None,
    )


_BUILDERS: dict[str, Callable[[Published], Cell]] = {
    "scn-2": _scn_2,
    "scn-3": _scn_3,
    "scn-4": _scn_4,
    "scn-5": _scn_5,
    "scn-6": _scn_6,
    "scn-7": _scn_7,
    "scn-fig5": _scn_fig5,
    "lrn-1": _lrn_1,
    "lrn-2": _lrn_2,
    "lrn-3": _lrn_3,
}
GRIDS = tuple(_BUILDERS)


@cache
def grid(table: str) -> tuple[Cell, ...]:
    """The cells of one published table or figure, in the paper's order, each with the runs that measure it.

    Raises:
        ValueError: if no runs stand behind the table (``GRIDS`` names those that have some).
    """
    if table not in _BUILDERS:
        raise ValueError(f"no runs stand behind table {table!r}; {known_words(table, GRIDS)}")
    return tuple(_BUILDERS[table](cell) for cell in TABLES[table])


def is_reference(cell: Cell) -> bool:
    """Whether a cell is itself the baseline that the others of its column are compared with."""
    return cell.baseline == (cell.published.table, cell.published.row, cell.published.column)


def column_dataset(cell: Cell) -> str:
    """The dataset of a cell's column: for joint training the one that is tested on."""
    return DATASET_OF[cell.published.column]


def stands_in(runs: Selector, dataset: str | None) -> bool:
    """Whether a dataset can stand in for the paper's: for several trained on together no single one can."""
    return dataset in (None, runs.dataset) or runs.dataset != "joint"


def needs(
    cell: Cell,
    dataset: str | None = None,
    methods: Collection[str] | None = None,
    datasets: Collection[str] | None = None,
) -> tuple[str, ...]:
    """What stands between a cell and its measurement, in words; empty where ``scn table --run`` can measure it.

    Args:
        dataset: measure on this dataset instead of the paper's.
        methods: names of those that exist; by default what is in ``scnlib.methods``.
        datasets: names of those at hand; by default rendered faces, which need no files.
    """
    if methods is None:
        from scnlib.methods import METHODS as methods  # needs torch, which reading numbers does not
    if datasets is None:
        datasets = ("rendered",)
    if cell.runs.method in PUBLISHED_ONLY:
        return (f"{PUBLISHED_ONLY[cell.runs.method]} (published number only)",)
    name = dataset or cell.runs.dataset
    words = [] if name in datasets else [DATASET_NAMES.get(name, name)]
    if not stands_in(cell.runs, dataset):
        words = [DATASET_NAMES[cell.runs.dataset]]
    words += cell.needs
    if "rule" in cell.runs.data and name != "ferplus":
        words.append("annotators' votes")
    if cell.runs.method not in methods:
        words.append(f"method {cell.runs.method}")
    if from_web(cell.runs):
        words += [] if name in WEB_OF else [DATASET_NAMES["webemotion"]]
    elif cell.runs.pretrained:
        scratch = dataset is not None and stands_in(cell.runs, dataset) and from_scratch(cell) is not None
        words += [] if scratch else [weights_in_words(cell.runs.weights)]
    return tuple(words)


def from_scratch(cell: Cell) -> Selector | None:
    """The same runs without their MS-Celeb-1M weights, as a stand-in where the whole table starts from those.

    None where the cell starts from scratch anyway, or its table has rows from scratch of its own.
    """
    if not all(other.runs.pretrained and not from_web(other.runs) for other in grid(cell.published.table)):
        return None
    return replace(cell.runs, pretrained=False)


def baseline_runs(cell: Cell, scratch: bool) -> Selector:
    """The runs that a cell's gain is over; ``scratch``: where ``from_scratch`` stands in for the cell itself.

    Raises:
        TypeError: the cell has no baseline.
    """
    runs = find_cell(*cell.baseline).runs
    return replace(runs, pretrained=False) if scratch else runs


def from_web(runs: Selector) -> bool:
    """Whether runs start from a run on WebEmotion."""
    return runs.pretrained and runs.weights.startswith("webemotion-")


def weights_on(runs: Selector, dataset: str | None) -> str:
    """What the weights of a selector's runs were trained on, where ``dataset`` stands in; ``""`` from scratch."""
    if not runs.pretrained:
        return ""
    web = WEB_OF.get(dataset or runs.dataset, "webemotion")
    return f"{web}-{runs.weights.removeprefix('webemotion-')}" if from_web(runs) else runs.weights


def weights_in_words(weights: str) -> str:
    """``msceleb`` -> MS-Celeb-1M weights; ``webemotion-scn`` -> webemotion-scn weights."""
    return f"{WEIGHT_NAMES.get(weights, weights)} weights"


def in_words(needs: tuple[str, ...]) -> str:
    """``("RAF-DB", "method ran")`` -> ``needs RAF-DB and method ran``; nothing -> ``not measured yet``."""
    if not needs:
        return "not measured yet"
    *first, last = needs
    return f"needs {', '.join(first)} and {last}" if first else f"needs {last}"


def find_cell(table: str, row: str, column: str) -> Cell:
    """The cell of a table by its labels.

    Raises:
        ValueError: if there is none.
    """
    for cell in grid(table):
        if (cell.published.row, cell.published.column) == (row, column):
            return cell
    raise ValueError(f"{table} has no cell {row!r}, {column!r}")
