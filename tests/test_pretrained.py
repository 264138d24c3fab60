"""Weights to start from: every layout that people have, and everything that must be refused."""

import dataclasses
import json
import os
import pickle

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from scnlib import pretrained, runs
from scnlib.config import Config, profile_config
from scnlib.models import NORMALIZATIONS, make_backbone, normalize
from scnlib.paper.grid import Selector
from scnlib.paper.results import prepare, select
from scnlib.precision import choose_precision
from scnlib.training import Training, build_model

from .conftest import make_faces

# Hashes of configs from before there were ``pretrained`` and ``normalization``.
QUICK = "6805e000ee116ecf5a6c2502aba45de015dca0f7391a41608279ee33a700f44e"
PAPER = "de960659488787633ac4ff3d4967fc742625c5c5e2f2a9f3f5094e008265c075"


def resnet18_names(stem=7):
    """Names and shapes of torchvision's ResNet-18 without its classifier, written down from its layout."""
    norm = ("weight", "bias", "running_mean", "running_var")
    names = {"conv1.weight": (64, 3, stem, stem)} | {f"bn1.{part}": (64,) for part in norm}
    inputs = 64
    for layer, width in enumerate((64, 128, 256, 512), start=1):
        for block in range(2):
            at = f"layer{layer}.{block}"
            names |= {f"{at}.conv1.weight": (width, inputs, 3, 3), f"{at}.conv2.weight": (width, width, 3, 3)}
            names |= {f"{at}.bn{i}.{part}": (width,) for i in (1, 2) for part in norm}
            if inputs != width:
                names |= {f"{at}.downsample.0.weight": (width, inputs, 1, 1)}
                names |= {f"{at}.downsample.1.{part}": (width,) for part in norm}
            inputs = width
    return names


def filled(names, seed=0):
    """Tensors for names: constants, different for each, which files hold in a few bytes."""
    values = torch.rand(len(names), generator=torch.Generator().manual_seed(seed)).tolist()
    return {name: torch.tensor(v).expand(shape) for (name, shape), v in zip(names.items(), values, strict=True)}


def resnet18(**changes):
    return filled(resnet18_names(**changes))


def counters(tensors):
    return {n.replace("weight", "num_batches_tracked"): torch.tensor(7) for n in tensors if "bn" in n and "weight" in n}


def saved(path, content):
    torch.save(content, path)
    return path


def ijba(path):
    """As ijba_res18_naive.pth.tar is: names after ``module.``, two heads, from before PyTorch counted batches."""
    shapes = {"feature.weight": (256, 512), "feature.bias": (256,), "fc.weight": (87020, 256), "fc.bias": (87020,)}
    heads = filled(shapes)
    tensors = {f"module.{name}": tensor for name, tensor in (resnet18() | heads).items()}
    return saved(path / "ijba_res18_naive.pth.tar", {"epoch": 12, "arch": "resnet18", "state_dict": tensors})


def with_classifier():
    return resnet18() | filled({"fc.weight": (1000, 512), "fc.bias": (1000,)})


# ------------------------------------------------------------------------------------------------------- what is taken


def test_ijba(tmp_path):
    start = pretrained.load(ijba(tmp_path), "resnet18", 224)
    assert start.checkpoint.identity.startswith("msceleb@sha256:") and len(start.checkpoint.identity) == 31
    assert start.checkpoint.normalization == "unit"
    found = pretrained.fit(start.checkpoint.tensors, "resnet18", 112)
    assert (found.prefix, len(found.matched), len(found.counters)) == ("module.", 100, 20)
    assert found.dropped == ("module.feature.weight", "module.feature.bias", "module.fc.weight", "module.fc.bias")
    make_backbone("resnet18", 224, 0).load_state_dict(start.tensors, strict=True)
    assert torch.equal(start.tensors["layer4.1.bn2.running_var"], resnet18()["layer4.1.bn2.running_var"])


