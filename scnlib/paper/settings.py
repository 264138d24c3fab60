"""What the papers state about their experiments, and what they leave open: an open setting is marked, never guessed."""

from dataclasses import dataclass

Value = float | int | str | tuple


@dataclass(frozen=True)
class Setting:
    """One setting of one paper; ``value`` is None where the paper states none (``stated`` is False)."""

    paper: str
    name: str
    value: Value | None
    place: str
    note: str = ""

    @property
    def stated(self) -> bool:
        """Whether the paper states it; what is not stated is our choice wherever it is used."""
        return self.value is not None


def _scn(name: str, value: Value | None, place: str, note: str = "") -> Setting:
    return Setting("scn", name, value, place, note)


def _lrn(name: str, value: Value | None, place: str, note: str = "") -> Setting:
    return Setting("lrn", name, value, place, note)


SCN_SETTINGS = (
    _scn("face detection and alignment", "MTCNN", "SCN 3.5"),
    _scn("size", 224, "SCN 3.5", "pixels, square"),
    _scn("backbone", "ResNet-18", "SCN 3.5", "features from the last pooling layer"),
    _scn("pretraining", "MS-Celeb-1M", "SCN 3.5", "the default; tables 2 to 5 also from scratch"),
    _scn("batch_size", 1024, "SCN 3.5"),
    _scn("GPUs", 8, "SCN 3.5"),
    _scn("lr", 0.1, "SCN 3.5"),
    _scn("lr milestones", (15, 30), "SCN 3.5", "after these epochs the learning rate is divided by 10"),
    _scn("lr divisor", 10, "SCN 3.5"),
    _scn("epochs", 40, "SCN 3.5"),
    _scn("relabel_epoch", 10, "SCN 3.5", "relabelling from the 10th epoch"),
    _scn("beta", 0.7, "SCN 3.5", "70 % high importance, 30 % low"),
    _scn("margin_rank", 0.15, "SCN 3.5", "delta 1; or learnable"),
    _scn("margin_rank, learnt", 0.142, "SCN 4.4", "+- 0.05; neither constraint nor start value is given"),
    _scn("margin_rank, learnt, spread", 0.05, "SCN 4.4"),
    _scn("margin_relabel", 0.2, "SCN 3.5", "delta 2"),
    _scn("gamma", 0.5, "SCN 3.5", 'printed as "1:1", the ratio of the two losses'),
    _scn("noise ratios", (0.1, 0.2, 0.3), "SCN 4.2", "of each category of the training data"),
    _scn("noise ratio of figure 3", 0.1, "SCN 4.2"),
    _scn("noise ratio of figure 5", None, "SCN 4.4", 'only "noise RAF-DB"'),
    _scn("margin_rank, range tried", (0.0, 0.30), "SCN 4.4"),
    _scn("margin_relabel, range tried", (0.0, 0.5), "SCN 4.4"),
    _scn("beta, range tried", (0.9, 0.5), "SCN 4.4"),
    _scn("metric on RAF-DB and FERPlus", "overall accuracy, test set", "SCN 4.1"),
    _scn("metric on AffectNet", "mean class accuracy, validation set", "SCN 4.1"),
    _scn("RAF-DB images", 30000, "SCN 4.1"),
    _scn("RAF-DB training images", 12271, "SCN 4.1"),
    _scn("RAF-DB test images", 3068, "SCN 4.1"),
    _scn("RAF-DB annotators", 40, "SCN 4.1"),
    _scn("FERPlus training images", 28709, "SCN 4.1", "before any vote rule"),
    _scn("FERPlus validation images", 3589, "SCN 4.1"),
    _scn("FERPlus test images", 3589, "SCN 4.1"),
    _scn("FERPlus classes", 8, "SCN 4.1"),
    _scn("FERPlus size", 48, "SCN 4.1", "pixels, square, as distributed"),
    _scn("AffectNet annotated images", 450000, "SCN 4.1"),
    _scn("AffectNet classes", 8, "SCN 4.1"),
    _scn("WebEmotion videos", 41000, "SCN 4.1", "about"),
    _scn("WebEmotion clips", 200000, "SCN 4.1"),
    _scn("WebEmotion classes", 8, "SCN 4.1"),
    _scn("WebEmotion emotion words", 40, "SCN 4.1", "named: happy, funny, ecstatic, smug, kawaii"),
    _scn("WebEmotion countries", 45, "SCN 4.1", "of Asia, Europe, Africa, America; none is named"),
    _scn("WebEmotion age words", ("baby", "lady", "woman", "man", "old man", "old woman"), "SCN 4.1"),
    _scn("WebEmotion videos for each search", 20, "SCN 4.1", "the top ones of less than 4 minutes"),
    _scn("WebEmotion longest video", 4, "SCN 4.1", "minutes"),
    _scn("WebEmotion shortest face", 5, "SCN 4.1", "seconds, detected by MTCNN"),
    _scn("labels of figure 4", (
        "surprise", "neutral", "neutral", "sad", "surprise", "surprise", "neutral", "surprise", "neutral", "surprise",
    ), "SCN 4.3", "top left to bottom right"),
    _scn("optimiser", None, "SCN 3.5"),
    _scn("momentum", None, "SCN 3.5"),
    _scn("weight_decay", None, "SCN 3.5"),
    _scn("augmentation", None, "SCN 3.5"),
    _scn("normalisation", None, "SCN 3.5"),
    _scn("warm-up", None, "SCN 3.5"),
    _scn("checkpoint selection", None, "SCN 3.5"),
    _scn("number of seeds", None, "SCN 4"),
    _scn("oversampling of the AffectNet baseline", None, "SCN 4.3"),
)  # fmt: skip

