"""Several processes against one: the same loss, gradients, labels and runs. Two (once three) on CPUs, over gloo."""

import dataclasses
import importlib.util
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing
from torch import nn

from scnlib import distributed, runs, splits
from scnlib.config import profile_config
from scnlib.distributed import Shares, share
from scnlib.losses import rank_regularization
from scnlib.methods import METHODS, SCN, Batch
from scnlib.methods.curriculumnet import CurriculumNet
from scnlib.models import Classifier, SmallCNN
from scnlib.precision import Precision
from scnlib.run_folder import open_run
from scnlib.training import Training

from .conftest import load_squares, make_faces
from .methods.test_every_method import small
from .test_runs import same_results, smoke

INSTALLED = set(METHODS) - (set() if importlib.util.find_spec("cleanlab") else {"confident_learning"})
SPLITTABLE = [name for name, method in METHODS.items() if method.splittable and name in INSTALLED]
FLOAT32 = Precision(torch.float32, "test")
CPU = torch.device("cpu")


class Stopped(Exception):
    """In the middle of a run."""


# ------------------------------------------------------------------------------- what one process and several both do


class Float64Classifier(Classifier):
    def features(self, images):
        return self.backbone(images)


#: Name -> method, whether all importances tie, batch size. Both shares of the last two are uneven.
CASES = {
    "even": (SCN(relabel_epoch=1, margin_rank=0.9), False, 34),
    "ties": (SCN(relabel_epoch=1), True, 34),
    "uneven": (SCN(relabel_epoch=1, margin_rank=0.9), False, 35),
    "learnable margin": (SCN(learnable_margin=True, margin_reward=0.2, margin_rank=0.3), True, 35),
}


def step_in_float64(case):
    """Loss, gradients and new labels of a batch whose brighter, more important half lies with the last processes."""
    method, ties, n = CASES[case]
    torch.manual_seed(0)
    backbone = SmallCNN(32)
    model = Float64Classifier(backbone, 4, importance=True)
    if method.learnable_margin:
        model.margin_rank = nn.Parameter(torch.tensor(method.margin_rank))
    model.double().train()
    normalise_by_running_means(model)
    with torch.no_grad():
        model.importance.weight *= 0 if ties else 300
    images = (
        torch.randn(n, 3, 32, 32, dtype=torch.float64)
        + torch.linspace(-2, 2, n, dtype=torch.float64)[:, None, None, None]
    )
    labels = torch.randint(4, (n,))
    shares = Shares([backbone])
    step = method.step(model, Batch(shares.own(images), labels, labels, torch.arange(n)), epoch=1)
    step.loss.backward()
    distributed.average(p.grad for p in model.parameters())
    gradients = {name: p.grad for name, p in model.named_parameters()}
    return {"loss": step.loss.detach(), "alpha": step.alpha.detach(), "labels": step.labels, "gradients": gradients}