@pytest.mark.parametrize(
    ("wrapped", "name"), [(True, "msceleb"), (False, "imagenet")], ids=["resnet18_msceleb.pth", "torchvision"]
)
def test_torchvisions_names(tmp_path, wrapped, name):
    tensors = with_classifier() | counters(resnet18())
    start = pretrained.load(saved(tmp_path / "w.pth", {"state_dict": tensors} if wrapped else tensors), "resnet18", 112)
    assert start.checkpoint.identity.startswith(f"{name}@sha256:")
    assert start.checkpoint.normalization == "imagenet"
    assert start.tensors["bn1.num_batches_tracked"] == 7


def test_torchvisions_own_file_is_known_by_its_content():
    assert pretrained.recognise({}, True, "f37072fd" + 56 * "0")[0] == "imagenet"


def test_ir50_of_face_evolve(tmp_path):
    with torch.device("meta"):
        shapes = {n: tuple(t.shape) for n, t in pretrained._shapes("ir50", 112).items() if "num_b" not in n}
    path = saved(tmp_path / "backbone_ir50.pth", filled(shapes))
    found = pretrained.fit(pretrained.read(path).tensors, "ir50", 112)
    assert found.complete and not found.dropped
    assert pretrained.read(path).normalization == "signed"
    with pytest.raises(ValueError, match="It holds ir50: say --size 112$"):
        pretrained.load(path, "ir50", 224)
    with pytest.raises(ValueError, match="It holds ir50: say --backbone ir50 --size 112$"):
        pretrained.load(path, "resnet18", 112)


@pytest.mark.parametrize("prefix", ["", "module.", "encoder.net.", "backbone."])
def test_any_prefix(tmp_path, prefix):
    path = tmp_path / "w.safetensors"
    save_file({prefix + name: tensor.contiguous() for name, tensor in resnet18(stem=3).items()}, path)
    found = pretrained.fit(pretrained.read(path).tensors, "resnet18", 48)
    assert found.complete and found.prefix == prefix


def test_of_two_networks_in_a_file_the_one_called_backbone_counts(tmp_path):
    both = {f"a.{n}": t for n, t in resnet18().items()} | {f"backbone.{n}": t + 1 for n, t in resnet18().items()}
    start = pretrained.load(saved(tmp_path / "w.pth", both), "resnet18", 112)
    assert torch.equal(start.tensors["conv1.weight"], resnet18()["conv1.weight"] + 1)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_become_float32(tmp_path, dtype):
    tensors = {name: tensor.to(dtype) for name, tensor in resnet18().items()}
    start = pretrained.load(saved(tmp_path / "w.pth", tensors), "resnet18", 224)
    assert {t.dtype for n, t in start.tensors.items() if "num_batches" not in n} == {torch.float32}
    assert torch.equal(start.tensors["conv1.weight"], tensors["conv1.weight"].float())


# ------------------------------------------------------------------------------------------------------ what is refused


def refused(path, backbone="resnet18", size=224):
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        pretrained.load(path, backbone, size)
    return str(caught.value)


def test_the_mistake_of_the_released_code_is_no_silent_no_op(tmp_path):
    """Its network is ``nn.Sequential(*children)``, so its names are numbers; ``strict=False`` loads nothing of them."""
    places = {"conv1": 0, "bn1": 1, "layer1": 4, "layer2": 5, "layer3": 6, "layer4": 7}
    numbered = {}
    for name, tensor in resnet18().items():
        first, _, rest = name.partition(".")
        numbered[f"features.{places[first]}.{rest}"] = tensor
    backbone = make_backbone("resnet18", 224, 0)
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    backbone.load_state_dict(numbered, strict=False)  # what went wrong: no error, and nothing changed
    assert all(torch.equal(tensor, before[name]) for name, tensor in backbone.state_dict().items())
    message = refused(saved(tmp_path / "w.pth", {"state_dict": numbered}))
    assert "w.pth: 0 of the 100 weights of resnet18 at 224 px are in it, so nothing was loaded" in message
    assert "No place for: 100: features.0.weight" in message


