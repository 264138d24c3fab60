"""One file per method: what differs between methods, nothing else.

A method is a frozen dataclass whose fields are its options. To add one, write its file, name it here, and say
in ``names.py`` what it is called in tables and figures.
"""

import dataclasses

from scnlib.methods.base import Batch, Method, Step
from scnlib.methods.baseline import Baseline
from scnlib.methods.confident_learning import ConfidentLearning
from scnlib.methods.coteaching import CoTeaching
from scnlib.methods.curriculumnet import CurriculumNet
from scnlib.methods.eac import EAC
from scnlib.methods.elr import ELR
from scnlib.methods.gce import GCE
from scnlib.methods.ipa2lt import IPA2LT
from scnlib.methods.jocor import JoCoR
from scnlib.methods.label_smoothing import LabelSmoothing
from scnlib.methods.lrn import LRN
from scnlib.methods.metacleaner import MetaCleaner
from scnlib.methods.mixup import Mixup
from scnlib.methods.nla import NLA
from scnlib.methods.rul import RUL
from scnlib.methods.sce import SymmetricCrossEntropy
from scnlib.methods.scn import SCN
from scnlib.methods.second_opinion import SecondOpinion
from scnlib.methods.self_paced import SelfPaced
from scnlib.methods.weighted_loss import WeightedLoss
from scnlib.options import known_words, typed_fields

__all__ = ["METHODS", "Batch", "Method", "Step", "make_method", "method_options"]

METHODS: dict[str, type[Method]] = {
    method.name: method
    for method in (
        Baseline,
        SCN,
        SelfPaced,
        LRN,
        CurriculumNet,
        MetaCleaner,
        IPA2LT,
        CoTeaching,
        JoCoR,
        ELR,
        ConfidentLearning,
        GCE,
        SymmetricCrossEntropy,
        LabelSmoothing,
        Mixup,
        RUL,
        EAC,
        NLA,
        WeightedLoss,
        SecondOpinion,
    )
}


def make_method(name: str, **options: object) -> Method:
    """The method of that name with these options; the rest are its defaults.

    Raises:
        ValueError: if the method or an option is unknown, or an option's value is of the wrong type or out of range.
    """
    if name not in METHODS:
        raise ValueError(f"unknown method {name!r}; {known_words(name, METHODS)} (`scn methods` describes them)")
    return METHODS[name](**typed_fields(f"method {name}", METHODS[name], options))


def method_options(method: Method, *, only_changed: bool = False) -> dict[str, object]:
    """A method's options by name; with ``only_changed`` those that differ from the method's (or variant's) defaults."""
    options = {field.name: getattr(method, field.name) for field in dataclasses.fields(method)}
    if not only_changed:
        return options
    variant = {"variant": options["variant"]} if "variant" in options else {}
    defaults = method_options(type(method)(**variant))
    return {name: value for name, value in options.items() if value != defaults[name]}
