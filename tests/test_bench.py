"""The benchmark: nothing here looks at a clock, only at what is made of it, and that both sides compute alike."""

import contextlib
import dataclasses
import importlib.util
import io
import itertools
import math
import random
import subprocess
import weakref

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from scnlib.bench import (
    load,
    machine,
    member,
    methods,
    ours,
    peak,
    preparing,
    released,
    rows,
    run,
    scaling,
    startup,
    techniques,
    training,
    turns,
)
from scnlib.bench.how import How, Task
from scnlib.cli import main
from scnlib.errors import ScnError
from scnlib.methods import METHODS, SCN, Method
from scnlib.methods.base import Batch
from scnlib.models import make_backbone
from scnlib.paper import cost
from scnlib.paper.grid import GRIDS
from scnlib.paper.leaderboard import epoch_costs
from scnlib.precision import Precision

CPU, FLOAT32 = torch.device("cpu"), Precision(torch.float32, "test")
TINY = How(CPU, FLOAT32, sizes=(32,), turns=2, seconds=0, quick=True, workers=0)


@pytest.fixture
def few_faces(monkeypatch):
    """Eight small pictures of noise instead of rendered faces."""

    def noise(size):
        generator = torch.Generator().manual_seed(size)
        return torch.randint(0, 256, (8, 3, size, size), dtype=torch.uint8, generator=generator), torch.arange(8)

    for module in (ours, training, methods, techniques, preparing):
        monkeypatch.setattr(module, "pictures", noise)
    for module in (techniques, preparing):
        monkeypatch.setattr(module, "PICTURES", 8)


# ---------------------------------------------------------------------------------------------- turns


def test_arms_take_turns_forth_and_back_and_the_first_round_does_not_count():
    order = []
    clock = itertools.count()

    def arm(name):
        return lambda: order.append(name) or next(clock)

    rates = turns.take_turns({"a": arm("a"), "b": arm("b"), "c": arm("c")}, 3)
    assert "".join(order) == "abccbaabccba"
    assert rates == {"a": [5, 6, 11], "b": [4, 7, 10], "c": [3, 8, 9]}


def test_no_turns_are_refused():
    with pytest.raises(ValueError, match="turns must be at least 1, got 0"):
        turns.take_turns({"a": lambda: 1.0}, 0)


def test_a_drift_that_both_arms_share_leaves_their_ratio():
    speed = np.linspace(1, 0.3, 20)
    ratios = turns.paired_ratios((3 * speed).tolist(), (2 * speed).tolist())
    assert turns.median_interval(ratios) == pytest.approx((1.5, 1.5, 1.5))
    with pytest.raises(ValueError, match="one by one, but there are 2 and 3"):
        turns.paired_ratios([1, 2], [1, 2, 3])


@pytest.mark.parametrize(("n", "k"), [(1, 1), (3, 1), (5, 1), (6, 1), (8, 1), (9, 2), (11, 2), (12, 3), (35, 12)])
def test_the_interval_of_a_median_is_the_textbooks(n, k):
    """k: tables of the sign test, e.g. Conover 1999: the largest with P(B <= k - 1) <= .025."""
    values = list(range(1, n + 1))
    random.Random(0).shuffle(values)
    assert turns.median_interval(values) == ((n + 1) / 2, k, n + 1 - k)


def test_the_interval_encloses_the_true_median_as_often_as_it_says():
    draws = np.random.default_rng(0).exponential(size=(2000, 15))
    inside = [low <= math.log(2) <= high for _, low, high in map(turns.median_interval, draws.tolist())]
    assert 0.95 <= np.mean(inside) <= 0.98  # 15 values: 1 - 2 P(B <= 3) = .965


def test_a_turn_repeats_its_work_equally_often_and_counts_what_it_did(monkeypatch):
    calls, now = [], [0.0]

    def work():
        calls.append(1)
        now[0] += 0.25

    monkeypatch.setattr(turns.time, "perf_counter", lambda: now[0])
    arm = turns.repeating(work, 10, CPU, seconds=1.0)
    assert [arm(), arm()] == [40, 40]  # 10 things in a quarter of a second
    assert len(calls) == 1 + 1 + 4 + 4


