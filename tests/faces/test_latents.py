"""Latents: the same bits everywhere, pinned values honoured, every bad value named."""

import pytest
import torch

from scnlib.faces import CLASSES, CLASSES_7, OCCLUDERS, PRESETS, Latents, latents_sha256, sample_latents

GOLDEN = "873f38b1a2197a3165bfffb66c825ecadb1ad849b0fa8d0e23d7a7a4811895e7"


def same_bits(first: Latents, second: Latents) -> bool:
    second = second.to_dict()
    return all(torch.equal(value, second[name]) for name, value in first.to_dict().items())


@pytest.mark.parametrize("preset", PRESETS)
def test_a_face_does_not_depend_on_its_batch(preset):
    together = sample_latents(3, range(1000), preset)
    order = torch.randperm(1000, generator=torch.Generator().manual_seed(0))
    shuffled = sample_latents(3, order, preset)
    assert same_bits(together[order], shuffled)
    for index in (0, 1, 7, 500, 998, 999):
        assert same_bits(together[index], sample_latents(3, [index], preset))


def test_nobody_changes_the_latents_silently():
    """If this fails on purpose, raise RENDERER_VERSION with it: runs are keyed by what the faces are."""
    assert latents_sha256(sample_latents(0, [0, 1, 41, 10**6], "hard")) == GOLDEN