@pytest.mark.parametrize("name", ["conv1.weight", "layer3.1.bn2.running_mean", "layer4.0.downsample.0.weight"])
def test_a_single_missing_or_misshapen_weight_is_refused(tmp_path, name):
    tensors = resnet18()
    del tensors[name]
    message = refused(saved(tmp_path / "missing.pth", tensors))
    assert "99 of the 100 weights of resnet18 at 224 px are in it, so nothing was loaded" in message
    assert f"Missing: 1: {name}" in message
    shape = "x".join(map(str, resnet18_names()[name]))
    tensors[name] = torch.zeros(5)
    assert f"Wrong: 1: {name} is 5 and not {shape}" in refused(saved(tmp_path / "misshapen.pth", tensors))
    tensors[name] = resnet18()[name].to(torch.int8)
    assert f"Wrong: 1: {name} is int8 and not float32" in refused(saved(tmp_path / "quantised.pth", tensors))


def test_a_stem_for_other_images_says_which_size_it_is_for(tmp_path):
    large, small = (saved(tmp_path / f"{s}.pth", resnet18(stem=s)) for s in (7, 3))
    assert refused(large, size=48).endswith("It holds resnet18 with a stem of another size: say --size 112 or 224")
    assert refused(small, size=224).endswith("It holds resnet18 with a stem of another size: say --size 48")


def test_another_network_is_named(tmp_path):
    path = saved(tmp_path / "w.pth", make_backbone("small", 48, 0).state_dict())
    assert "0 of the 100" in refused(path) and "It holds small: say --backbone small --size 48" in refused(path)
    path = saved(tmp_path / "vgg.pth", {"features.0.weight": torch.zeros(64, 3, 3, 3)})
    assert "It holds none of resnet18, small, ir50, or one under other names" in refused(path)


def test_numbers_that_are_none_are_refused(tmp_path):
    tensors = resnet18()
    tensors["bn1.weight"] = torch.full((64,), torch.nan)
    path = saved(tmp_path / "w.pth", tensors)
    assert "Wrong: 1: bn1.weight is not finite everywhere" in refused(path)
    assert not pretrained.report(path, "resnet18", 224)[1]


class Malicious:
    def __init__(self, touched):
        self.touched = touched

    def __reduce__(self):
        return os.mkdir, (str(self.touched),)


@pytest.mark.parametrize("kind", ["pickle", "new pickle", "torch", "old torch"])
def test_a_malicious_pickle_does_not_run(tmp_path, kind):
    path, touched = tmp_path / "w.pth.tar", tmp_path / "it ran"
    content = {"state_dict": resnet18(), "arch": Malicious(touched)}
    if "pickle" in kind:
        path.write_bytes(pickle.dumps(content["arch"], protocol=2 if kind == "pickle" else None))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=kind == "torch")
    message = refused(path)
    assert "nothing was run" in message
    if kind != "new pickle":  # of which torch reads nothing at all
        assert "asks to run" in message and "mkdir while it is read" in message
    assert not touched.exists()


def test_a_whole_network_is_no_state_dict(tmp_path):
    assert "asks to run scnlib.models" in refused(saved(tmp_path / "w.pth", make_backbone("small", 32, 0)))


@pytest.mark.parametrize("kind", ["torch", "old torch", "safetensors"])
def test_a_file_that_is_cut_off_is_damaged(tmp_path, kind):
    path = tmp_path / ("w.safetensors" if kind == "safetensors" else "w.pth")
    tensors = {name: tensor.contiguous() for name, tensor in filled({"a": (50, 50), "b": (50, 50)}).items()}
    if kind == "safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors, path, _use_new_zipfile_serialization=kind == "torch")
    content = path.read_bytes()
    for share in (0.1, 0.6, 0.95):
        path.write_bytes(content[: int(share * len(content))])
        assert f"{path} is damaged" in refused(path)


def test_what_is_no_file_of_weights(tmp_path):
    (tmp_path / "empty.pth").touch()
    (tmp_path / "page.pth").write_text("\n<!DOCTYPE html><html>Google Drive can't scan this file</html>")
    (tmp_path / "text.pth").write_text("hello")
    assert refused(tmp_path / "empty.pth").endswith("is empty")
    assert "is a web page, no weights" in refused(tmp_path / "page.pth")
    assert "is damaged, cut off, or no file of tensors" in refused(tmp_path / "text.pth")
    assert "holds no weights; its names: epoch" in refused(saved(tmp_path / "a.pth", {"epoch": 3}))
    assert "holds a list, no state dict" in refused(saved(tmp_path / "b.pth", [torch.zeros(3)]))
    assert "there is no such file" in refused(tmp_path / "nothing.pth")
    assert "holds no finished run" in refused(tmp_path)