def test_a_turn_keeps_no_result():
    made = []

    def work():
        assert all(result() is None for result in made)
        result = torch.zeros(1)
        made.append(weakref.ref(result))
        return result

    arm = turns.repeating(work, 1, CPU, seconds=1e-4)
    arm()
    assert len(made) > 2


# ---------------------------------------------------------------------------------------------- the released recipe


def released_batch(n=20, size=32):
    generator = torch.Generator().manual_seed(3)
    images = torch.randn(n, 3, size, size, generator=generator)
    labels = torch.randint(0, 8, (n,), generator=generator)
    return images, labels, torch.arange(n)


def test_the_released_step_has_our_loss_gradients_and_labels_with_its_settings():
    images, labels, index = released_batch()
    theirs = released.released_model("small", 32, 8, CPU).double().train()
    with torch.no_grad():
        theirs.classifier.weight.mul_(9)  # sure of itself, so that there is something to relabel
    loss, scores = released.loss_of(theirs, images.double(), labels)
    loss.backward()
    method = SCN(variant="released_code", relabel_epoch=1)
    model = method.build(make_backbone("small", 32, seed=0), 8).double().train()
    model.load_state_dict(theirs.state_dict())
    model.features = lambda x: model.backbone(x)  # which would end in float32 otherwise
    step = method.step(model, Batch(images.double(), labels, labels, index), epoch=1)
    step.loss.backward()
    assert step.parts["rank_loss"] > 0
    torch.testing.assert_close(step.loss, loss)
    for (name, ours_), theirs_ in zip(model.named_parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(ours_.grad, theirs_.grad, msg=name)

    class Labels:
        label = labels.numpy().copy()

    released.relabel(scores, labels, index, Labels)
    assert 0 < (step.labels != labels).sum() < len(labels)
    assert Labels.label.tolist() == step.labels.tolist()


def test_the_released_step_in_float32_and_training_mode_agrees_with_training():
    images, labels, index = released_batch()
    theirs = released.released_model("small", 32, 8, CPU).train()
    method = SCN(variant="released_code", relabel_epoch=1)
    model = method.build(make_backbone("small", 32, seed=0), 8)
    model.load_state_dict(theirs.state_dict())
    model = model.to(memory_format=torch.channels_last).train()
    loss, _ = released.loss_of(theirs, images, labels)
    loss.backward()
    step = method.step(model, Batch(images, labels, labels, index), epoch=1)
    step.loss.backward()
    torch.testing.assert_close(step.loss, loss, rtol=1e-4, atol=1e-5)
    for (name, ours_), theirs_ in zip(model.named_parameters(), theirs.parameters(), strict=True):
        error = (ours_.grad - theirs_.grad).norm() / theirs_.grad.norm()
        assert error < 1e-3, name


def test_files_are_decoded_resized_and_augmented_one_by_one(tmp_path):
    grey = torch.full((2, 3, 100, 100), 128, dtype=torch.uint8)
    grey[:, :, :, :50] = 90
    files = released.Files(released.write_files(grey, tmp_path), torch.tensor([4, 6]), 48)
    random.seed(0)
    torch.manual_seed(0)
    seen = [files[i % 2 + 2 * i] for i in range(60)]
    assert {(label, number) for _, label, number in seen} == {(4, 0), (6, 1)}
    pictures = torch.stack([picture for picture, _, _ in seen])
    assert pictures.shape == (60, 3, 48, 48)
    # On the left 90 of 255 in ImageNet's scale, on the right where it was mirrored: a quarter of the time.
    dark = (90 / 255 - 0.485) / 0.229
    mirrored = ((pictures[:, 0, :, 30:].flatten(1).median(1).values - dark).abs() < 0.05).double().mean()
    assert 0.05 < mirrored < 0.45
    erased = (pictures[:, 0] == 0).flatten(1).double().mean(1)  # zero after normalising: no grey here
    assert 0.25 < (erased > 0).double().mean() < 0.75 and erased[erased > 0].min() > 0.015 and erased.max() < 0.27


def test_the_noise_of_the_released_recipe_has_its_variance():
    noisy = released._noisy(np.full((100, 100, 3), 128, dtype=np.uint8)).astype(float)
    assert noisy.var() == pytest.approx(30, rel=0.1)


# ---------------------------------------------------------------------------------------------- what is counted


def test_operations_of_resnet18_are_the_known_ones():
    assert machine.flops("resnet18", 224, backward=False) == pytest.approx(2 * 1.814e9, rel=1e-3)
    # Backwards costs twice as much, but for the first convolution: nobody asks for the images' gradient.
    first = 2 * 112 * 112 * 64 * 3 * 49
    assert machine.flops("resnet18", 224) == pytest.approx(3 * 2 * 1.814e9 - first, rel=1e-3)


@pytest.mark.parametrize("technique", [t for t in techniques.LADDER if not t.compiled][1:], ids=lambda t: t.name)
def test_every_technique_computes_the_plain_loops_loss(technique):
    images, labels = torch.randint(0, 256, (8, 3, 32, 32), dtype=torch.uint8), torch.arange(8)
    precision = Precision(torch.bfloat16 if technique.autocast else torch.float32, "test")
    plain, other = (
        techniques.Loop(how, "small", images, labels, precision) for how in (techniques.LADDER[0], technique)
    )
    expected, found = ([loop.step().item() for _ in range(3)] for loop in (plain, other))
    assert found == pytest.approx(expected, rel=0.05 if technique.autocast else 1e-4)


def test_what_cannot_be_compiled_is_not_here(capsys):
    class Refusing:
        how = techniques.LADDER[-1]
        steps = 0

        def step(self):
            self.steps += 1
            if self.steps == 3:  # where CUDA graphs are replayed for the first time
                raise RuntimeError("no compiler\nlong story")

    assert math.isnan(techniques.first_steps(Refusing(), CPU))
    assert capsys.readouterr().err == "torch.compile does not work here: no compiler\n"


# ---------------------------------------------------------------------------------------------- rows


def test_rows_have_medians_and_ratios_of_neighbours(tmp_path):
    made = rows.rows_of({"old": [1, 2, 4], "new": [3, 4, 16]}, "old", group="g", name="n", size=48, unit="images/s")
    assert [(row.method, row.value, row.low, row.high, row.repeats) for row in made] == [
        ("old", 2, 1, 4, 3), ("new", 4, 3, 16, 3)
    ]  # fmt: skip
    assert math.isnan(made[0].ratio) and (made[1].ratio_to, made[1].ratio) == ("old", 3)
    rows.write_csv(rows.table(made, CPU), tmp_path / "b.csv")
    read = rows.read_csv(tmp_path / "b.csv")
    assert tuple(read.columns) == rows.COLUMNS == (
        "group", "name", "method", "size", "batch", "precision", "value", "unit", "low", "high", "repeats", "ratio_to",
        "ratio", "device", "cores", "torch", "python", "commit", "finished",
    )  # fmt: skip
    assert read["size"].tolist() == [48, 48] and read["batch"].isna().all()
    assert read.loc[1, "ratio_to"] == "old" and read.loc[0, "ratio_to"] == "" and read.loc[0, "cores"] == 1
    printed = rows.text(made).splitlines()
    assert printed[1].split() == ["n,", "48", "px,", "old", "2.00", "1.00", "4.00", "images/s"]
    assert printed[2].endswith("3 x old")


def test_a_table_without_its_columns_is_refused(tmp_path):
    (tmp_path / "b.csv").write_text("group,name\n")
    with pytest.raises(ValueError, match="has no column 'method'; without it, scn bench --csv"):
        rows.read_csv(tmp_path / "b.csv")


def test_new_rows_stand_for_those_of_the_same_thing_on_the_same_device():
    def made(*whence):
        table = pd.DataFrame(whence, columns=["group", "device", "size", "value"])
        return table.assign(name="n").astype({"size": "Int64"})

    before = made(
        ("machine", "a", None, 1), ("startup", "a", None, 2), ("methods", "b", 48, 3), ("methods", "a", 48, 4),
        ("methods", "a", 224, 8), ("gone", "a", None, 5),
    )  # fmt: skip
    new = made(("methods", "a", 48, 6), ("methods", "a", 48, 7), ("startup", "a", None, 9))
    found = rows.beside(new, before, ("machine", "methods", "startup"))
    assert found["value"].tolist() == [1, 3, 8, 6, 7, 9, 5]


def test_all_kept_measurements_are_read_together(tmp_path):
    assert rows.read_measured(tmp_path).empty and list(rows.read_measured(tmp_path)) == list(rows.COLUMNS)
    for name, value in {"bench_b": 2.0, "bench_a": 1.0, "other": 3.0}.items():
        measured = rows.Row(group="machine", name=name, value=value, unit="s")
        rows.write_csv(rows.table([measured], CPU), tmp_path / f"{name}.csv")
    assert rows.read_measured(tmp_path)["name"].tolist() == ["bench_a", "bench_b"]


def test_what_is_not_here_is_said():
    assert rows.text([rows.row_of([math.nan], group="g", name="n", method="m", unit="s")]).endswith("n, m    not here")


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.03124, "0.0312"), (4.561, "4.56"), (45.61, "45.6"), (999.6, "1,000"), (12345, "12,300"), (0, "0"),
     (-1.5, "-1.50"), (math.nan, "")],
)  # fmt: skip
def test_numbers_have_three_digits(value, words):
    assert rows.number(value) == words


