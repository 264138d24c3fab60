"""Plain training that believes every label."""

from dataclasses import dataclass

from scnlib.methods.base import Method


@dataclass(frozen=True, kw_only=True)
class Baseline(Method):
    """Cross-entropy on the given labels: "traditional CNN training without considering label noises".

    The classifier has no bias, as SCN's equations have none, so that the two differ in nothing but SCN's modules.

    Source: Wang et al., SCN, CVPR 2020, section 4.2.
    """

    name = "baseline"