# --------------------------------------------------------------------------------------------------------------- scale


def test_scales_against_float64():
    pixels = torch.randint(0, 256, (2, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    x = pixels.double() / 255
    mean = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).view(3, 1, 1)
    wanted = {"centred": (x - 0.5) / 0.25, "unit": x, "signed": 2 * x - 1, "imagenet": (x - mean) / std}
    assert set(wanted) == set(NORMALIZATIONS)
    for how, expected in wanted.items():
        torch.testing.assert_close(normalize(pixels, how).double(), expected, atol=2e-6, rtol=0)
    grey = pixels[:, :1]
    torch.testing.assert_close(normalize(grey, "imagenet"), normalize(grey.expand(-1, 3, -1, -1), "imagenet"))
    assert pixels.dtype == torch.uint8
    # Bit for bit what runs had before there was a choice.
    assert torch.equal(normalize(pixels), pixels.float().mul_(1 / (255 * 0.25)).sub_(2.0))


@pytest.mark.parametrize("how", NORMALIZATIONS)
def test_training_and_prediction_scale_as_the_config_says(how):
    config = dataclasses.replace(smoke(), normalization=how)
    training = start(config)
    seen = []
    training.model.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach().clone()))
    training.infer(training.images)
    torch.testing.assert_close(torch.cat(seen), normalize(training.images, how), rtol=0, atol=1e-6)
    mean = seen[0].mean()
    seen.clear()
    training.train_epoch()
    # A view repeats its border, so its mean is near that of the image; other scales are far from it.
    assert abs(torch.cat([s.mean((1, 2, 3)) for s in seen[:2]]).mean() - mean) < 0.1


# ---------------------------------------------------------------------------------------------------------------- runs


def smoke(**fields):
    return profile_config("smoke", **{"noise_rate": 0.25, "backbone": "small", **fields})


def start(config, weights=None, faces=None):
    device = torch.device("cpu")
    faces = faces or make_faces()
    return Training(config, faces, {"test": faces}, device, choose_precision(device), weights)


@pytest.fixture
def weights(tmp_path):
    tensors = make_backbone("small", 32, seed=77).state_dict()
    return saved(tmp_path / "celebrities.pth", {"state_dict": {f"module.{n}": t for n, t in tensors.items()}})


def test_defaults_leave_every_key_as_it_is():
    assert profile_config("quick").sha256() == QUICK
    assert profile_config("paper", dataset="ferplus", method="baseline", noise_rate=0.3, seed=2).sha256() == PAPER
    assert profile_config("quick", pretrained="msceleb@sha256:0123456789abcdef").sha256() != QUICK
    assert profile_config("quick", normalization="unit").sha256() != QUICK


def test_training_starts_from_the_weights_and_not_near_them(weights):
    found = pretrained.load(weights, "small", 32)
    for method in ("baseline", "scn"):
        training = start(smoke(method=method), found.tensors)
        for name, tensor in make_backbone("small", 32, seed=77).state_dict().items():
            assert torch.equal(training.model.backbone.state_dict()[name], tensor), name
    scratch = build_model(smoke(), 4)
    heads = [dict(model.named_parameters())["classifier.weight"] for model in (scratch, training.model)]
    assert torch.equal(*heads)  # heads are new, and the seed's
    assert not torch.equal(scratch.backbone.stages[0][0].weight, training.model.backbone.stages[0][0].weight)


def test_a_run_that_starts_from_a_file(squares, tmp_path, weights):
    config = pretrained.start_from(smoke(), weights, "unit")
    run = runs.run(config, progress=False, weights=weights)
    sha256 = pretrained.read(weights).sha256
    assert run.config.pretrained == f"other@sha256:{sha256[:16]}"
    assert run.config.normalization == "unit"
    assert run.manifest["pretrained"] == {
        "identity": run.config.pretrained, "sha256": sha256, "file": "celebrities.pth",
        "origin": "no layout that is known here",
    }  # fmt: skip
    assert run.row()["weights"] == "other"
    assert runs.run(smoke(), progress=False).path != run.path
    weights.unlink()
    network = run.network()  # the file has gone
    for name, tensor in run.weights().items():
        assert torch.equal(network.state_dict()[name], tensor)
    assert runs.run(run.config, progress=False).path == run.path  # found, without the file