# ---------------------------------------------------------------------------------------------- all of it


def test_a_miniature_of_everything_ends_with_a_table(few_faces, monkeypatch, tmp_path, capsys):
    for module in (techniques, methods):
        monkeypatch.setattr(module, "QUICK", ("small", 32, 4))
    few = {name: METHODS[name] for name in ("baseline", "scn", "curriculumnet", "ipa2lt")}
    monkeypatch.setattr(methods, "METHODS", few)
    monkeypatch.setattr(scaling, "at_work", lambda crew, *_: contextlib.nullcontext(lambda: float(crew.runs)))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    for module in (training, preparing):
        monkeypatch.setattr(module, "networks", lambda how: [("small", 32, 4)])
    monkeypatch.setattr(training, "peak_memory", lambda *_: 100.0)
    monkeypatch.setattr(load, "in_a_process", load.run)
    monkeypatch.setattr(startup, "COMMANDS", {"nothing": ["-c", "pass"]})
    tasks = [task for name in run.GROUPS for task in run.GROUPS[name](TINY)]
    found = run.measure(tasks, TINY, tmp_path / "new" / "bench.csv")
    table = rows.read_csv(tmp_path / "new" / "bench.csv")
    assert list(dict.fromkeys(table["group"])) == list(run.GROUPS)
    assert len(found) == len(table)
    assert table.loc[table["value"].isna(), "method"].tolist() == ["bfloat16 autocast"]  # the precision here is float32
    trained = table[(table["group"] == "training") & (table["unit"] == "images/s")]
    assert list(trained["method"]) == ["baseline", "scn", "released"]
    assert list(trained["ratio_to"]) == ["released", "released", ""]
    assert (trained["value"] > 0).all()
    own = table[table["group"] == "methods"].pivot_table("value", "method", "unit", sort=False)
    assert own.index.tolist() == list(few) and (own[["images/s", "times the baseline's epoch"]] > 0).all().all()
    assert set(own.index[own["s between the epochs of a run"].notna()]) == {"curriculumnet", "ipa2lt"}
    costs, on = epoch_costs(table, "small", 32)
    assert list(costs) == list(few) and costs["baseline"] == 1 and on.startswith("CPU")
    assert table.loc[table["group"] == "scaling", ["value", "ratio_to"]].to_numpy().tolist() == [
        [1, ""], [1, "1 thread"], [2, "1 thread"], [1, "1 thread"]
    ]  # fmt: skip
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"[{len(tasks)}/{len(tasks)}] ") and "left" in last


