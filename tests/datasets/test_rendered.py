"""Rendered faces as a dataset: cached, nested, with everything known."""

import pytest
import torch

from scnlib import faces
from scnlib.datasets import load_dataset, rendered
from scnlib.faces.renderer import faces_per_chunk


def test_all_is_known_about_a_rendered_face(capsys):
    found = load_dataset("rendered", n=12, size=32)
    assert found.images.shape == (12, 3, 32, 32)
    assert found.class_names == faces.CLASSES
    assert torch.equal(found.latents["label"], found.labels)
    assert {"intensity", "second_class", "mix"} <= set(found.latents)
    assert found.ids == tuple(map(str, range(12)))
    assert found.true_labels is None


def test_it_is_rendered_once(monkeypatch):
    first = load_dataset("rendered", n=8, size=32)
    monkeypatch.setattr(faces, "render", lambda *a, **k: pytest.fail("rendered again"))
    second = load_dataset("rendered", n=8, size=32)
    assert torch.equal(first.images, second.images)
    assert first.source == second.source


def test_faces_are_the_same_whatever_chunks_they_are_painted_in(capsys):
    chunk = faces_per_chunk(64, 2, torch.device("cpu"))
    latents = faces.sample_latents(0, range(chunk + 3))
    long = torch.cat(list(rendered.render_with_bar(latents, 64, "faces")))
    for n in (1, 5, chunk):
        assert torch.equal(torch.cat(list(rendered.render_with_bar(latents[:n], 64, "faces"))), long[:n])
    assert f"{chunk + 3}/{chunk + 3}" in capsys.readouterr().err


def test_a_smaller_set_is_the_start_of_a_larger_one():
    small, large = (load_dataset("rendered", n=n, size=32) for n in (5, 9))
    assert torch.equal(small.labels, large.labels[:5])
    assert (small.images.int() - large.images[:5].int()).abs().max() <= 2


def test_splits_seeds_and_presets_are_other_faces():
    sets = [
        load_dataset("rendered", split=split, n=8, size=32, seed=seed, preset=preset)
        for split, seed, preset in [("train", 0, "default"), ("test", 0, "default"), ("train", 1, "default"),
                                    ("train", 0, "hard")]
    ]  # fmt: skip
    assert len({s.source.sha256 for s in sets}) == 4
    assert len({s.source.version for s in sets}) == 4


def test_seven_classes_in_the_order_of_raf_db():
    found = load_dataset("rendered", n=40, size=32, num_classes=7)
    assert found.class_names == faces.CLASSES_7
    assert found.class_names[0] == "surprise"
    assert "contempt" not in found.class_names
    assert set(found.labels.tolist()) <= set(range(7))


def test_sizes_of_the_splits():
    assert rendered.DEFAULT_COUNT == {"train": 6000, "val": 1000, "test": 2000}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n must be a whole number >= 1, got 0"),
        ({"n": 2.5}, "n must be a whole number, got 2.5"),
        ({"split": "train+val"}, "split='train\\+val' is unknown; known: train, val, test"),
        ({"root": "/somewhere"}, "leave root away"),
        ({"n": 4, "size": 16}, "16"),
        ({"n": 4, "size": 500}, "500"),
        ({"n": 4, "preset": "brutal"}, "brutal"),
        ({"n": 4, "num_classes": 9}, "9"),
    ],
)
def test_what_is_out_of_range_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        load_dataset("rendered", **options)
