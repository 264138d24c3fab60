"""Every kind of image file that turns up in a dataset, against pixels worked out by hand."""

import warnings

import numpy as np
import pytest
import torch
from PIL import Image

from scnlib.datasets.decode import MIN_SIDE, decode, decode_all

RED, GREY = (200, 40, 10), 128


def plain(mode="RGB", colour=RED, size=(16, 16)):
    return Image.new(mode, size, colour)


def corner_picture():
    """White, but for a black corner at the top left."""
    pixels = np.full((32, 32, 3), 255, np.uint8)
    pixels[:16, :16] = 0
    return pixels


def test_colours_stay_and_channels_come_first(tmp_path):
    plain().save(tmp_path / "a.png")
    image = decode(tmp_path / "a.png", 16)
    assert image.shape == (3, 16, 16) and image.dtype == np.uint8
    assert image[:, 5, 5].tolist() == list(RED)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", GREY, (GREY,) * 3),
        ("1", 1, (255,) * 3),
        ("P", (204, 51, 0), (204, 51, 0)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("RGBA", (*RED, 255), RED),
        ("RGBA", (*RED, 0), (255, 255, 255)),  # what is transparent is white, whatever colour hides there
        ("LA", (GREY, 255), (GREY,) * 3),
        ("I;16", 51400, (200,) * 3),  # 51400 = 200 * 257
        ("I;16", 255, (0,) * 3),  # dark, and not white as it is when Pillow cuts off at 255
    ],
)
def test_every_mode_becomes_rgb(tmp_path, mode, colour, expected):
    image = plain("RGB", colour).convert("P") if mode == "P" else plain(mode, colour)
    path = tmp_path / f"a{'.tif' if mode == 'CMYK' else '.png'}"
    image.save(path)
    assert decode(path, 16)[:, 8, 8].tolist() == list(expected)


def test_a_cmyk_jpeg(tmp_path):
    plain("CMYK", (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    red, green, blue = decode(tmp_path / "a.jpg", 16)[:, 8, 8].tolist()
    assert red > 240 and green < 15 and blue < 15


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    # Where a viewer shows the black corner, by the definition of the tag: row 0 / column 0 of the stored picture.
    shown = {1: (0, 0), 2: (0, 1), 3: (1, 1), 4: (1, 0), 5: (0, 0), 6: (0, 1), 7: (1, 1), 8: (1, 0)}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(corner_picture()).save(tmp_path / "a.png", exif=exif)
    image = decode(tmp_path / "a.png", 32)[0]
    dark = {(r, c) for r in (0, 1) for c in (0, 1) if image[8 + 16 * r, 8 + 16 * c] == 0}
    assert dark == {shown}


def test_of_a_long_picture_the_middle_is_taken(tmp_path):
    pixels = np.zeros((20, 60, 3), np.uint8)
    pixels[:, 20:40] = 255
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    Image.fromarray(pixels.transpose(1, 0, 2)).save(tmp_path / "tall.png")
    assert (decode(tmp_path / "wide.png", 20) == 255).all()
    assert (decode(tmp_path / "tall.png", 20) == 255).all()


def test_shrinking_averages(tmp_path):
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 255
    Image.fromarray(stripes).save(tmp_path / "a.png")
    middle = decode(tmp_path / "a.png", 8)[0, :, 2:6]
    assert middle.min() > 115 and middle.max() < 140  # one pixel in eight would be all black or all white


def test_a_box_is_cut_out_first_and_is_black_outside(tmp_path):
    Image.fromarray(corner_picture()).save(tmp_path / "a.png")
    assert (decode(tmp_path / "a.png", 16, (0, 0, 16, 16)) == 0).all()
    half = decode(tmp_path / "a.png", 16, (24, 16, 40, 32))
    assert (half[:, :, :8] == 255).all() and (half[:, :, 8:] == 0).all()


def write_bad(path, kind):
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "foreign":
        path.write_bytes(b"<html>404</html>")
    elif kind == "truncated":
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(path, "JPEG")
        path.write_bytes(path.read_bytes()[:-900])
    elif kind == "broken png":
        plain().save(path, "PNG")
        path.write_bytes(path.read_bytes()[:40] + b"\0" * 30)
    elif kind == "one pixel":
        plain(size=(1, 1)).save(path, "PNG")
    elif kind == "float":
        plain("F", 0.5).save(path, "TIFF")


BAD = {
    "empty": r"is empty \(0 bytes\)",
    "foreign": r"cannot be read as an image \(no known image format\)",
    "truncated": r"cannot be read as an image \(image file is truncated",
    "broken png": "cannot be read as an image",
    "one pixel": f"is 1 x 1 px; no face can be seen in less than {MIN_SIDE}",
    "float": "has floating-point pixels",
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_used_is_named(tmp_path, kind):
    path = tmp_path / "gesicht ü.jpg"
    write_bad(path, kind)
    with pytest.raises(ValueError, match=rf"gesicht ü\.jpg {BAD[kind]}"):
        decode(path, 16)


def test_a_huge_picture_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    plain(size=(64, 64)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(ValueError, match="cannot be read as an image"):
        decode(tmp_path / "a.png", 16)


def test_many_at_once_keep_their_places_and_the_rest_goes_on(tmp_path):
    files = []
    for i in range(20):
        files.append(tmp_path / f"{i}.png")
        plain("L", 10 * i).save(files[-1])
    write_bad(files[7], "truncated")
    files.append(tmp_path / "nobody.png")
    images, problems = decode_all(files, 16)
    assert images.shape == (21, 3, 16, 16)
    assert images[:, 0, 0, 0].tolist() == [0 if i in (7, 20) else 10 * i for i in range(21)]
    assert [row for row, _ in problems] == [7, 20]
    assert "7.png" in problems[0][1] and "nobody.png" in problems[1][1]


def test_none_at_all():
    images, problems = decode_all([], 16)
    assert images.shape == (0, 3, 16, 16) and images.dtype == torch.uint8 and problems == []


@pytest.mark.parametrize("box", [(16, 0, 30, 14), (-9, -9, 0, 0), (0, 20, 5, 25)])
def test_a_box_beside_its_picture_is_refused(tmp_path, box):
    plain().save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png is 16 x 16 px, and the box .* lies outside of it"):
        decode(tmp_path / "a.png", 16, box)


def test_a_huge_box_is_refused(tmp_path):
    plain().save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png cannot be cut to the box"):
        decode(tmp_path / "a.png", 16, (0, 0, 10**9, 10**9))


@pytest.mark.parametrize("error", [KeyError("tag"), TypeError("exif"), ValueError("header"), IndexError()])
def test_whatever_a_decoder_raises_names_the_file(tmp_path, monkeypatch, error):
    def fails(_):
        raise error

    plain().save(tmp_path / "a.png")
    monkeypatch.setattr("scnlib.datasets.decode.ImageOps.exif_transpose", fails)
    images, problems = decode_all([tmp_path / "a.png"], 16)
    assert "a.png cannot be read as an image (" in problems[0][1] and not images.any()


def test_filters_of_warnings_are_as_before(tmp_path):
    plain().save(tmp_path / "a.png")
    before = list(warnings.filters)
    decode_all([tmp_path / "a.png"] * 200, 16)
    assert warnings.filters == before