def normalise_by_running_means(model):
    """Batch normalisation in evaluation mode, for good: no sample then depends on which others share its process."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
            module.train = lambda mode, module=module: module


def training_of(method, n=67, device=CPU, **fields):
    recipe = dataclasses.replace(profile_config("smoke", epochs=3, **fields), method=method)
    test = dataclasses.replace(make_faces(31, seed=9, noise=0.0), true_labels=None)
    return Training(recipe, make_faces(n), {"test": test}, device, FLOAT32)


def step_of(name, device=CPU):
    """Loss and gradients of a method's first batch, by the loop's own way."""
    training = training_of(small(name), batch_size=33, device=device)
    if device == CPU:
        normalise_by_running_means(training.model)
    torch.manual_seed(1)
    batch = next(training._batches(1, augmented=True, on_batch=lambda n: None))
    training.model.train()
    step = training._step(batch, 1)
    return {"loss": step.loss.detach(), "gradients": {n: p.grad for n, p in training.model.named_parameters()}}


def trained(method, *, by_running_means, **fields):
    """The state of a training after two epochs."""
    training = training_of(method, **fields)
    if by_running_means:
        normalise_by_running_means(training.model)
    records = [training.train_epoch() for _ in range(2)]
    return training.state(), [{k: v for k, v in row.items() if k != "seconds"} for row in records]


EPOCHS = {
    "oversampled": (SCN(relabel_epoch=1, margin_relabel=0.0), {"oversample": True, "batch_size": 23}),
    "relabelled in evaluation mode": (SCN(relabel_epoch=1, relabel_mode="eval", margin_relabel=0.0), {}),
    "adam": (SCN(relabelling=False), {"optimizer": "adam", "lr": 0.001}),
    "looked at between epochs": (CurriculumNet(warm_up=1), {}),
}


def cut_off(out, monkeypatch):
    """Begin a run of three epochs and stop in the second."""
    original, epochs = Training.train_epoch, []

    def stopping(self, **kwargs):
        epochs.append(1)
        if len(epochs) == 2:
            raise Stopped
        return original(self, **kwargs)

    monkeypatch.setattr(Training, "train_epoch", stopping)
    with pytest.raises(Stopped):
        runs.run(smoke(epochs=3), out=out, device="cpu", progress=False)
    monkeypatch.setattr(Training, "train_epoch", original)


# ---------------------------------------------------------------------------------------------------- the processes


def _process(rank, world, folder):
    """One of several processes: everything that is compared below, done once and saved."""
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    os.environ |= {"SCN_CACHE": str(folder / "cache"), "SCN_OUT": str(folder / "out"), "SCN_HEADLESS": "1"}
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=world)
    found = {case: step_in_float64(case) for case in CASES}
    if world == 2:
        found |= _found_by_two(rank, folder)
    torch.save(found, folder / f"{rank}.pt")
    if rank == 0:  # the others leave: who waits for them is told so
        with pytest.raises(RuntimeError):
            distributed.average([torch.ones(1)])
        (folder / "told").touch()
    dist.destroy_process_group()


def _found_by_two(rank, folder):
    found = {name: step_of(name) for name in SPLITTABLE}
    for name, (method, fields) in EPOCHS.items():
        found[name] = trained(method, by_running_means=True, **fields)
    found["training"] = trained(SCN(relabel_epoch=1, margin_relabel=0.0), by_running_means=False)
    found["dropout"] = _dropout()
    training = training_of(SCN(relabelling=False))
    found["few"] = [training.infer(training.images[:n])[0] for n in (1, 2, 5)]
    found["features"] = training.features()

    found["answer"] = distributed.first(lambda: f"from {rank}")
    with pytest.raises(FileNotFoundError, match="only the first looked"):
        distributed.first(_missing, rank)

    splits.load_dataset = load_squares
    with pytest.raises(ValueError, match="^method mixup trains on one process alone; on 2 do: baseline, scn"):
        runs.run(smoke(method="mixup"), out=folder / "mixup", device="cpu", progress=False)
    with pytest.raises(ValueError, match=f"different runs .process {rank}: "):
        runs.run(smoke(seed=rank), out=folder / "different", device="cpu", progress=False)
    assert not (folder / "different").exists()
    with pytest.raises(ValueError, match="a batch of 2 leaves fewer than 2 samples to each of 2 processes"):
        runs.run(smoke(batch_size=3), out=folder / "tiny", device="cpu", progress=False)
    runs.run(smoke(epochs=3), out=folder / "whole", device="cpu", progress=False)
    with pytest.raises(runs.RunConflict, match="Choose another --out; nothing was changed"):
        runs.run(smoke(epochs=3, lr=0.5), out=folder / "whole", device="cpu", progress=False)
    with pytest.MonkeyPatch.context() as patch:
        cut_off(folder / "resumed", patch)
        cut_off(folder / "begun by two", patch)
    found["run"] = runs.run(smoke(epochs=3), out=folder / "resumed", device="cpu", progress=False).path
    runs.run(smoke(epochs=3), out=folder / "begun by one", device="cpu", progress=False)
    return found


def _dropout():
    """What two calls of a network with dropout give, and the random number that comes after each."""
    dropout = nn.Dropout(0.5)
    shares = Shares([dropout])
    shares.generator.manual_seed(3)
    torch.manual_seed(5)
    return [(dropout(shares.own(torch.ones(7, 50))), torch.rand(3)) for _ in range(2)]


def _gpu_process(rank, world, folder):
    """One of several processes, each on its own GPU where there are as many, else all on one."""
    torch.backends.cudnn.allow_tf32 = False
    enough = torch.cuda.device_count() >= world
    torch.cuda.set_device(rank if enough else 0)
    backend = "cpu:gloo,cuda:nccl" if enough else "gloo"
    dist.init_process_group(backend, init_method=f"file://{folder}/meeting", rank=rank, world_size=world)
    torch.save(step_of("scn", torch.device("cuda")), folder / f"{rank}.pt")
    dist.destroy_process_group()


def _missing(rank):
    raise FileNotFoundError(f"only the first looked, {rank}")


def spawned(world, folder):
    """What each of ``world`` processes found."""
    torch.multiprocessing.spawn(_process, (world, folder), nprocs=world)
    assert (folder / "told").exists()
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in range(world)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("two")


@pytest.fixture(scope="module")
def two(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCN_HEADLESS", "1")
        patch.setattr(splits, "load_dataset", load_squares)
        cut_off(folder / "begun by one", patch)
    return spawned(2, folder)


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    return spawned(3, tmp_path_factory.mktemp("three"))


# --------------------------------------------------------------------------------------------------------- the tests


def assert_close(found, wanted, **tolerance):
    """Two structures of tensors, mappings and numbers."""
    torch.testing.assert_close(found, wanted, equal_nan=True, **tolerance)


@pytest.mark.parametrize("world", ["two", "three"])
@pytest.mark.parametrize("case", CASES)
def test_loss_and_gradient_of_every_parameter_are_those_of_one_process(case, world, request):
    wanted = step_in_float64(case)
    assert all(gradient.norm() > 1e-6 for gradient in wanted["gradients"].values())  # so a wrong factor shows
    for process in request.getfixturevalue(world):
        assert_close(process[case], wanted, rtol=1e-9, atol=1e-12)


def test_the_batch_of_these_tests_ranks_otherwise_in_parts():
    alpha = step_in_float64("uneven")["alpha"]
    parts = torch.stack([rank_regularization(part, margin=0.9) for part in alpha.tensor_split(2)]).mean()
    assert (parts - rank_regularization(alpha, margin=0.9)).abs() > 0.02
    assert rank_regularization(alpha, margin=0.9) > 0.02


@pytest.mark.parametrize("name", SPLITTABLE)
def test_every_splittable_method_has_the_loss_and_gradients_of_one_process(name, two):
    wanted = step_of(name)
    for process in two:
        assert_close(process[name], wanted, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", EPOCHS)
def test_epochs_leave_what_one_process_leaves(name, two):
    method, fields = EPOCHS[name]
    state, records = trained(method, by_running_means=True, **fields)
    for found, rows in (process[name] for process in two):
        assert len(found["ledger.changes"]) == len(state["ledger.changes"])
        assert getattr(method, "relabelling", False) == bool(len(state["ledger.changes"]))
        assert_close(found, state, rtol=1e-3, atol=1e-4)
        assert_close(rows, records, rtol=1e-3, atol=1e-4)


def test_all_processes_have_the_same_network_labels_and_records(two):
    (state, records), (other, rows) = (process["training"] for process in two)
    assert len(state["ledger.changes"])
    assert state.keys() == other.keys()
    for name, value in state.items():
        assert torch.equal(value, other[name]), name
    assert_close(records, rows, rtol=0, atol=0)


def test_dropout_differs_between_processes_and_later_draws_do_not(two):
    (first, second), (other_first, other_second) = (process["dropout"] for process in two)
    for (features, later), (other, other_later) in ((first, other_first), (second, other_second)):
        assert torch.equal(features, other)
        assert torch.equal(later, other_later)
        own, others = features[share(7, 0, 2)], features[share(7, 1, 2)]
        assert not torch.equal(own, others[: len(own)])
    assert not torch.equal(first[0], second[0])
    torch.manual_seed(5)
    assert torch.equal(first[1], torch.rand(3))


def test_fewer_images_than_processes_are_evaluated_once_each(two):
    training = training_of(SCN(relabelling=False))
    for process in two:
        for n, logits in zip((1, 2, 5), process["few"], strict=True):
            assert_close(logits, training.infer(training.images[:n])[0])
        assert_close(process["features"], training.features())


def test_the_first_process_answers_for_all(two):
    assert [process["answer"] for process in two] == ["from 0", "from 0"]


def test_a_resumed_run_ends_like_an_undisturbed_one(two, folder):
    whole, resumed = open_run(folder / "whole"), open_run(folder / "resumed")
    same_results(resumed, whole)
    assert [process["run"] for process in two] == [resumed.path] * 2
    assert sorted(path.name for path in whole.path.iterdir()) == [
        "config.json", "manifest.json", "metrics.csv", "model.safetensors", "samples.npz",
    ]  # fmt: skip
    assert (whole.manifest["processes"], whole.manifest["batch_norm"]) == ("2", "share of each process")


def test_another_number_of_processes_can_go_on(two, folder, squares):
    after = runs.run(smoke(epochs=3), out=folder / "begun by two", device="cpu", progress=False)
    before = open_run(folder / "begun by one")
    assert (before.manifest["processes"], after.manifest["processes"]) == ("1; 2", "2; 1")
    whole = open_run(folder / "whole")
    assert before.manifest["key"] == after.manifest["key"] == whole.manifest["key"]
    assert after.metrics["train_loss"][0] == whole.metrics["train_loss"][0] != before.metrics["train_loss"][0]
    assert [len(run.metrics) for run in (before, after)] == [3, 3]


def test_shares_are_all_samples_in_order_and_nearly_equal():
    for n, parts in ((7, 2), (8, 3), (2, 5), (0, 2)):
        places = [list(range(n))[share(n, number, parts)] for number in range(parts)]
        assert list(itertools.chain(*places)) == list(range(n))
        assert max(map(len, places)) - min(map(len, places)) <= 1


def test_one_process_alone_is_left_as_it_is():
    images, tensor = torch.rand(5, 2), torch.rand(3)
    before, backbone = tensor.clone(), SmallCNN(32)
    assert Shares([backbone]).own(images).data_ptr() == images.data_ptr()
    assert not backbone._forward_hooks
    distributed.average([tensor])
    distributed.equalise([tensor])
    assert torch.equal(tensor, before)
    assert (distributed.processes(), distributed.rank(), distributed.batch_norm_scope(CPU)) == (1, 0, "whole batch")


def test_batch_normalisation_over_gpus_keeps_names_and_order_of_weights(monkeypatch):
    monkeypatch.setattr(distributed, "processes", lambda: 2)
    plain = SmallCNN(32)
    names = list(plain.state_dict()), [name for name, _ in plain.named_parameters()]
    together = distributed.normalised_together(SmallCNN(32), torch.device("cuda"))
    assert (list(together.state_dict()), [name for name, _ in together.named_parameters()]) == names
    assert sum(isinstance(module, nn.SyncBatchNorm) for module in together.modules()) == 5
    assert distributed.normalised_together(plain, CPU) is plain


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_gpus_batch_normalisation_too_is_that_of_one_process(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    torch.multiprocessing.spawn(_gpu_process, (2, tmp_path), nprocs=2)
    wanted = step_of("scn", torch.device("cuda"))
    for rank in range(2):
        found = torch.load(tmp_path / f"{rank}.pt", map_location="cuda", weights_only=True)
        assert_close(found, wanted, rtol=1e-3, atol=1e-5)


def test_torchrun_trains_one_run(tmp_path):
    words = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "-m", "scnlib", "run"]
    words += [
        "--profile",
        "smoke",
        "--data",
        "n=32",
        "--noise-rate",
        "0.3",
        "--device",
        "cpu",
        "--out",
        tmp_path / "run",
    ]
    place = {"SCN_CACHE": tmp_path / "cache", "SCN_HEADLESS": "1", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    answer = subprocess.run(
        words, env=os.environ | {k: str(v) for k, v in place.items()}, capture_output=True, text=True, timeout=300,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count("mean over classes") == 1
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert (manifest["processes"], manifest["status"]) == ("2", "done")
