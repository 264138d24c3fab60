"""What ``scn methods`` says of each method, read off its class: docstrings and fields are the only list there is."""

import inspect
import json
import re
import sys
import textwrap

from scnlib.config import profile_config
from scnlib.methods import METHODS, Method, make_method, method_options

WIDTH = 110


def overview() -> str:
    """Every method: what it does, whose it is, what is special about it, and its options with their defaults."""
    return "\n\n".join(_entry(name) for name in METHODS)


def details(name: str) -> str:
    """All that its docstring says of a method, with its options' defaults, and a command that trains it.

    Raises:
        ValueError: there is no such method; the message has the nearest name.
    """
    method = make_method(name)
    text = inspect.cleandoc(method.__doc__).replace("``", "").replace("\nAttributes:\n", "\nOptions:\n")
    for option in method_options(method):  # where an item begins with it, alone or beside another
        text = re.sub(
            rf"(?m)^(    (?:[^,: ]+, )*){option}(?=[,:])", rf"\g<1>{_with_default(method, option)}", text, count=1
        )
    special = "".join(f"\n    {words}" for words in traits(method))
    return f"{name}: {_line(method)}{special}\n\n{text}\n\nExample:\n    {example(name)}"


def example(name: str) -> str:
    """A command that trains it. The quick profile's options are named where they are not the method's defaults."""
    quick = method_options(profile_config("quick", method=name).method)
    changed = {option: value for option, value in quick.items() if value != method_options(make_method(name))[option]}
    words = "".join(f" --set {option}={json.dumps(value)}" for option, value in changed.items())
    return f"scn run --method {name} --noise-rate 0.3{words}"


def traits(method: Method) -> list[str]:
    """What a method needs or does beyond a loss for one network, in words."""
    said = {
        f"trains {method.networks} networks": method.networks > 1,
        "changes labels": method.relabelling,
        "needs one label a face, no distribution": method.single_labels,
        f"plain training during {method.starts_after}": method.starts_after,
        "not by several processes": not method.splittable,
    }
    stops = re.search(r"ScnError: (.+?)\.?\n", f"{type(method).__doc__}\n")
    return [words for words, so in said.items() if so] + ([f"an error {stops[1]}"] if stops else [])


def source(kind: type[Method]) -> str:
    """Whose it is: what its docstring names as ``Source:``, up to the year; empty where it names none."""
    found = re.search(r"Source: (.+?(?:\b(?:19|20)\d\d\b|(?<!\b[A-Z])\.(?=\s+[A-Z]|\s*$)|$))", kind.__doc__, re.DOTALL)
    return " ".join(found[1].split()).rstrip(".") if found else ""


def phrases(kind: type[Method]) -> dict[str, str]:
    """Option -> the first sentence that the docstring says of it."""
    block = re.search(r"\nAttributes:\n((?:[ ]{4}.*\n?|\n)+)", inspect.cleandoc(kind.__doc__))
    items = re.findall(r"(?m)^ {4}(\w[\w, ]*): (.*(?:\n {8}.*)*)", block[1]) if block else []
    return {
        name: re.split(r"\.(?= [A-Z]|$)", " ".join(text.replace("``", "").split()))[0]
        for names, text in items
        for name in names.split(", ")
    }


def _entry(name: str) -> str:
    method = make_method(name)
    said = phrases(type(method))
    about = "; ".join([source(type(method)) or "source not stated", *traits(method)])
    lines = [
        f"{name}: {_line(method)}",
        *textwrap.wrap(about, WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 4),
    ]
    for option in method_options(method):
        words = f"{_with_default(method, option):28}  {said.get(option, '')}"
        lines += textwrap.wrap(words, WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 34)
    return "\n".join(lines)


def _line(method: Method) -> str:
    """What the method's file says in its first line."""
    return sys.modules[type(method).__module__].__doc__.splitlines()[0]


def _with_default(method: Method, option: str) -> str:
    value = method_options(method)[option]
    return f"{option}={value if isinstance(value, str) else json.dumps(value)}"
