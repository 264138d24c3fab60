"""How Sphinx makes the book. Formulas become MathML, which every browser draws without a script and without network."""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.errors import ExtensionError

from scnlib import __version__

project = "The Self-Cure Network, reproduced"
copyright = "the scnlib authors; text CC BY 4.0, code MIT"
release = __version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["extra"]

nb_execution_mode = "off"
nb_render_markdown_format = "myst"  # sentences whose numbers were computed hold formulas and tables, too
nb_merge_streams = True
nb_ipywidgets_js = {}
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # signatures have them

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["static"]
html_extra_path = []
html_css_files = ["book.css"]
html_js_files = [("slides.js", {"defer": "defer"})]
html_math_renderer = "mathml"
html_theme_options = {
    "use_download_button": True,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "home_page_in_toc": True,
    "show_navbar_depth": 1,
    "navbar_persistent": [],
    "extra_footer": "Built from executed notebooks; nothing here is fetched from elsewhere.",
}

_SECTION = re.compile(r"(?:Args|Attributes|Returns|Raises|Yields):$")
_NOTE = re.compile(r"(Source|Ours|Differs[\w ]*|What [\w ]*leaves? open): ")


def _mathml(tex: str, display: str) -> str:
    """MathML of a formula; a command that the converter does not know must not stand on the page as it was typed."""
    found = convert(re.sub(r"\\tag\{([^}]*)\}", r"\\qquad (\1)", tex).strip(), display=display)
    if unknown := re.search(r">(\\[A-Za-z]+)", found):
        raise ExtensionError(f"no MathML for {unknown[1]} in the formula {tex}")
    return found


def _inline(writer, node: nodes.math) -> None:
    writer.body.append(_mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _block(writer, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="formula">{_mathml(node.astext(), "block")}</div>')
    raise nodes.SkipNode


def _docstring(app, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """House style to reStructuredText: indented formulas stand as they are, "Source:" begins a paragraph."""
    found, in_section, in_note, in_formula = [], False, False, False
    for line in lines:
        indented, blank = line.startswith("    "), not line.strip()
        if not indented and not blank:
            in_section, in_note, in_formula = bool(_SECTION.match(line)), False, False
        if note := _NOTE.match(line):
            in_note, line = True, f"**{note[1]}:** {line[note.end() :]}"
            found.append("")
        elif in_note and not blank:
            line = line.strip()
        elif indented and not in_section and not in_formula and not (found and found[-1].strip()):
            in_formula = True
            found += ["::", ""]
        found.append(line if in_formula else _without_bars(line))
    lines[:] = found


def _without_bars(line: str) -> str:
    """Norms and absolute values are no substitutions, which reStructuredText would take them for."""
    parts = line.split("``")
    return "``".join(part if n % 2 else part.replace("|", "\\|") for n, part in enumerate(parts))


def setup(app) -> None:
    """Add the renderer of formulas, and mend docstrings before they are read."""
    app.connect("autodoc-process-docstring", _docstring, priority=400)
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    app.connect("builder-inited", lambda app: app.config.html_extra_path.append(str(app.srcdir / "extra")))
