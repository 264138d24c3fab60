"""Pre-training on rendered faces: what is asked of the network, what is measured, and that it is found again."""

import json
import math

import pytest
import torch

from scnlib import faces, pretrained, pretraining, runs
from scnlib.config import profile_config
from scnlib.faces import landmarks, sample_latents
from scnlib.pretraining import GROUPS, POSE, Settings, group_loss, measures, mirrored, r_squared, targets

TINY = Settings(backbone="small", size=32, n=32, epochs=2, batch_size=16)


@pytest.fixture(scope="module")
def latents():
    return sample_latents(3, range(40), "hard")


def test_targets_are_where_the_groups_say(latents):
    table = targets(latents.to_dict())
    units = table[:, GROUPS["action units"]]
    assert torch.equal(units[:, 3], latents.action_units[:, 3, 0])
    assert torch.equal(units[:, 16 + 3], latents.action_units[:, 3, 1])
    assert torch.equal(table[:, GROUPS["pose"]][:, POSE.index("pitch")], latents.pitch)
    assert torch.equal(table[:, GROUPS["person"]][:, 0], latents.head_width)
    assert table.dtype == torch.float32 and not table.isnan().any()
    assert sum(table[:, columns].shape[1] for columns in GROUPS.values()) == table.shape[1]


def test_no_emotion_is_asked_for(latents):
    """Faces that differ in nothing but the name of their expression have the same targets."""
    other = latents.replace(label=(latents.label + 1) % 8)
    assert torch.equal(targets(latents.to_dict()), targets(other.to_dict()))


def test_the_mirrored_face_has_the_mirrored_targets(latents):
    """Latents rebuilt from mirrored targets put eyes, nose and mouth where a mirror shows them."""
    straight = latents.replace(shift_x=0.0)
    table = mirrored(targets(straight.to_dict()))
    left, right = table[:, GROUPS["action units"]].chunk(2, dim=1)
    pose = dict(zip(POSE, table[:, GROUPS["pose"]].T, strict=True))
    turned = straight.replace(action_units=torch.stack([left, right], dim=2), **pose)
    seen = landmarks(straight, 48)[:, [1, 0, 2, 4, 3]]
    seen[..., 0] = 48 - seen[..., 0]
    torch.testing.assert_close(landmarks(turned, 48), seen, atol=2e-3, rtol=0)
    assert not torch.allclose(landmarks(straight, 48), seen, atol=0.5)
    assert torch.equal(mirrored(table), targets(straight.to_dict()))