def test_time_left_follows_what_tasks_took(monkeypatch, capsys):
    now = itertools.count(0, 30)
    monkeypatch.setattr(run.time, "perf_counter", lambda: next(now))
    run.measure([Task("one", 10, list), Task("two", 20, list)], TINY)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("[1/2] one: 0:30 gone, about 0:30 left")
    assert second.startswith("[2/2] two: 1:00 gone, about 2:00 left")


def test_a_file_keeps_what_was_not_measured_again(tmp_path):
    def task(group, value):
        return Task("", 1, lambda: [rows.Row(group=group, name="n", value=value, unit="s")])

    place = tmp_path / "bench.csv"
    run.measure([task("startup", 1.0), task("machine", 2.0)], TINY, place)
    run.measure([task("machine", 3.0), task("load", 4.0)], TINY, place)
    found = rows.read_csv(place)
    assert list(zip(found["group"], found["value"], strict=True)) == [("machine", 3), ("startup", 1), ("load", 4)]


def test_a_file_that_is_no_such_table_is_not_overwritten(tmp_path):
    (tmp_path / "b.csv").write_text("name,age\n")
    with pytest.raises(ValueError, match="b.csv has no column 'group'"):
        run.measure([Task("", 1, lambda: pytest.fail("measured"))], TINY, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == "name,age\n"


def test_an_arm_trains_whole_epochs_of_the_real_loop(few_faces, monkeypatch):
    images, labels = ours.pictures(32)
    epochs = []
    trained = ours.Training.train_epoch
    monkeypatch.setattr(ours.Training, "train_epoch", lambda self: epochs.append(len(self)) or trained(self))
    arm = ours.training_arm(ours.plan(SCN(relabel_epoch=1), "small", 32, 4), images, labels, CPU, FLOAT32, 0)
    assert arm() > 0 and epochs == [8, 8, 8]


# ---------------------------------------------------------------------------------------------- every method


def test_the_epoch_of_all_turns_has_all_of_a_step_and_no_look_at_the_whole_set(few_faces):
    def look():
        pytest.fail("a look at the whole training set would be in the rate of a step")

    for name in METHODS:
        methods._method(name).after_epoch(None, methods.EPOCH, torch.arange(8), look)
    assert methods._method("scn").relabel_epoch <= methods.EPOCH
    for name in ("warm_up", "pretraining"):
        assert all(getattr(methods._method(method), name, 0) < methods.EPOCH for method in METHODS)

    seen = []

    class Seeing(Method):
        name = "seeing"

        def step(self, model, batch, epoch):
            seen.append(epoch)
            return super().step(model, batch, epoch)

    images, labels = ours.pictures(32)
    arm = ours.training_arm(ours.plan(Seeing(), "small", 32, 4), images, labels, CPU, FLOAT32, 0, epoch=methods.EPOCH)
    arm()
    assert set(seen) == {methods.EPOCH} and len(seen) == 3 * 2


def test_what_is_between_epochs_is_all_of_a_runs_and_of_labels_partly_wrong(few_faces, monkeypatch):
    monkeypatch.setattr(methods, "QUICK", ("small", 32, 4))
    calls = []

    class Looking(Method):
        name = "looking"

        def after_epoch(self, model, epoch, given, features):
            calls.append((epoch, (given != torch.arange(len(given)) % 8).sum().item(), features()))

    assert methods.between_epochs(TINY, Looking(), 80) > 0
    calls = calls[1:]  # the epoch of training before
    assert [epoch for epoch, _, _ in calls] == list(range(1, 12))
    assert {wrong for _, wrong, _ in calls} == {24}
    features = calls[0][2]
    assert features.shape[0] == 80 and len(features.unique(dim=0)) == 80


def test_the_cost_of_an_epoch_has_its_share_of_what_is_between(few_faces, monkeypatch):
    """6,000 images: 3 s for the baseline, 6 s and 3.6 s / 12 for the method."""
    monkeypatch.setattr(methods, "METHODS", dict.fromkeys(("baseline", "ipa2lt", "elr")))
    monkeypatch.setattr(methods, "between_epochs", lambda how, method, n: 3.6 * n / 6000)
    rates = {"baseline": [2000.0, 1000.0, 4000.0], "ipa2lt": [1000.0, 500.0, 2000.0], "elr": [2000.0, 1000.0, 3200.0]}
    monkeypatch.setattr(methods, "steps", lambda *_: ([], rates))
    found = methods.every_method(dataclasses.replace(TINY, seconds=1.0))
    made = {(row.method, row.unit): row for row in found}
    own = made["ipa2lt", "times the baseline's epoch"]
    assert (own.value, own.low, own.high) == pytest.approx((2.1, 2.05, 2.2))
    assert made["ipa2lt", "s between the epochs of a run"].value == 3.6
    assert made["baseline", "times the baseline's epoch"].value == 1
    assert made["elr", "times the baseline's epoch"].high == 1.25
    assert ("elr", "s between the epochs of a run") not in made


def test_a_method_that_cannot_be_trained_here_leaves_the_others(few_faces, monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *on: None if name == "cleanlab" else find(name, *on))
    found, rates = methods.steps(TINY, "small", 32, 4, ("baseline", "confident_learning", "gce"), 2)
    assert list(rates) == ["baseline", "gce"] and "needs cleanlab" in capsys.readouterr().err
    assert [math.isnan(row.value) for row in found] == [False, True, False]
    assert [row.ratio_to for row in found] == ["", "", "baseline"]


def test_every_run_of_the_papers_tables_has_a_rate_once_all_groups_were_measured():
    full = How(CPU, FLOAT32)
    measured = {(name, *network[:2]) for network in training.networks(full) for name in ("baseline", "scn")}
    measured |= {(name, *training.QUICK[:2]) for name in METHODS}
    larger = {(name, backbone, size) for backbone, size, _, names in methods.LARGER for name in names}
    nothing = pd.DataFrame({"config": []})
    asked = {
        (one.method, one.backbone, one.size)
        for which in ((None, "paper"), ("rendered", "quick"))
        for table in GRIDS
        for one in cost.work(table, *which, (0,), nothing)
    }
    assert asked <= measured | larger
    assert {one for one in larger - measured if one[0] != "baseline"} <= asked, "measured for nobody"
    tasks = methods.tasks(full)
    assert len(tasks) == 1 + len(methods.LARGER) and all(task.expected > 0 for task in tasks)
    assert len(methods.tasks(TINY)) == 1


# ---------------------------------------------------------------------------------------------- cores


def test_the_ways_to_use_cores():
    assert scaling.crews(1) == {"1 thread": scaling.Crew(1, 1)}
    ways = scaling.crews(5)
    assert [(crew.processes, crew.threads, crew.runs) for crew in ways.values()] == [
        (1, 1, 1), (1, 5, 1), (5, 1, 5), (2, 2, 1)
    ]  # fmt: skip
    assert scaling.tasks(dataclasses.replace(TINY, device=torch.device("cuda"))) == []


def test_processes_of_one_run_know_of_each_other_and_others_do_not():
    names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_PORT", "OMP_NUM_THREADS")
    told = [[one.get(name) for name in names] for one in scaling._environments(scaling.Crew(2, 3, together=True))]
    port = told[0][3]
    assert told == [["0", "0", "2", port, "3"], ["1", "1", "2", port, "3"]] and int(port) > 0
    alone = [[one.get(name) for name in names] for one in scaling._environments(scaling.Crew(2, 1))]
    assert alone == [[None, None, None, None, "1"]] * 2


def test_a_process_answers_each_line_with_an_epoch(few_faces, monkeypatch):
    trained, answers = [], io.StringIO()
    monkeypatch.setattr(member, "pictures", ours.pictures)
    monkeypatch.setattr(member.Training, "train_epoch", lambda self: trained.append(len(self)))
    monkeypatch.setattr(member.sys, "stdin", io.StringIO("\n\n\n"))
    with contextlib.redirect_stdout(answers):
        member.work("small", 32, 4, 2)
    assert trained == [8] * 3 and answers.getvalue() == "done\n" * 3


def test_two_processes_train_one_run_turn_by_turn():
    with scaling.at_work(scaling.Crew(2, 1, together=True), "small", 32, 4, 2) as turn:
        assert [turn() > 0 for _ in range(2)] == [True, True]


def test_the_rate_counts_the_runs_and_a_failing_process_is_named(monkeypatch):
    started = subprocess.Popen

    def instead(program):
        monkeypatch.setattr(
            scaling.subprocess, "Popen", lambda words, **more: started([words[0], "-c", program], **more)
        )

    now = itertools.count(0, 2)
    monkeypatch.setattr(scaling.time, "perf_counter", lambda: next(now))
    instead("for _ in iter(input, None): print('done', flush=True)")
    for crew, rate in ((scaling.Crew(2, 1), 2 * 12 / 2), (scaling.Crew(2, 1, together=True), 12 / 2)):
        with scaling.at_work(crew, "small", 32, 4, 3) as turn:
            assert [turn(), turn()] == [rate, rate]
    instead("raise MemoryError('too large')")
    with (
        scaling.at_work(scaling.Crew(1, 1), "small", 32, 4, 2) as turn,
        pytest.raises(ScnError, match=r"a training process failed \(MemoryError: too large\)"),
    ):
        turn()


# ---------------------------------------------------------------------------------------------- memory


def test_the_peak_stays_where_memory_was_given_back():
    before = peak.peak(CPU)
    torch.ones(2**24 * (int(before / 64) + 2))  # more than all memory so far, and gone at once
    assert peak.peak(CPU) > before + 64


@pytest.mark.parametrize("arm", ["nothing", "baseline", "scn", "released"])
def test_every_arm_can_run_for_its_peak(arm, monkeypatch):
    monkeypatch.setattr(peak, "PICTURES", 8)
    peak.run(CPU, arm, "small", 32, 4)


def test_a_process_that_fails_is_named(monkeypatch):
    answer = subprocess.CompletedProcess([], 1, "", "Traceback\nMemoryError: too large\n")
    monkeypatch.setattr(training.subprocess, "run", lambda *_, **__: answer)
    with pytest.raises(ScnError, match=r"scn, small at 48 px: the process failed \(MemoryError: too large\)"):
        training.peak_memory(CPU, "scn", "small", 48, 256)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--only", "trainig"],
            "scn: unknown group 'trainig'; known: machine, training, overhead, methods, techniques",
        ),
        (["--device", "abacus", "--only", "machine"], "scn: device 'abacus' is not usable here"),
    ],
)
def test_what_is_unknown_is_refused_before_anything_is_measured(words, message, capsys):
    assert main(["bench", *words]) == 2
    assert message in capsys.readouterr().err


def test_the_command_prints_what_it_measured(monkeypatch, capsys):
    small = dataclasses.replace(TINY)
    monkeypatch.setattr(run, "How", lambda *_, **__: small)
    assert main(["bench", "--quick", "--only", "machine"]) == 0
    assert "matrix product" in capsys.readouterr().out


def test_jpeg_files_hold_the_pictures(tmp_path):
    picture = torch.full((1, 3, 100, 100), 77, dtype=torch.uint8)
    with Image.open(*released.write_files(picture, tmp_path)) as file:
        assert file.format == "JPEG" and file.size == (100, 100) and abs(np.array(file).mean() - 77) <= 1