@pytest.mark.parametrize("normalization", ["centred", "unit"])
def test_weights_that_the_config_does_not_name_are_refused_however_images_are_scaled(squares, weights, normalization):
    """To start from weights the config must say which, and then also how images are scaled: nothing is filled in."""
    with pytest.raises(
        ValueError, match=r"celebrities\.pth: the config names no weights .* call pretrained\.start_from"
    ):
        runs.run(smoke(normalization=normalization), progress=False, weights=weights)
    for said in ("centred", "signed"):
        config = pretrained.start_from(smoke(normalization=normalization), weights, said)
        assert runs.run(config, progress=False, weights=weights).config.normalization == said


def test_a_file_that_does_not_tell_its_scale_is_asked_about(weights):
    with pytest.raises(ValueError, match=r"does not tell how its images were scaled.* say --normalization centred or"):
        pretrained.start_from(smoke(), weights)


def test_the_wrong_file_and_no_file_are_refused(squares, tmp_path, weights):
    config = pretrained.start_from(smoke(), weights, "unit")
    with pytest.raises(ValueError, match=r"this run starts from other@sha256:.*; say weights=FILE"):
        runs.run(config, progress=False)
    other = saved(tmp_path / "w.pth", make_backbone("small", 32, seed=1).state_dict())
    with pytest.raises(ValueError, match=r"w\.pth is other@sha256:.*, and this run starts from other@sha256:"):
        runs.run(config, progress=False, weights=other)


def test_a_resumed_run_ends_like_an_undisturbed_one_without_the_file(squares, tmp_path, weights, monkeypatch):
    config = pretrained.start_from(smoke(epochs=3), weights, "signed")
    whole = runs.run(config, out=tmp_path / "whole", progress=False, weights=weights)
    original = runs.Training.train_epoch

    def killed_in_the_second_epoch(self, **kwargs):
        if self.epoch == 1:
            raise KeyboardInterrupt
        return original(self, **kwargs)

    monkeypatch.setattr(runs.Training, "train_epoch", killed_in_the_second_epoch)
    with pytest.raises(KeyboardInterrupt):
        runs.run(config, out=tmp_path / "cut", progress=False, weights=weights)
    monkeypatch.setattr(runs.Training, "train_epoch", original)
    weights.unlink()
    cut = runs.run(config, out=tmp_path / "cut", progress=False)
    assert (cut.path / "model.safetensors").read_bytes() == (whole.path / "model.safetensors").read_bytes()
    assert cut.manifest["pretrained"] == whole.manifest["pretrained"]


def test_a_run_that_starts_from_a_run(squares):
    first = runs.run(smoke(method="scn"), progress=False)
    config = pretrained.start_from(smoke(method="baseline"), first.path)
    second = runs.run(config, progress=False, weights=first.path)
    name, how, recipe, key = second.config.pretrained.replace("@", ":").split(":")
    assert (name, how, key) == ("rendered-scn", "run", first.manifest["key"])
    assert recipe == first.config.sha256()[:8]  # it has seed 0
    assert second.row()["weights"] == "rendered-scn"
    same = pretrained.start_from(smoke(method="baseline"), first.path / "model.safetensors")
    assert same == second.config
    backbone = {n.removeprefix("backbone."): t for n, t in first.weights().items() if n.startswith("backbone.")}
    found = pretrained.load(first.path, "small", 32).tensors
    assert found.keys() == backbone.keys() and all(torch.equal(found[n], backbone[n]) for n in found)


@pytest.mark.parametrize("backbone", ["small", "resnet18", "ir50"])
def test_the_verdict_on_a_run_is_of_the_size_that_it_was_trained_with(squares, backbone):
    path = runs.run(smoke(backbone=backbone, epochs=1), progress=False).path
    words, fits = pretrained.report(path)
    assert fits and f"against        {backbone} at 32 px" in words
    assert words.endswith(f"scn run --weights {path} --backbone {backbone} --size 32")
    sizes = {"small": "32 or 48 or 112 or 224", "resnet18": "32 or 48", "ir50": "32"}[backbone]
    assert f"verdict: complete, for images of {sizes} px\n" in words
    assert pretrained.load(path, backbone, 32).checkpoint.size == 32


