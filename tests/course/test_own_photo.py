"""The lesson's photograph: never a widget where nobody watches."""

import sys
import types

import pytest
from PIL import Image

from scnlib.course import own_photo
from scnlib.predict import photographs
from tests.datasets.found_faces import portrait


def test_no_widget_is_imported_where_nobody_watches_or_a_path_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)  # importing it now fails
    monkeypatch.setattr(own_photo, "watched", lambda: False)
    assert own_photo.ask() is None
    monkeypatch.setattr(own_photo, "watched", lambda: True)
    assert own_photo.ask("me.png") is None


def test_a_live_notebook_gets_a_button(monkeypatch):
    shown = []
    widgets = types.SimpleNamespace(FileUpload=lambda **options: types.SimpleNamespace(value=(), **options))
    monkeypatch.setitem(sys.modules, "ipywidgets", widgets)
    monkeypatch.setattr("IPython.display.display", shown.append)
    monkeypatch.setattr(own_photo, "watched", lambda: True)
    button = own_photo.ask()
    assert shown == [button] and button.accept == "image/*" and button.layout == {"width": "auto"}
    picture, name = own_photo.chosen(button)  # nothing was uploaded
    assert picture.shape == (3, 512, 512) and "Collins" in name


def test_an_upload_comes_before_a_path_and_a_path_before_the_astronaut(tmp_path):
    Image.new("RGB", (30, 20), "red").save(tmp_path / "red.png")
    Image.new("RGB", (40, 20), "blue").save(tmp_path / "blue.png")
    content = memoryview((tmp_path / "blue.png").read_bytes())
    button = types.SimpleNamespace(value=({"name": "../blue.png", "content": content},))
    picture, name = own_photo.chosen(button, str(tmp_path / "red.png"))
    assert picture.shape == (3, 20, 40) and picture[2].min() == 255 and name == "../blue.png"
    picture, name = own_photo.chosen(None, str(tmp_path / "red.png"))
    assert picture.shape == (3, 20, 30) and name == "red.png"
    with pytest.raises(ValueError, match="cannot be read as an image"):
        own_photo.chosen(types.SimpleNamespace(value=({"name": "a.png", "content": b"x"},)))


def test_the_example_folder_has_everything_in_it_and_goes():
    with own_photo.example_folder(portrait()) as folder:
        assert [path.name for path in photographs([folder])] == ["broken.jpg", "meadow.png", "one.png", "two.png"]
        with Image.open(folder / "two.png") as two:
            assert two.size == (400, 200)
    assert not folder.exists()
