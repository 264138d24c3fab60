"""What methods are called in tables and figures."""

import json
from collections.abc import Mapping

_NAMES = {
    "scn": "SCN", "lrn": "LRN", "self_paced": "self-paced", "curriculumnet": "CurriculumNet", "ipa2lt": "IPA2LT",
    "metacleaner": "MetaCleaner", "coteaching": "Co-teaching", "jocor": "JoCoR", "elr": "ELR", "gce": "GCE",
    "confident_learning": "confident learning", "sce": "SCE", "label_smoothing": "label smoothing", "rul": "RUL",
    "eac": "EAC", "nla": "NLA", "weighted_loss": "weighted loss", "second_opinion": "second opinion",
}  # fmt: skip
_WITHOUT = {
    "relabelling": "relabelling",
    "ranking": "ranking",
    "weighting": "weighting",
    "heteroscedastic": "covariance",
    "discriminative": "centre loss",
}


def method_label(method: str, options: Mapping[str, object] | str = "") -> str:
    """What a method with options is called in tables and figures: ``"SCN without relabelling"``.

    Args:
        method: its name in ``scnlib.methods.METHODS``.
        options: those that differ from the defaults, as a mapping or as JSON (the column of ``data/results``).
    """
    options = dict(json.loads(options or "{}") if isinstance(options, str) else options)
    without = [word for option, word in _WITHOUT.items() if options.get(option) in (False, "none")]
    rest = [
        f"{name}={value}"
        for name, value in sorted(options.items())
        if not (name in _WITHOUT and value in (False, "none"))
    ]
    label = _NAMES.get(method, method)
    if without:
        label += " without " + " and ".join(without)
    return label + (f" ({', '.join(rest)})" if rest else "")