def test_a_network_of_another_size_says_which_it_was_trained_with(squares):
    path = runs.run(smoke(backbone="ir50", epochs=1), progress=False).path
    assert refused(path, "ir50", 112).endswith("It holds ir50: say --size 32")
    words, fits = pretrained.report(path, "ir50", 112)
    assert not fits and "It holds ir50: say --size 32" in words


def test_the_verdict_names_the_size_that_was_asked_for(weights):
    assert "verdict: complete, for images of 64 or" not in pretrained.report(weights)[0]
    words, fits = pretrained.report(weights, "small", 64)
    assert fits and "verdict: complete, for images of 48 or 64 or 112 or 224 px" in words


def test_a_run_hands_on_how_it_scales(squares, weights):
    config = pretrained.start_from(smoke(), weights, "signed")
    first = runs.run(config, progress=False, weights=weights)
    assert pretrained.start_from(smoke(method="baseline"), first.path).normalization == "signed"


def test_an_unfinished_run_is_no_start(squares, tmp_path):
    run = runs.run(smoke(), out=tmp_path / "run", progress=False)
    (run.path / "manifest.json").write_text('{"status": "failed"}')
    assert "was not finished" in refused(run.path, "small", 32)


def test_seeds_of_one_pretraining_share_a_recipe():
    a, b, c = (f"rendered-scn@run:{recipe * 8}:{key * 16}" for recipe, key in ("0a", "0b", "1a"))
    assert pretrained.weights_recipe(a) == pretrained.weights_recipe(b) != pretrained.weights_recipe(c)
    files = [f"msceleb@sha256:{digit * 16}" for digit in "ab"]
    assert pretrained.weights_recipe(files[0]) != pretrained.weights_recipe(files[1])
    assert pretrained.weights_name(files[0]) == "msceleb" and pretrained.weights_name("") == ""


@pytest.mark.parametrize("wrong", ["msceleb", "/home/me/w.pth", "msceleb@sha256:xyz", "a@run:0123"])
def test_the_config_takes_no_path(wrong):
    with pytest.raises(ValueError, match="pretrained=.* names no weights"):
        smoke(pretrained=wrong)


def test_an_unknown_scale_is_named():
    with pytest.raises(ValueError, match="normalization='zero' is unknown; known: 'centred'"):
        smoke(normalization="zero")


def test_tables_keep_weights_apart(squares, tmp_path):
    """Scratch, two different files of MS-Celeb-1M, and two seeds of one pre-training."""
    plain = runs.run(smoke(), progress=False).row()

    def row(seed, identity, how="unit"):
        config = smoke(seed=seed, pretrained=identity, normalization=how)
        return plain | {
            "key": f"{seed}{identity}", "seed": seed, "weights": pretrained.weights_name(identity),
            "config": json.dumps(config.to_dict()), "accuracy": 50.0 + seed,
        }  # fmt: skip

    files = [f"msceleb@sha256:{digit * 16}" for digit in "ab"]
    own = [f"rendered-scn@run:{'0' * 8}:{digit * 16}" for digit in "ab"]
    rows = [plain, row(1, files[0]), row(2, files[1]), row(3, own[0]), row(4, own[1])]
    table = prepare(pd.DataFrame(rows))

    def found(**fields):
        chosen = select(table, Selector("scn", "rendered", 0.25, **fields))
        return dict(zip(chosen["seed"], chosen["recipe"], strict=True))

    assert list(found()) == [0] and "from" not in found()[0]
    assert list(found(pretrained=True)) == [1, 2]
    assert found(pretrained=True)[1] != found(pretrained=True)[2]
    ours = found(pretrained=True, weights="rendered-scn")
    assert list(ours) == [3, 4] and ours[3] == ours[4] and "from rendered-scn@run:00000000" in ours[3]


def test_config_round_trip():
    config = smoke(pretrained="msceleb@sha256:0123456789abcdef", normalization="imagenet")
    assert Config.from_dict(config.to_dict()) == config
