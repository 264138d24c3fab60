"""A run, completely: one frozen dataclass, and the profiles that fill it in."""

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass, field

from scnlib.augment import STILL, Augmentation
from scnlib.datasets import LOADERS
from scnlib.methods import METHODS, Method, make_method, method_options
from scnlib.models import BACKBONES, NORMALIZATIONS
from scnlib.options import known_words, typed_fields
from scnlib.words import counted

#: Raised whenever a change of the code moves the numbers of a run; part of every run's key.
RECIPE_VERSION = 2

NOISE_KINDS = ("symmetric", "pair", "fer2013")
SCHEDULES = ("one_cycle", "steps", "exponential")
OPTIMIZERS = ("sgd", "adam")
MOST = 2**31 - 1  # of what is counted

#: What the backbone starts from, by content: see ``scnlib.pretrained.Checkpoint.identity``.
IDENTITY = re.compile(r"[\w.-]+@(sha256:[0-9a-f]{16}|run:[0-9a-f]{8}:[0-9a-f]{16})")

#: Options of loaders that the config itself decides, and by what.
RESERVED_DATA = {"size": "size", "split": "split", "labels": "noise_kind", "name": "dataset", "root": "root"}


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that decides a run's numbers, and nothing else: no paths, no device.

    Attributes:
        dataset: a key of ``scnlib.datasets.LOADERS``.
        data: options of the loader, for all splits.
        split: what to train on, ``"train"`` or ``"train+val"``.
        method: how to train.
        noise_kind: ``"symmetric"`` or ``"pair"``, put in by ``corrupt_labels``; ``"fer2013"``: the real noise of
            FER2013's original labels (FER+ only; ``noise_rate`` then has no meaning and stays 0).
        noise_rate: share of wrong training labels in each class, 0 to 1.
        seed: of initialisation, noise, order and augmentation.
        size: side of the images in pixels.
        backbone: a key of ``scnlib.models.BACKBONES``.
        oversample: show samples of rare classes more often until all classes are equally frequent.
        epochs, batch_size: as they say. The last batch of an epoch is not smaller by more than one: batches are even.
        optimizer: ``"sgd"`` with momentum, or ``"adam"``, which the released code of SCN trains with by default.
        lr: largest learning rate.
        momentum: of SGD; Adam keeps its own two.
        schedule: ``"one_cycle"`` (up for a quarter, down by a cosine), ``"steps"`` (divided by 10 at each milestone) or
            ``"exponential"`` (times .9 after each epoch, the released code's).
        milestones: for ``"steps"``: epochs after which the rate falls.
        pretrained: which weights the backbone starts from, of files by content, of own runs by recipe and key, filled
            in by ``pretrained.start_from``; ``""``: none. Where the file lies is said to ``run``.
        normalization: how pixels are scaled, a key of ``scnlib.models.NORMALIZATIONS``: as the weights are used to it.
        profile: the name of the profile that filled this in; a label, without effect.
    """

    dataset: str = "rendered"
    data: dict = field(default_factory=dict)
    split: str = "train"
    method: Method
    noise_kind: str = "symmetric"
    noise_rate: float = 0.0
    seed: int = 0
    size: int = 48
    backbone: str = "small"
    epochs: int = 12
    batch_size: int = 256
    oversample: bool = False
    optimizer: str = "sgd"
    lr: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4
    schedule: str = "one_cycle"
    milestones: tuple[int, ...] = ()
    augmentation: Augmentation = field(default_factory=Augmentation)
    pretrained: str = ""
    normalization: str = "centred"
    profile: str = "quick"

    def __post_init__(self) -> None:
        given = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for name, value in typed_fields("a run", Config, given).items():
            object.__setattr__(self, name, value)  # 0 and 0.0 are one run, with one key
        for name, known in (("dataset", LOADERS), ("backbone", BACKBONES)):
            if getattr(self, name) not in tuple(known):
                raise ValueError(f"unknown {name} {getattr(self, name)!r}; {known_words(getattr(self, name), known)}")
        choices = {
            "noise_kind": NOISE_KINDS,
            "schedule": SCHEDULES,
            "optimizer": OPTIMIZERS,
            "split": ("train", "train+val"),
            "normalization": tuple(NORMALIZATIONS),
        }
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name}={getattr(self, name)!r} is unknown; known: {', '.join(map(repr, known))}")
        if not 0 <= self.noise_rate <= 1:
            raise ValueError(f"noise_rate must lie in 0..1, got {self.noise_rate}")
        for name in ("lr", "momentum", "weight_decay"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)}")
        if self.noise_kind == "fer2013" and (self.dataset != "ferplus" or self.noise_rate):
            raise ValueError("noise_kind='fer2013' is the real noise of FER+ images: dataset ferplus, noise_rate 0")
        if self.noise_kind == "pair" and self.noise_rate == 0:
            object.__setattr__(self, "noise_kind", "symmetric")  # no noise is of no kind
        if not isinstance(self.data, dict):
            raise ValueError(f"data must be options of the dataset by name, got {self.data!r}")
        for name, flag in RESERVED_DATA.items():
            if name in self.data:
                raise ValueError(f"data option {name!r} is decided by {flag}, not by data")
        for name, least in (("epochs", 1), ("batch_size", 1), ("size", 1), ("seed", 0)):
            if not least <= getattr(self, name) <= MOST:
                raise ValueError(f"{name} must lie in {least}..{MOST}, got {getattr(self, name)}")
        if type(self.milestones) is not tuple or not all(type(m) is int and 1 <= m <= MOST for m in self.milestones):
            raise ValueError(f"milestones must be whole numbers >= 1, got {self.milestones!r}")
        if self.pretrained and not IDENTITY.fullmatch(self.pretrained):
            raise ValueError(
                f"pretrained={self.pretrained!r} names no weights by their content; scn run --weights FILE fills it in"
            )
        if self.method.relabelling and self.method.relabel_epoch > self.epochs:
            raise ValueError(
                f"relabel_epoch={self.method.relabel_epoch} lies after the last of {counted(self.epochs, 'epoch')}, so "
                "nothing would be relabelled; set relabelling=false if that is meant"
            )
        waits = self.method.starts_after
        if waits and getattr(self.method, waits) >= self.epochs:
            raise ValueError(
                f"{waits}={getattr(self.method, waits)} leaves none of {counted(self.epochs, 'epoch')} to "
                f"{self.method.name}; train longer or set a smaller {waits}"
            )

    def to_dict(self) -> dict:
        """Plain JSON, from which ``from_dict`` makes the same Config."""
        plain = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        plain["method"] = {"name": self.method.name, **method_options(self.method)}
        plain["augmentation"] = dataclasses.asdict(self.augmentation)
        plain["milestones"] = list(self.milestones)
        return plain

    @classmethod
    def from_dict(cls, plain: dict) -> "Config":
        """The inverse of ``to_dict``. What is not there, since it came into the code later, has its default.

        Raises:
            ValueError: a method, option or value that this code does not have.
            KeyError, TypeError: this is no config.
        """
        options, augmentation = dict(plain["method"]), dict(plain.get("augmentation", {}))
        own = {
            "method": make_method(options.pop("name"), **options),
            "augmentation": Augmentation(**typed_fields("augmentation", Augmentation, augmentation)),
            "milestones": tuple(plain.get("milestones", ())),
        }
        return cls(**typed_fields("a run", cls, {**plain, **own}))

    def sha256(self) -> str:
        """Hash of everything that is not its default, but for the profile's name.

        So an option that comes into the code later leaves the keys of earlier runs as they are. A default that changes
        is a change of ``RECIPE_VERSION``.
        """
        plain = self.to_dict()
        standard = {**Config(method=METHODS["baseline"]()).to_dict(), "method": None}
        changed = {name: value for name, value in plain.items() if name != "profile" and value != standard[name]}
        usual = method_options(type(self.method)())
        changed["method"] = {k: v for k, v in plain["method"].items() if k == "name" or v != usual[k]}
        return hashlib.sha256(json.dumps(changed, sort_keys=True).encode()).hexdigest()


#: Options of methods that count in epochs, so the profile sets them: the first epoch that may relabel, the epochs after
#: which a method does to the full what is its own, and those after which a second phase of training begins.
COUNTED_IN_EPOCHS = ("relabel_epoch", "warm_up", "pretraining")

#: What a profile means. The options that count in epochs go to a method that has them. The paper's optimiser, momentum,
#: weight decay and augmentation are not stated: momentum and decay are the released code's ``sgd``, the rest is ours.
#: ``lrn``: LRN, section 4.2, for RAF-DB and FERPlus; on AffectNet it says Adam and balanced classes
#: (``optimizer="adam"``, ``oversample=True``). That there are 30 epochs is ours.
PROFILES: dict[str, dict] = {
    "smoke": {
        "epochs": 2, "batch_size": 32, "size": 32, "lr": 0.02, "backbone": "small",
        "relabel_epoch": 1, "warm_up": 1, "pretraining": 1,
    },
    "quick": {
        "epochs": 12, "batch_size": 256, "size": 48, "lr": 0.05, "backbone": "small",
        "relabel_epoch": 4, "warm_up": 3, "pretraining": 9,
    },
    "paper": {
        "epochs": 40, "batch_size": 1024, "size": 224, "lr": 0.1, "weight_decay": 1e-4, "schedule": "steps",
        "milestones": (15, 30), "backbone": "resnet18", "relabel_epoch": 10, "warm_up": 10, "pretraining": 30,
    },
    "lrn": {
        "epochs": 30, "batch_size": 64, "size": 112, "lr": 1e-4, "weight_decay": 1e-4, "schedule": "steps",
        "milestones": (10, 20), "backbone": "resnet18", "relabel_epoch": 8, "warm_up": 8, "pretraining": 22,
        "augmentation": Augmentation(flip=0.5, shift=0.0, rotation=0.0, scale=0.0),
    },
}  # fmt: skip

#: Those that lessons have; the others are recipes for single runs.
LESSON_PROFILES = ("smoke", "quick", "paper")


#: What a quick run sees the very same pictures with, again and again in many steps, so that it learns labels by heart.
BY_HEART = {"epochs": 14, "batch_size": 64, "augmentation": STILL}


def profile_config(
    profile: str = "quick", *, dataset: str = "rendered", method: str = "scn", options: dict | None = None, **fields
) -> Config:
    """The Config of a profile for a dataset and a method, with any field replaced.

    ``smoke`` renders 96 faces a split. A run of another length than its profile's scales milestones and what methods
    count in epochs with it.

    Args:
        profile: a key of ``PROFILES``.
        options: of the method.
        fields: of ``Config``.

    Raises:
        ValueError: if a name or value is unknown.
    """
    if profile not in PROFILES:
        raise ValueError(f"unknown profile {profile!r}; {known_words(profile, PROFILES)}")
    filled = dict(PROFILES[profile])
    counted = {name: filled.pop(name) for name in COUNTED_IN_EPOCHS}
    epochs = fields.get("epochs", filled["epochs"])
    if type(epochs) is int and epochs != filled["epochs"] and 1 <= epochs <= MOST:
        share = epochs / filled["epochs"]
        filled["milestones"] = tuple(max(1, round(m * share)) for m in filled.get("milestones", ()))
        counted = {name: max(1, min(round(value * share), epochs - 1)) for name, value in counted.items()}
    if profile == "smoke" and dataset in ("rendered", "rendered_web"):
        fields["data"] = {"n": 96, **fields.get("data", {})}
    known = {f.name for f in dataclasses.fields(Config)} - {"method", "dataset", "profile"}
    for name in fields:
        if name not in known:
            raise ValueError(f"a run has no field {name!r}; {known_words(name, sorted(known))}")
    own = {f.name for f in dataclasses.fields(METHODS[method])} if method in METHODS else set()
    counted = {name: value for name, value in counted.items() if name in own}
    chosen = make_method(method, **counted | (options or {}))
    return Config(dataset=dataset, method=chosen, profile=profile, **{**filled, **fields})
