"""A toy shows its first state everywhere and follows its controls where somebody watches."""

import gc
import subprocess
import sys

import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from scnlib.course import explore as module
from scnlib.course.explore import Choice, Range, explore

SLIDER, LIST = Range("height", 0, 10, 1, start=3), Choice("colour", ["red", "blue"])
ALT = "One bar of height {height} in {colour}."


class Drawn:
    """A pure plotting function that remembers what it was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, height, colour):
        self.asked.append((height, colour))
        if height == 7:
            raise ValueError("seven is <not> for sale")
        figure = Figure(figsize=(2, 1))
        figure.subplots().bar([0], [height], color=colour)
        return figure


@pytest.fixture
def live(monkeypatch):
    """A kernel with a front end; gives (draw, slider, list, picture, what was displayed)."""
    shown, draw = [], Drawn()
    monkeypatch.setattr(module, "watched", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda data, **options: shown.append(data))
    made = []
    import ipywidgets

    init = ipywidgets.VBox.__init__
    monkeypatch.setattr(ipywidgets.VBox, "__init__", lambda self, *a, **k: (made.append(self), init(self, *a, **k))[1])
    explore(draw, ALT, height=SLIDER, colour=LIST)
    row, picture = made[0].children
    return draw, *row.children, picture, shown


def test_headless_no_widget_is_even_imported():
    code = (
        "import sys; from matplotlib.figure import Figure\n"
        "from scnlib.course.explore import Range, explore\n"
        "draw = lambda height: Figure(figsize=(1, 1))\n"
        "explore(draw, 'A bar of height {height}.', height=Range('height', 0, 9, 1, 3))\n"
        "assert 'ipywidgets' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "[figure: A bar of height 3.]" in done.stdout and "height (0 to 9; here 3)" in done.stdout


def test_the_first_state_is_the_function_at_its_starts(capsys, monkeypatch):
    draw, saved = Drawn(), []
    monkeypatch.setattr(module.figure_files, "render", lambda figure: (saved.append(figure), (b"", ".svg", (9, 9)))[1])
    explore(draw, ALT, height=SLIDER, colour=LIST)
    assert draw.asked == [(3, "red")]
    assert saved[0].axes[0].patches[0].get_height() == 3
    said = capsys.readouterr().out
    assert "[figure: One bar of height 3 in red.]" in said
    assert "height (0 to 10; here 3); colour (red, blue; here red)" in said


def test_a_moved_slider_draws_once_and_replaces_the_picture(live):
    draw, slider, choice, picture, _ = live
    before, draw.asked[:] = picture.value, []
    slider.value = 5
    assert draw.asked == [(5, "red")]
    assert picture.value != before and 'alt="One bar of height 5 in red."' in picture.value
    choice.value = "blue"
    assert draw.asked == [(5, "red"), (5, "blue")]
    slider.value, choice.value = 3, "red"
    assert picture.value == before, "the same values give the same picture"


def test_controls_carry_their_words_and_their_numbers(live):
    _, slider, choice, _, _ = live
    assert (slider.description, slider.min, slider.max, slider.step, slider.value) == ("height", 0, 10, 1, 3)
    assert isinstance(slider.value, int) and (choice.description, choice.options) == ("colour", ("red", "blue"))
    assert isinstance(module._widget(Range("x", 0, 1, 0.1, 0), pytest.importorskip("ipywidgets")).value, float)


def test_pages_without_widgets_find_the_first_state(live):
    _, slider, _, picture, (forms,) = live
    assert "application/vnd.jupyter.widget-view+json" in forms
    assert forms["text/html"] == picture.value
    slider.value = 4
    assert "height 3" in forms["text/html"]


def test_a_function_that_raises_says_so_and_the_next_value_draws_again(live):
    _, slider, _, picture, _ = live
    slider.value = 7
    assert "<img" not in picture.value and "seven is &lt;not&gt; for sale" in picture.value
    slider.value = 8
    assert "<img" in picture.value


def test_no_figure_stays_behind(live):
    _, slider, _, _, _ = live
    before = _figures()
    for value in range(7):
        slider.value = value
    assert _figures() <= before
    assert pyplot.get_fignums() == []


def _figures():
    gc.collect()
    return sum(type(thing) is Figure for thing in gc.get_objects())


@pytest.mark.parametrize(
    ("kernel", "named", "quiet", "expected"),
    [
        (True, "JPY_SESSION_NAME=lesson.ipynb", "", True),
        (True, "VSCODE_PID=1", "", True),
        (True, "VSCODE_CWD=/home", "", True),  # over SSH, in WSL, in a container: no VSCODE_PID there
        (True, "COLAB_RELEASE_TAG=release", "", True),
        (True, "", "", False),  # papermill
        (False, "VSCODE_PID=1", "", False),  # a script
        (True, "JPY_SESSION_NAME=lesson.ipynb", "1", False),
    ],
)
def test_somebody_watches_if_kernel_front_end_and_reader_are_there(monkeypatch, kernel, named, quiet, expected):
    monkeypatch.setattr(module.show, "in_notebook", lambda: kernel)
    for name in module.FRONT_ENDS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SCN_HEADLESS", quiet)
    if named:
        monkeypatch.setenv(*named.split("="))
    assert module.watched() is expected


def test_a_start_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"δ: start=2 must lie in 0\.\.1"):
        Range("δ", 0, 1, 0.1, start=2)
    with pytest.raises(ValueError, match="who: start='x' is none of a, b"):
        Choice("who", ("a", "b"), start="x")
