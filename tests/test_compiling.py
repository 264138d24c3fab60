"""A compiled backbone: the plain one's numbers and names, and other seeds find its programs."""

import dataclasses
import functools

import pytest
import torch

from scnlib import cli, compiling, runs
from scnlib.config import profile_config
from scnlib.methods import METHODS
from scnlib.models import make_backbone
from scnlib.precision import Precision
from scnlib.run_folder import open_run
from scnlib.training import Training, epoch_batches

from .conftest import make_faces, no_waiting

FLOAT32 = Precision(torch.float32, "test")
needs_a_compiler = pytest.mark.skipif(compiling.compiler() is None, reason="torch.compile needs a C++ compiler")


@pytest.fixture
def programs(monkeypatch):
    """Of each program that torch.compile was asked to make: for how many images, and its code. Nothing is fused."""
    torch._dynamo.reset()
    asked = []

    def backend(graph, inputs):
        images = next(len(tensor) for tensor in inputs if tensor.ndim == 4 and tensor.shape[-1] > 9)
        asked.append((images, graph.code))
        return graph.forward

    monkeypatch.setattr(compiling, "compiler", lambda: "none is called")
    monkeypatch.setattr(torch, "compile", functools.partial(_without_mode, torch.compile, backend))
    yield asked
    torch._dynamo.reset()


def _without_mode(compile_, backend, function, mode=None, **options):
    return compile_(function, backend=backend, **options)


def start(device="cpu", compiled=False, seed=0, method="scn"):
    recipe = profile_config("smoke", epochs=3, seed=seed)
    recipe = dataclasses.replace(recipe, method=profile_config("smoke", method=method).method)
    test = dataclasses.replace(make_faces(33, seed=9, noise=0.0), true_labels=None)
    return Training(recipe, make_faces(65), {"test": test}, torch.device(device), FLOAT32, compiled=compiled)


def assert_same_steps(compiled, plain, steps):
    """What a step changes is the same but for rounding, each time from the same weights."""
    for step in range(steps):
        for training in (compiled, plain):
            training.model.train()
            training._step(next(training._batches(1 + step, augmented=True, on_batch=lambda n: None)), 1 + step)
        mine, theirs = compiled.state(), plain.state()
        assert list(mine) == list(theirs)
        for name, value in theirs.items():
            if value.is_floating_point():
                torch.testing.assert_close(mine[name].cpu(), value.cpu(), rtol=1e-3, atol=1e-5, msg=name)
        compiled.restore({name: value.cpu() for name, value in theirs.items()}, [])


@needs_a_compiler
def test_compiled_training_is_the_plain_one_but_for_rounding():
    assert_same_steps(start(compiled=True), start(), 2)


def test_each_size_of_batch_is_compiled_once_whatever_the_seed(programs):
    for seed in (0, 1):
        training = start(compiled=True, seed=seed)
        training.train_epoch()
        training.train_epoch()
    sizes = {len(batch) for batch in epoch_batches(65, training.config.batch_size, seed=0, epoch=1)}
    assert sorted(images for images, _ in programs) == sorted(sizes)
    assert len(sizes) == 2


@pytest.mark.parametrize("method", METHODS)
def test_every_method_trains_compiled(method, programs):
    training = start(compiled=True, method=method)
    training._step(next(training._batches(1, augmented=True, on_batch=lambda n: None)), 1)
    assert programs


def test_no_random_number_is_drawn_in_a_program(programs):
    backbone = make_backbone("ir50", 32, 0).train()
    compiling.compile_backbone(backbone, graphs=False)
    backbone(torch.rand(4, 3, 32, 32))
    ((_, code),) = programs
    assert "conv2d" in code
    assert "dropout" not in code


def test_evaluation_is_not_compiled(programs):
    backbone, plain = (make_backbone("small", 48, 0).eval() for _ in range(2))
    compiling.compile_backbone(backbone, graphs=False)
    images = torch.rand(3, 3, 48, 48)
    with torch.no_grad():
        assert torch.equal(backbone(images), plain(images))
    assert not programs


def test_a_run_says_that_it_was_compiled(programs, tmp_path, monkeypatch):
    monkeypatch.setenv("SCN_OUT", str(tmp_path))
    plain = runs.run(profile_config("smoke"), out=tmp_path / "plain", progress=False)
    cli.main(["run", "--profile", "smoke", "--compile", "--out", str(tmp_path / "compiled")])
    compiled = open_run(tmp_path / "compiled")
    assert programs
    assert compiled.manifest["key"] == plain.manifest["key"]
    assert [run.row()["loop"] for run in (plain, compiled)] == ["eager", "torch.compile"]


def test_on_several_processes_it_is_refused(monkeypatch):
    monkeypatch.setattr(runs, "processes", lambda: 2)
    with pytest.raises(ValueError, match="--compile trains on one process alone, and here are 2"):
        runs.run(profile_config("smoke"), compiled=True)


def test_hooks_see_what_a_compiled_backbone_returns(programs):
    backbone = make_backbone("small", 48, 0).train()
    compiling.compile_backbone(backbone, graphs=False)
    backbone.register_forward_hook(lambda module, images, features: 2 * features)
    plain, images = make_backbone("small", 48, 0).train(), torch.rand(4, 3, 48, 48)
    torch.testing.assert_close(backbone(images), 2 * plain(images))
    assert [images for images, _ in programs] == [4]
    assert list(backbone.state_dict()) == list(plain.state_dict())


def test_without_a_compiler_it_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(ValueError, match=r"--compile needs a C\+\+ compiler .* leave --compile out"):
        compiling.compile_backbone(make_backbone("small", 48, 0), graphs=False)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("method", ["scn", "eac", "coteaching"])
def test_cuda_graphs_train_as_the_plain_loop_does(method, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    skips = torch._dynamo.utils.counters["inductor"]["cudagraph_skips"]
    compiled, plain = start("cuda", compiled=True, method=method), start("cuda", method=method)
    assert_same_steps(compiled, plain, 6)  # the first ones warm up and record
    compiled.train_epoch()  # two sizes of batches, and an evaluation in between
    compiled.train_epoch()
    assert torch._dynamo.utils.counters["inductor"]["cudagraph_skips"] == skips
    batch = next(compiled._batches(3, augmented=True, on_batch=lambda n: None))
    with no_waiting():
        compiled._step(batch, 3)
