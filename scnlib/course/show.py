"""How things get on the reader's screen: sentences, figures with alt text. Works in Jupyter and in a plain terminal."""

import base64
import html
import os

MIME = {".svg": "image/svg+xml", ".webp": "image/webp", ".png": "image/png"}
WIDEST = 800  # pixels on screen; a notebook's column is little wider


def in_notebook() -> bool:
    """Whether a kernel shows what we display."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def headless() -> bool:
    """Whether nobody watches: ``SCN_HEADLESS`` is set, as `make` and CI do."""
    return bool(os.environ.get("SCN_HEADLESS"))


def markdown(text: str) -> None:
    """Show a paragraph of Markdown; in a terminal, print it."""
    if not in_notebook():
        print(text)
        return
    from IPython.display import display

    display({"text/markdown": text, "text/plain": text}, raw=True)


def picture(content: bytes, suffix: str, alt: str, width: int) -> None:
    """Show an image with its alt text, once. In a terminal, print the alt text.

    It goes out as HTML, the one form in which every front end, and the pages made from a notebook, keep the alt text.
    """
    if not in_notebook():
        print(f"[figure: {alt}]")
        return
    from IPython.display import display

    tag = image_tag(content, suffix, alt, width)
    display({"text/html": tag, "text/plain": f"[figure: {alt}]"}, raw=True)


def image_tag(content: bytes, suffix: str, alt: str, width: int) -> str:
    """An image as HTML that needs no file beside it, at most ``WIDEST`` pixels wide."""
    source = f"data:{MIME[suffix]};base64,{base64.b64encode(content).decode()}"
    size = f'width="{min(width, WIDEST)}" style="max-width:100%"'
    return f'<img src="{source}" alt="{html.escape(alt, quote=True)}" {size}>'
