"""``scn methods`` says of every method what its class says, and nothing that it does not."""

import dataclasses
import json
import re
import shlex

import pytest

from scnlib import catalogue, methods
from scnlib.cli import main
from scnlib.config import profile_config
from scnlib.methods import METHODS


@dataclasses.dataclass(frozen=True, kw_only=True)
class Described(methods.Method):
    """What it is.

    Attributes:
        first, second: two of them, ``"a"`` e.g. b. Ours: said
            at length.
        third: one (eq. 3); with more
            on the next line.

    Source: A. Author and Other et al., On
        Things, VENUE 1999, section 2. Not that of 2005.
    """

    name = "described"
    networks = 2
    starts_after = "warm_up"

    first: str = "x"
    second: bool = True
    third: float | None = None


def test_the_docstring_is_read():
    assert catalogue.source(Described) == "A. Author and Other et al., On Things, VENUE 1999"
    both = 'two of them, "a" e.g. b'
    assert catalogue.phrases(Described) == {
        "first": both,
        "second": both,
        "third": "one (eq. 3); with more on the next line",
    }
    assert catalogue.traits(Described()) == ["trains 2 networks", "plain training during warm_up"]


def test_a_method_that_says_nothing_is_listed_all_the_same(monkeypatch):
    bare = dataclasses.make_dataclass("Bare", [("x", int, 1)], bases=(methods.Method,), frozen=True, kw_only=True)
    bare.__module__, bare.__doc__, bare.name = __name__, "Bare.", "bare"
    monkeypatch.setitem(METHODS, "bare", bare)
    assert re.search(r"(?m)^bare: .*\n    source not stated\n    x=1$", catalogue.overview())


@pytest.mark.parametrize("name", METHODS)
def test_every_option_has_a_phrase_and_every_method_a_source(name):
    kind = METHODS[name]
    assert set(catalogue.phrases(kind)) == {field.name for field in dataclasses.fields(kind)}
    assert all(len(phrase) > 5 for phrase in catalogue.phrases(kind).values())
    assert re.search(r"(19|20)\d\d$", catalogue.source(kind)) or catalogue.source(kind) == "ours"


@pytest.mark.parametrize("name", METHODS)
def test_one_of_them_at_length(name, capsys):
    assert main(["methods", name]) == 0
    printed = capsys.readouterr().out
    for option, default in methods.method_options(METHODS[name]()).items():
        shown = {True: "true", False: "false"}.get(default, default) if isinstance(default, bool) else default
        assert re.search(rf"(?m)^    (\S+, )*{option}={re.escape(str(shown))}[,:]", printed), option
    command = shlex.split(printed.splitlines()[-1])
    assert command[:6] == ["scn", "run", "--method", name, "--noise-rate", "0.3"]
    options = {option: json.loads(value) for option, value in (word.split("=") for word in command[7::2])}
    config = profile_config("quick", method=name, noise_rate=0.3, options=options)  # refuses what 12 epochs cannot hold
    assert config == profile_config("quick", method=name, noise_rate=0.3), "what the profile does anyway"


def test_what_must_be_installed_is_said():
    assert "an error when a training starts and cleanlab is not installed" in catalogue.traits(
        METHODS["confident_learning"]()
    )


def test_the_list_fits_a_terminal(capsys):
    assert main(["methods"]) == 0
    printed = capsys.readouterr().out
    assert [block.split(":")[0] for block in printed.split("\n\n")] == list(METHODS)
    assert max(map(len, printed.splitlines())) <= 132
    assert "Han et al., Co-teaching, NeurIPS 2018; trains 2 networks" in printed
    assert re.search(r"(?m)^    forget_rate=0.3 +tau, share that is left out in the end, 0 to 1$", printed)


def test_an_unknown_one_is_answered_with_the_nearest(capsys):
    assert main(["methods", "coteachin"]) == 2
    assert "Did you mean 'coteaching'? (`scn methods` describes them)" in capsys.readouterr().err
