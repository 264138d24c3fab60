"""Methods by name."""

import pytest

from scnlib.methods.names import method_label


@pytest.mark.parametrize(
    ("method", "options", "label"),
    [
        ("baseline", {}, "baseline"),
        ("scn", "{}", "SCN"),
        ("scn", '{"relabelling": false}', "SCN without relabelling"),
        ("scn", {"relabelling": False, "ranking": False}, "SCN without relabelling and ranking"),
        ("scn", {"gamma": 0.2}, "SCN (gamma=0.2)"),
        ("lrn", {}, "LRN"),
    ],
)
def test_methods_have_readable_names(method, options, label):
    assert method_label(method, options) == label
