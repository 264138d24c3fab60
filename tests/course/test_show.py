"""A picture reaches the reader once, with its alt text."""

from scnlib.course import show


def test_in_a_notebook_a_picture_is_shown_once_with_its_alt_text(monkeypatch):
    shown = []
    monkeypatch.setattr(show, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda *data, **options: shown.append((data, options)))
    show.picture(b"<svg/>", ".svg", 'A "quoted" alt text.', 2000)
    ((data,), options) = shown[0]
    assert len(shown) == 1 and options == {"raw": True}
    assert 'alt="A &quot;quoted&quot; alt text."' in data["text/html"]
    assert 'width="800"' in data["text/html"]


def test_without_a_notebook_words_are_printed(capsys):
    show.markdown("**hello**")
    show.picture(b"", ".svg", "Bars of two classes.", 10)
    assert capsys.readouterr().out == "**hello**\n[figure: Bars of two classes.]\n"