LRN_SETTINGS = (
    _lrn("face detection", "MTCNN", "LRN 4.2"),
    _lrn("size", 112, "LRN 4.2", "pixels, square"),
    _lrn("backbone", "ResNet-18", "LRN 4.2"),
    _lrn("pretraining", "MS-Celeb-1M", "LRN 4.2"),
    _lrn("flip probability", 0.5, "LRN 4.2"),
    _lrn("batch_size", 64, "LRN 4.2"),
    _lrn("optimiser on RAF-DB and FERPlus", "SGD", "LRN 4.2"),
    _lrn("momentum", 0.9, "LRN 4.2", "SGD"),
    _lrn("weight_decay", 1e-4, "LRN 4.2", "SGD"),
    _lrn("lr", 1e-4, "LRN 4.2", "both optimisers"),
    _lrn("optimiser on AffectNet", "Adam", "LRN 4.2"),
    _lrn("sampling on AffectNet", "average sampling", "LRN 4.2", "every class is in each batch"),
    _lrn("lr divisor", 10, "LRN 4.2"),
    _lrn("epochs between divisions", 10, "LRN 4.2"),
    _lrn("temperature", 0.7, "LRN 4.2"),
    _lrn("samples in training", 1000, "LRN 4.2", "Monte Carlo"),
    _lrn("lambda 1", 1, "LRN 4.2"),
    _lrn("noise ratios", (0.1, 0.2, 0.3), "LRN 4.3"),
    _lrn("noise ratio of figure 3", 0.3, "LRN 4.3"),
    _lrn("GPUs", 1, "LRN 4.2"),
    _lrn("RAF-DB images", 30000, "LRN 4.1", "approximately"),
    _lrn("RAF-DB annotations of an image", 40, "LRN 4.1", "about"),
    _lrn("RAF-DB training images", 12271, "LRN 4.1"),
    _lrn("RAF-DB test images", 3068, "LRN 4.1"),
    _lrn("RAF-DB classes", 7, "LRN 4.1"),
    _lrn("AffectNet annotated images", 450000, "LRN 4.1"),
    _lrn("AffectNet search words", 1250, "LRN 4.1", "in six languages"),
    _lrn("AffectNet training images", 280000, "LRN 4.1"),
    _lrn("AffectNet test images", 4000, "LRN 4.1", "500 for each class"),
    _lrn("AffectNet classes", 8, "LRN 4.1"),
    _lrn("FERPlus training images", 28709, "LRN 4.1"),
    _lrn("FERPlus validation images", 3589, "LRN 4.1"),
    _lrn("FERPlus test images", 3589, "LRN 4.1"),
    _lrn("FERPlus classes", 8, "LRN 4.1"),
    _lrn("epochs", None, "LRN 4.2"),
    _lrn("samples at test time", None, "LRN 4.2"),
    _lrn("centres of L_cld", None, "LRN 3.2", "how they are initialised and updated"),
    _lrn("similarity d of equation 3", None, "LRN 3.2", 'only "the metric function"'),
    _lrn("number of seeds", None, "LRN 4"),
)

SETTINGS = SCN_SETTINGS + LRN_SETTINGS


def setting(paper: str, name: str) -> Setting:
    """One setting by paper (``"scn"`` or ``"lrn"``) and name.

    Raises:
        KeyError: if there is none of that name.
    """
    for entry in SETTINGS:
        if (entry.paper, entry.name) == (paper, name):
            return entry
    raise KeyError(f"no setting {name!r} of {paper!r}")