def test_the_loss_against_loops(latents):
    wanted = targets(latents.to_dict()).double()
    predicted = wanted + torch.randn(wanted.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    groups = []
    for columns in GROUPS.values():
        a, b = predicted[:, columns].tolist(), wanted[:, columns].tolist()
        squares = [(x - y) ** 2 for one, other in zip(a, b, strict=True) for x, y in zip(one, other, strict=True)]
        groups.append(sum(squares) / len(squares))
    assert float(group_loss(predicted, wanted)) == pytest.approx(sum(groups) / 3)


def test_r_squared_against_loops():
    generator = torch.Generator().manual_seed(0)
    wanted = torch.rand(50, 3, generator=generator, dtype=torch.float64)
    predicted = wanted + 0.2 * torch.randn(50, 3, generator=generator, dtype=torch.float64)
    for column in range(3):
        truth, said = wanted[:, column].tolist(), predicted[:, column].tolist()
        missed = sum((a - b) ** 2 for a, b in zip(truth, said, strict=True))
        spread = sum((a - sum(truth) / 50) ** 2 for a in truth)
        assert float(r_squared(predicted, wanted)[column]) == pytest.approx(1 - missed / spread)
    assert r_squared(wanted.mean(0).expand(50, 3), wanted).abs().max() < 1e-12


def test_measures_say_what_was_read(latents):
    wanted = targets(latents.to_dict())
    perfect = measures(wanted, wanted)
    assert perfect["action_units_mean"] == perfect["person"] == 1 and perfect["angle_errors"]["yaw"] == 0
    off = wanted.clone()
    off[:, GROUPS["pose"].start + POSE.index("roll")] += math.radians(5)
    off[:, [2, 18]] = wanted[:, [2, 18]].mean()
    found = measures(off, wanted)
    assert found["angle_errors"]["roll"] == pytest.approx(5, abs=1e-3)
    assert found["action_units"]["AU4"] == pytest.approx(0, abs=1e-3) and found["action_units"]["AU1"] == 1
    assert list(found["action_units"]) == [f"AU{unit}" for unit in faces.ACTION_UNITS]


def test_people_are_found_again_by_what_is_known_of_them(monkeypatch):
    """A reader that knows the truth finds everyone; one that guesses finds as many as chance."""
    monkeypatch.setattr(pretraining, "PEOPLE", 12)
    told = []
    original = pretraining.faces.render

    def overheard(latents, size):
        told.append(latents)
        return original(latents, size)

    monkeypatch.setattr(pretraining.faces, "render", overheard)

    def knows(images):
        return targets(told[-1].to_dict())

    std = targets(sample_latents(0, range(50)).to_dict()).std(0).clamp(min=1e-6)
    assert pretraining.identification(TINY, knows, std) == {"people": 12, "people_found": 1.0}
    first, second = told
    assert torch.equal(first.eye_width, second.eye_width) and not torch.equal(first.yaw, second.yaw)
    assert not torch.equal(first.action_units, second.action_units)
    generator = torch.Generator().manual_seed(0)

    def guesses(images):
        return torch.rand(len(images), len(std), generator=generator)

    assert pretraining.identification(TINY, guesses, std)["people_found"] < 0.5


@pytest.fixture
def small_sets(monkeypatch):
    monkeypatch.setattr(pretraining, "HELD_OUT", 16)
    monkeypatch.setattr(pretraining, "PEOPLE", 4)


def test_a_pretraining_is_kept_found_and_started_from(small_sets, squares, capsys, monkeypatch):
    said = []
    path = pretraining.pretrain(TINY, say=said.append)
    manifest = json.loads((path / "manifest.json").read_text())
    assert manifest["identity"] == TINY.identity() and manifest["settings"]["n"] == 32
    assert manifest["held_out"]["n"] == 16 and 0 <= manifest["held_out"]["people_found"] <= 1
    assert len(said) == 2 and said[1].startswith("epoch 2/2: error ")
    assert float(said[1].split("error ")[1].split()[0]) < float(said[0].split("error ")[1].split()[0])
    assert sorted(p.name for p in path.iterdir()) == ["manifest.json", "model.safetensors"]
    monkeypatch.setattr(pretraining, "_fit", lambda *a: pytest.fail("trained again"))
    assert pretraining.pretrain(TINY) == path
    with pytest.raises(ValueError, match="holds other weights .* choose another --out"):
        pretraining.pretrain(Settings(backbone="small", size=32, n=49), out=path)

    config = pretrained.start_from(profile_config("smoke", method="baseline"), path)
    run = runs.run(config, progress=False, weights=path)
    assert run.config.pretrained == TINY.identity() and run.row()["weights"] == "rendered-latents"
    words, fits = pretrained.report(path)
    assert fits and "dropped        2: latents." in words and "our own pretraining" in words
    assert "people found again" in pretraining.summary(path)


def test_the_same_settings_give_the_same_weights(small_sets, tmp_path):
    once = Settings(backbone="small", size=32, n=16, epochs=1, batch_size=8)
    a, b = (pretraining.pretrain(once, out=tmp_path / name, say=str) for name in "ab")
    assert (a / "model.safetensors").read_bytes() == (b / "model.safetensors").read_bytes()


def test_seeds_share_a_recipe_and_nothing_else():
    first, other = Settings(seed=0).identity(), Settings(seed=1).identity()
    assert first != other and pretrained.weights_recipe(first) == pretrained.weights_recipe(other)
    assert pretrained.weights_recipe(Settings(epochs=3).identity()) != pretrained.weights_recipe(first)


@pytest.mark.parametrize("wrong", [{"backbone": "vgg"}, {"n": 0}, {"epochs": 0}])
def test_a_wrong_setting_is_named(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}"):
        Settings(**wrong)
