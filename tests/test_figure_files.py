"""Figures go out with their alt text, whole, and the same every time."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from scnlib import figure_files as files
from scnlib import plots


def bars():
    return plots.class_counts({"faces": {"a": 3, "b": 5}}, title="two classes")


def faces():
    return plots.face_grid(np.zeros((2, 8, 8, 3), dtype=np.uint8), ["a", "b"])


def test_drawings_are_svg_and_pictures_webp():
    assert files.render(bars())[1] == ".svg"
    assert files.render(faces())[1] == ".webp"


def test_words_are_text_in_a_font_that_everyone_has_something_like():
    svg = files.render(bars())[0].decode()
    assert ">two classes</text>" in svg
    assert re.findall('font-family: ([^;"}]+)', svg) == [files.FONTS], "once, for all words"
    assert svg.count("text{white-space: pre;") == 1


def test_a_label_that_is_not_turned_does_not_say_so():
    figure = bars()
    figure.axes[0].set_ylabel("turned", rotation=90)
    svg = files.render(figure)[0].decode()
    assert "rotate(-0" not in svg
    assert len(re.findall(r"<text[^>]*rotate\(-90[^>]*>turned<", svg)) == 1


def test_formulas_are_outlines():
    figure = bars()
    figure.axes[0].set_xlabel("$p'$ of a class")  # as text it would be p0: the prime is a 0 of another font
    assert "<text" not in files.render(figure)[0].decode()
    figure.axes[0].set_xlabel("US$ a class")
    assert ">US$ a class</text>" in files.render(figure)[0].decode()


@pytest.mark.parametrize("label", ["a gap of 0.0125", "$p'$ of a class"])
def test_places_are_rounded_to_hundredths_and_nothing_else_is(monkeypatch, label):
    figure = bars()
    figure.axes[0].set_xlabel(label, fontsize=8.8)  # the scale of a formula has three decimals then
    figure.axes[0].plot([0.1234, 0.9876], [3.3333, 4.4444])
    rounded = files.render(figure)[0].decode()
    monkeypatch.setattr(files, "_PLACES", re.compile("(?!)"))  # matches nothing
    exact = files.render(figure)[0].decode()
    places = r' (?:d|x|y)="([^"]*)"'
    assert re.sub(places, "", rounded) == re.sub(places, "", exact)
    numbers = [re.findall(r"[\d.]+", " ".join(re.findall(places, svg))) for svg in (rounded, exact)]
    np.testing.assert_allclose(*(np.array(found, dtype=float) for found in numbers), atol=0.0051)
    assert len(rounded) < len(exact)


@pytest.mark.parametrize("make", [bars, faces])
def test_the_same_figure_has_the_same_bytes(make):
    assert files.render(make())[0] == files.render(make())[0]


def test_svg_tells_no_date():
    assert b"<dc:date>" not in files.render(bars())[0]


def test_the_index_keeps_alt_texts_in_order(tmp_path):
    files.write_figure(bars(), tmp_path, "z", "Bars of two classes, b is longer.")
    files.write_figure(faces(), tmp_path, "a", "Two black squares, side by side.", lesson="00")
    index = json.loads((tmp_path / "index.json").read_text())
    assert list(index) == ["a", "z"]
    assert index["a"] | {"width": 0, "height": 0} == {
        "file": "a.webp", "alt": "Two black squares, side by side.", "width": 0, "height": 0, "lesson": "00",
    }  # fmt: skip
    assert sorted(path.name for path in tmp_path.glob("[!.]*")) == ["a.webp", "index.json", "z.svg"]


def test_a_figure_that_changes_its_kind_leaves_no_old_file(tmp_path):
    files.write_figure(bars(), tmp_path, "x", "Bars of two classes, b is longer.")
    files.write_figure(faces(), tmp_path, "x", "Two black squares, side by side.")
    assert not (tmp_path / "x.svg").exists()


def test_an_alt_text_that_says_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="alt='a figure' is too short"):
        files.write_figure(bars(), tmp_path, "x", "a figure")
    assert not list(tmp_path.iterdir())


def test_marks_of_a_line_inherit_its_style():
    curves = {"one": pd.DataFrame({"epoch": [1, 2, 3], "right": [0.1, 0.2, 0.3]})}
    svg = files.render(plots.memorisation_curves(curves))[0].decode()
    line = re.findall('<g clip-path="[^"]*" style="([^"]*)">\n((?:<use [^>]*/>\n)+)</g>', svg)
    assert [marks.count("<use") for _, marks in line] == [3] and "style" not in line[0][1]
    assert line[0][0].startswith("fill: #")
