"""Keyword noise: what is drawn is what the table says, and what is known to be true is what was rendered."""

import pytest
import torch

from scnlib.datasets import load_dataset, rendered_web
from scnlib.datasets.rendered_web import SHOWN, keyword_noise
from scnlib.faces import CLASSES


@pytest.fixture
def no_pictures(monkeypatch):
    """Labels and latents alone: rendering is what costs."""
    blank = lambda latents, size, what: torch.zeros(len(latents), 3, size, size, dtype=torch.uint8)  # noqa: E731
    monkeypatch.setattr(rendered_web.rendered, "render_with_bar", blank)


def test_the_table_by_hand():
    table = keyword_noise()
    torch.testing.assert_close(table.sum(dim=1), torch.ones(8, dtype=torch.float64))
    for row, (own, neutral) in enumerate(SHOWN.values()):
        assert table[row, row] == own and table[row, 0] == neutral
    sadness, happiness = CLASSES.index("sadness"), CLASSES.index("happiness")
    # A sad keyword: 30 % sad, 50 % neutral; of the other 20 % half are happy, the rest is shared by five classes.
    assert table[sadness, happiness].item() == pytest.approx(0.10)
    assert table[sadness, CLASSES.index("fear")].item() == pytest.approx(0.02)
    # A happy keyword: what is neither happy nor neutral is shared by six.
    assert table[happiness, sadness].item() == pytest.approx(0.15 / 6)


def test_every_keyword_has_as_many_faces_and_shows_what_the_table_says(no_pictures):
    faces = load_dataset("rendered_web", n=16_000, size=32)
    assert set(faces.class_counts().values()) == {2000}
    for row, expected in enumerate(keyword_noise()):
        shown = torch.bincount(faces.true_labels[faces.labels == row], minlength=8) / 2000
        # 4.5 standard deviations of a share of 2000 draws: none of 64 shares should lie beyond.
        assert ((shown - expected).abs() <= 4.5 * (expected * (1 - expected) / 2000).sqrt() + 1e-9).all()
    assert torch.equal(faces.latents["label"], faces.true_labels)


def test_a_smaller_set_is_the_start_of_a_larger_one(no_pictures):
    small, large = (load_dataset("rendered_web", n=n, size=32) for n in (40, 90))
    assert torch.equal(small.labels, large.labels[:40]) and torch.equal(small.true_labels, large.true_labels[:40])
    assert torch.equal(small.latents["texture_key"], large.latents["texture_key"][:40])
    assert small.source.sha256 != large.source.sha256


def test_its_faces_are_those_of_no_other_split(no_pictures):
    keys = [
        load_dataset("rendered_web", split=split, n=50, size=32).latents["texture_key"] for split in ("train", "val")
    ]
    keys.append(load_dataset("rendered", n=50, size=32).latents["texture_key"])
    assert len(torch.cat(keys).unique()) == 150


def test_it_is_tested_on_true_labels():
    test, plain = (load_dataset(name, split="test", n=8, size=32) for name in ("rendered_web", "rendered"))
    assert torch.equal(test.images, plain.images) and torch.equal(test.labels, plain.labels)
    assert test.source.sha256 == plain.source.sha256


def test_pictures_are_kept_and_show_the_true_expression():
    web = load_dataset("rendered_web", n=6, size=32)
    assert torch.equal(load_dataset("rendered_web", n=6, size=32).images, web.images)
    from scnlib.faces import Latents, render

    assert torch.equal(render(Latents.from_dict(web.latents), 32), web.images)


def test_bad_options():
    with pytest.raises(ValueError, match="leave root away"):
        load_dataset("rendered_web", "somewhere")
    with pytest.raises(ValueError, match="split='all' is unknown"):
        load_dataset("rendered_web", split="all")
    with pytest.raises(ValueError, match="n must be a whole number >= 1, got 0"):
        load_dataset("rendered_web", n=0)