def test_latents_are_drawn_without_functions_that_kernels_round_differently(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("not correctly rounded, so not the same bits everywhere")

    for name in ("exp", "log", "sin", "cos", "tan", "erfinv", "tanh", "sigmoid", "pow", "__pow__", "lerp", "addcmul"):
        monkeypatch.setattr(torch.Tensor, name, refuse)
        if hasattr(torch, name):
            monkeypatch.setattr(torch, name, refuse)
    sample_latents(0, range(10), "hard")


def test_seeds_indices_and_latents_are_unrelated():
    first, second = sample_latents(0, range(4000)), sample_latents(1, range(4000))
    columns = torch.stack([first.skin, second.skin, first.age, first.yaw, first.blur, first.label.float()])
    correlation = torch.corrcoef(columns) - torch.eye(len(columns))
    assert correlation.abs().max() < 5 / 4000**0.5
    assert abs(torch.corrcoef(torch.stack([first.skin[1:], first.skin[:-1]]))[0, 1]) < 5 / 4000**0.5


@pytest.mark.parametrize("num_classes", [7, 8])
def test_labels_are_uniform_and_the_second_class_is_another(num_classes):
    latents = sample_latents(0, range(8000), num_classes=num_classes)
    for column in (latents.label, latents.second_class):
        counts = column.bincount(minlength=num_classes)
        assert len(counts) == num_classes
        expected = 8000 / num_classes
        assert (counts - expected).abs().max() < 5 * expected**0.5
    assert (latents.label != latents.second_class).all()


def test_seven_classes_are_those_of_raf_db_in_its_order():
    assert CLASSES_7 == ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
    for name in CLASSES_7:
        seven = sample_latents(0, range(20), num_classes=7, label=CLASSES_7.index(name), mix=0.0)
        eight = sample_latents(0, range(20), num_classes=8, label=CLASSES.index(name), mix=0.0)
        assert torch.equal(seven.action_units, eight.action_units)


def test_normal_numbers_have_their_spread():
    yaw = sample_latents(0, range(20000), "hard").yaw
    assert abs(yaw.mean()) < 0.01
    assert yaw.std().item() == pytest.approx(0.24, rel=0.05)
    assert yaw.abs().max() < 0.5


def test_presets_are_ordered_by_difficulty():
    def measure(preset):
        latents = sample_latents(0, range(3000), preset)
        return torch.stack(
            [
                (latents.occluder_kind > 0).float().mean(),
                (latents.mix > 0).float().mean(),
                latents.yaw.std(),
                latents.blur.mean(),
                latents.grain.mean(),
                latents.compression.mean(),
            ]
        )

    easy, default, medium, hard = (measure(name) for name in ("easy", "default", "medium", "hard"))
    assert (easy <= default).all()
    assert (default < medium).all()
    assert (medium < hard).all()
    assert hard[0].item() == pytest.approx(0.25, abs=0.04)
    assert (easy[[0, 1, 3, 4, 5]] == 0).all()


def test_every_occluder_occurs():
    kinds = sample_latents(0, range(2000), "hard").occluder_kind
    assert kinds.unique().tolist() == list(range(len(OCCLUDERS)))


def test_pinned_latents_are_honoured_and_the_rest_stays():
    free = sample_latents(0, range(10), "hard")
    pinned = sample_latents(0, range(10), "hard", yaw=0.25, skin=torch.linspace(0, 1, 10), clothes=(0.1, 0.2, 0.3))
    assert (pinned.yaw == 0.25).all()
    assert torch.equal(pinned.skin, torch.linspace(0, 1, 10))
    assert torch.equal(pinned.clothes, torch.tensor([0.1, 0.2, 0.3]).expand(10, 3))
    for name in ("label", "action_units", "pitch", "age", "texture_key", "occluder_kind"):
        assert torch.equal(getattr(free, name), getattr(pinned, name))


def test_one_person_in_eight_moods():
    latents = sample_latents(0, [7] * 8, label=range(8), intensity=1.0)
    assert latents.label.tolist() == list(range(8))
    assert latents.jaw_width.unique().numel() == latents.skin.unique().numel() == 1


def test_what_follows_from_a_latent_follows_from_its_pinned_value():
    assert (sample_latents(0, range(50), masculine=0.0).beard == 0).all()
    assert (sample_latents(0, range(50), age=1.0).hair_grey > 0.8).all()


def test_dict_there_and_back():
    latents = sample_latents(0, range(5))
    assert same_bits(latents, Latents.from_dict(latents.to_dict()))
    with pytest.raises(ValueError, match="missing \\['skin'\\], unknown \\['colour'\\]"):
        Latents.from_dict({"colour" if name == "skin" else name: value for name, value in latents.to_dict().items()})


def test_selecting_faces():
    latents = sample_latents(0, range(6))
    assert len(latents) == 6
    assert same_bits(latents[2:4], sample_latents(0, [2, 3]))
    assert same_bits(latents[torch.tensor([5, 0])], sample_latents(0, [5, 0]))
    assert same_bits(latents[-1], sample_latents(0, [5]))
    with pytest.raises(IndexError):
        latents[6]


def test_replace_edits_some_latents_only():
    latents = sample_latents(0, range(3))
    edited = latents.replace(yaw=0.1, action_units=torch.zeros(16))
    assert (edited.yaw == 0.1).all()
    assert (edited.action_units == 0).all()
    assert torch.equal(edited.label, latents.label)
    with pytest.raises(ValueError, match="'yawn' is not a latent"):
        latents.replace(yawn=1.0)


def test_the_hash_sees_every_latent():
    latents = sample_latents(0, range(3))
    hashes = {latents_sha256(latents)}
    for name, value in latents.to_dict().items():
        changed = value.clone()
        changed.view(-1)[-1] += 1
        hashes.add(latents_sha256(Latents.from_dict(latents.to_dict() | {name: changed})))
    assert len(hashes) == 1 + len(latents.to_dict())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"preset": "harder"}, "preset must be one of easy, default, medium, hard, got 'harder'"),
        ({"crop": "wide"}, "crop must be one of tight, loose, got 'wide'"),
        ({"num_classes": 6}, "num_classes must be 8 .* got 6"),
        ({"label": 8}, r"label must be in 0..7, got 8"),
        ({"label": 7, "num_classes": 7}, "label must be below num_classes = 7, got 7"),
        ({"intensity": 1.5}, r"intensity must be in 0..1, got 1.5"),
        ({"mix": -0.1}, r"mix must be in 0..1, got -0.1"),
        ({"yaw": float("nan")}, "yaw must be finite, got nan"),
        ({"yaw": torch.zeros(3)}, r"yaw must be one value or have shape \(2,\), got \(3,\)"),
        ({"smile": 1.0}, "'smile' is not a latent; there are: label, "),
        ({"action_units": torch.full((16,), 2.0)}, r"action_units must be in 0..1.3, got 2"),
        ({"indices": []}, "at least one integer"),
        ({"indices": torch.zeros(2, 2, dtype=torch.long)}, r"got shape \(2, 2\)"),
    ],
)
def test_bad_values_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        sample_latents(0, **{"indices": [0, 1]} | arguments)
