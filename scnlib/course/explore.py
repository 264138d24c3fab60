"""Things to touch: a figure that follows its controls where somebody watches, and stands still everywhere else.

    explore(draw, "Batch at margin {margin}.", margin=Range("δ₁", 0, 0.5, 0.01, start=0.15))

``draw`` is a pure function from the values of the controls to a ``Figure``. What costs time is computed before.
"""

import html
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from scnlib import figure_files
from scnlib.course import show

#: Set in the kernels that JupyterLab and Notebook, VS Code (of its two over SSH and in containers only the second) and
#: Colab start; papermill and nbconvert set none.
#: Nothing else tells a kernel whether somebody watches, and widgets can hang where nobody does.
FRONT_ENDS = ("JPY_SESSION_NAME", "VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG")

DPI = 110  # of a figure that is drawn again and again: half the pixels of a saved one, twice as fast


@dataclass(frozen=True)
class Range:
    """A slider.

    Attributes:
        label: beside it.
        low, high, step, start: numbers; where all four are whole, so are the values.
    """

    label: str
    low: float
    high: float
    step: float
    start: float

    def __post_init__(self) -> None:
        if not (self.low <= self.start <= self.high and self.step > 0):
            raise ValueError(f"{self.label}: start={self.start} must lie in {self.low}..{self.high}, step be positive")

    @property
    def whole(self) -> bool:
        """Whether its values are whole numbers."""
        return all(isinstance(number, int) for number in (self.low, self.high, self.step, self.start))

    def __str__(self) -> str:
        return f"{self.label} ({self.low:g} to {self.high:g}; here {self.start:g})"


@dataclass(frozen=True)
class Choice:
    """A list of which one is chosen.

    Attributes:
        label: beside it.
        options: words.
        start: one of them; "": the first.
    """

    label: str
    options: Sequence[str]
    start: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", tuple(self.options))
        object.__setattr__(self, "start", self.start or self.options[0])
        if self.start not in self.options:
            raise ValueError(f"{self.label}: start={self.start!r} is none of {', '.join(self.options)}")

    def __str__(self) -> str:
        return f"{self.label} ({', '.join(self.options)}; here {self.start})"


Control = Range | Choice


def explore(draw: Callable[..., Figure], alt: str, /, **controls: Control) -> None:
    """Show a figure with controls that redraw it; where nobody watches, its first state and what could be moved.

    Args:
        draw: called with a value for each control, by name. If it raises, its message stands where the figure was.
        alt: what the figure shows, for those who do not see it; ``{name}`` is replaced by a control's value.
        controls: by the name of the argument of ``draw`` that they set.
    """
    if watched():
        _live(draw, alt, controls)
        return
    values = {name: control.start for name, control in controls.items()}
    figure = draw(**values)
    content, suffix, (width, _) = figure_files.render(figure)
    show.picture(content, suffix, alt.format(**values), width)
    moved = "; ".join(map(str, controls.values()))
    show.markdown(f"*Open this notebook in JupyterLab and run it: the figure follows {moved}.*")


def watched() -> bool:
    """Whether a front end shows what this kernel displays, and somebody is there to use it."""
    return show.in_notebook() and not show.headless() and any(name in os.environ for name in FRONT_ENDS)


def picture_of(draw: Callable[..., Figure], alt: str, values: dict[str, object]) -> str:
    """The figure for these values as HTML, with its alt text; or, if ``draw`` raises, what it said."""
    try:
        figure, buffer = draw(**values), io.BytesIO()
        figure.savefig(buffer, format="png", dpi=DPI)
    except Exception as error:  # whatever it is: a callback's error is shown nowhere else
        return f'<p role="alert"><b>No figure for this state:</b> {html.escape(str(error) or type(error).__name__)}</p>'
    return show.image_tag(buffer.getvalue(), ".png", alt.format(**values), round(96 * figure.get_size_inches()[0]))


def _live(draw: Callable[..., Figure], alt: str, controls: dict[str, Control]) -> None:
    import ipywidgets  # here and nowhere else: it can hang a run without a front end
    from IPython.display import display

    widgets = {name: _widget(control, ipywidgets) for name, control in controls.items()}
    picture = ipywidgets.HTML()

    def redraw(_=None) -> None:
        picture.value = picture_of(draw, alt, {name: widget.value for name, widget in widgets.items()})

    redraw()
    for widget in widgets.values():
        widget.observe(redraw, names="value")
    rows = ipywidgets.Box(list(widgets.values()), layout={"flex_flow": "row wrap"})
    box = ipywidgets.VBox([rows, picture])
    # Pages made from the notebook have no widgets; they show the second form, the state at the start.
    forms = box._repr_mimebundle_() | {"text/html": picture.value}
    display(forms, raw=True)


def _widget(control: Control, ipywidgets):
    look = {"description": control.label, "style": {"description_width": "10em"}, "layout": {"width": "27em"}}
    if isinstance(control, Choice):
        # Not a dropdown: JupyterLab takes its keys for commands, so that an arrow leaves the cell and a letter edits.
        look["layout"] = {"width": "46em"}
        return ipywidgets.SelectionSlider(options=control.options, value=control.start, **look)
    kind = ipywidgets.IntSlider if control.whole else ipywidgets.FloatSlider
    # While a figure is being drawn the front end keeps only the newest value, so dragging never queues up.
    numbers = {"min": control.low, "max": control.high, "step": control.step, "value": control.start}
    return kind(**numbers, **look, continuous_update=True)
