"""The loop: what it visits, what it records, and that stopping in the middle changes nothing."""

import dataclasses
import statistics

import pytest
import torch
import torch.nn.functional as F

from scnlib import distributed
from scnlib.config import profile_config
from scnlib.methods import SCN, Baseline, Method, Step
from scnlib.methods.base import buffers, last_views
from scnlib.methods.rul import RUL
from scnlib.models import Classifier
from scnlib.precision import Precision, choose_device
from scnlib.training import Training, TrainingDiverged, build_model, epoch_batches, learning_rate

from .conftest import make_faces, no_waiting

FLOAT32 = Precision(torch.float32, "test")
CPU = torch.device("cpu")


def config(method, **fields):
    return dataclasses.replace(profile_config("smoke", epochs=3, **fields), method=method)


def start(method, train=None, **fields):
    test = make_faces(32, seed=9, noise=0.0)
    test = dataclasses.replace(test, true_labels=None)
    val = make_faces(32, seed=8)
    return Training(config(method, **fields), train or make_faces(), {"test": test, "val": val}, CPU, FLOAT32)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Remembering(Method):
    """Trains the first of two networks on the distance of each sample to the mean feature, as of the last epoch."""

    name = "remembering"
    networks = 2

    def build(self, first, second, num_classes):
        model = Classifier(first, num_classes)
        model.second = second
        return model

    def memory(self, given, num_classes):
        return buffers(weights=torch.ones(len(given)))

    def step(self, model, batch, epoch):
        logits, _ = model(batch.images)
        losses = F.cross_entropy(logits, batch.labels, reduction="none")
        return Step((model.memory.weights[batch.index] * losses).mean(), logits)

    def after_epoch(self, model, epoch, given, features):
        seen = features()
        model.memory.weights.copy_((seen - seen.mean(0)).norm(dim=1))


def assert_same(one, other):
    """Every tensor of two trainings is bit-equal, and so is every record but the time."""
    ours, theirs = one.state(), other.state()
    assert set(ours) == set(theirs)
    for name in theirs:
        assert torch.equal(ours[name], theirs[name]), name
    for a, b in zip(one.records, other.records, strict=True):
        assert {k: v for k, v in a.items() if k != "seconds"} == pytest.approx(
            {k: v for k, v in b.items() if k != "seconds"}, nan_ok=True, abs=0
        )


class TestEpochBatches:
    def test_every_sample_once_in_even_batches(self):
        batches = epoch_batches(1000, 256, seed=0, epoch=1)
        assert torch.equal(torch.cat(batches).sort().values, torch.arange(1000))
        assert [len(b) for b in batches] == [250] * 4
        assert {len(b) for b in epoch_batches(1001, 256, 0, 1)} == {250, 251}

    def test_order_is_a_function_of_seed_and_epoch(self):
        assert torch.equal(epoch_batches(50, 50, 0, 1)[0], epoch_batches(50, 50, 0, 1)[0])
        assert not torch.equal(epoch_batches(50, 50, 0, 1)[0], epoch_batches(50, 50, 0, 2)[0])
        assert not torch.equal(epoch_batches(50, 50, 0, 1)[0], epoch_batches(50, 50, 1, 1)[0])


class TestLearningRate:
    def test_one_cycle_is_torchs(self):
        recipe = config(Baseline())
        steps, epochs = 40, recipe.epochs
        parameter = torch.nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([parameter], lr=recipe.lr)
        # torch counts steps from 0 to total - 1 and puts the ends on whole steps; as many more steps make both meet.
        theirs = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            recipe.lr,
            total_steps=steps * epochs + 1,
            pct_start=(steps * epochs / 4 + 1) / (steps * epochs + 1),
        )
        for step in range(steps * epochs):
            assert learning_rate(recipe, step / steps) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
            optimizer.step()
            theirs.step()

    def test_the_papers_steps(self):
        recipe = profile_config("paper")
        rates = [learning_rate(recipe, epoch) for epoch in (0, 14.99, 15, 29.99, 30, 39.99)]
        assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])

    def test_the_released_codes_decay(self):
        recipe = profile_config("quick", schedule="exponential", lr=0.001)
        rates = [learning_rate(recipe, epoch) for epoch in (0, 0.5, 1, 2.99)]
        assert rates == pytest.approx([0.001, 0.001, 0.0009, 0.00081])


def test_it_learns_and_reports_against_given_and_true_labels():
    training = start(Baseline(), make_faces(256), lr=0.05)
    rows = [training.train_epoch() for _ in range(3)]
    assert rows[-1]["test_accuracy"] > 0.9
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]
    assert rows[-1]["val_accuracy_true"] > 0.9 > rows[-1]["val_accuracy"]  # a quarter of its labels is wrong
    given, true = training.ledger.given, training.ledger.true
    predictions = training.predictions[-1].long()
    wrong = given != true
    assert rows[-1]["train_accuracy_given"] == pytest.approx((predictions == given).float().mean().item())
    assert rows[-1]["train_accuracy_true"] == pytest.approx((predictions == true).float().mean().item())
    assert rows[-1]["memorised"] == pytest.approx((predictions == given)[wrong].float().mean().item())
    assert "alpha_mean" not in rows[-1]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("method", [Baseline(), SCN(relabel_epoch=1, margin_relabel=0.0), Remembering()])
def test_a_resumed_run_ends_bit_equal(method, optimizer):
    whole = start(method, optimizer=optimizer)
    for _ in range(3):
        whole.train_epoch()

    first = start(method, optimizer=optimizer)
    first.train_epoch()
    second = start(method, optimizer=optimizer)
    second.restore(first.state(), first.records)
    second.train_epoch()
    second.train_epoch()

    assert_same(second, whole)


def test_a_method_sees_the_features_of_the_unchanged_images_after_each_epoch():
    training = start(Remembering())
    assert torch.equal(training.model.memory.weights, torch.ones(64))
    training.train_epoch()
    assert torch.equal(training.model.memory.weights, (training.features() - training.features().mean(0)).norm(dim=1))
    scores = training.model.classifier(training.features())
    assert torch.allclose(scores, training.infer(training.images)[0], atol=1e-5)


def test_two_backbones_start_from_different_weights():
    training = start(Remembering())
    first, second = training.model.backbone.state_dict(), training.model.second.state_dict()
    assert first.keys() == second.keys()
    assert not any(torch.equal(first[name], second[name]) for name in first if name.endswith("0.weight"))
    plain = start(Baseline()).model.backbone.state_dict()
    assert all(torch.equal(first[name], plain[name]) for name in plain)


def test_a_sample_seen_in_several_views_of_a_batch_has_its_last_one():
    index = torch.tensor([5, 7, 5, 9, 7, 5])
    assert last_views(index, 10).tolist() == [5, 4, 5, 3, 4, 5]


def test_scn_without_its_modules_is_the_baseline():
    plain, empty = start(Baseline()), start(SCN(weighting="none", ranking=False, relabelling=False))
    plain.train_epoch()
    empty.train_epoch()
    for name, value in plain.model.state_dict().items():
        assert torch.equal(value, empty.model.state_dict()[name])


def test_alpha_is_recorded_for_every_sample_every_epoch():
    training = start(SCN(relabelling=False))
    training.train_epoch()
    training.train_epoch()
    alpha = torch.stack(training.alpha).float()
    assert alpha.shape == (2, 64)
    assert ((alpha > 0) & (alpha < 1)).all()
    assert training.records[-1]["alpha_mean"] == pytest.approx(alpha[-1].mean().item(), abs=1e-3)


def test_relabelling_starts_on_time_and_acts_an_epoch_later():
    training = start(SCN(relabel_epoch=2, margin_relabel=0.0, relabel_group="all"))
    first, second = training.train_epoch(), training.train_epoch()
    assert first["relabelled"] == 0
    assert second["relabelled"] > 0
    training.train_epoch()
    used = [labels.long() for labels in training.label_history]
    given = training.ledger.given
    assert torch.equal(used[0], given)
    assert torch.equal(used[1], given)
    assert not torch.equal(used[2], given)
    assert torch.equal(training.ledger.given, make_faces().labels)


def test_relabelling_in_evaluation_mode_uses_the_unchanged_images():
    method = SCN(relabel_epoch=1, margin_relabel=0.0, relabel_group="all", relabel_mode="eval")
    training = start(method, make_faces(256), lr=0.05)
    training.train_epoch()
    logits, _ = training.infer(training.images)
    assert torch.equal(training.ledger.current, logits.argmax(1))  # margin 0, all candidates: every label is predicted


def test_weights_that_blow_up_in_the_last_step_are_noticed():
    training = start(Baseline(), lr=1e30, batch_size=64)  # one step an epoch, whose loss is still finite
    with pytest.raises(TrainingDiverged, match="scores became infinite or NaN in epoch 1"):
        training.train_epoch()


@pytest.mark.parametrize("backbone", ["resnet18", "ir50"])
def test_a_batch_of_one_image_is_refused_by_name_where_the_backbone_cannot_train_on_it(backbone):
    nine = make_faces(9)  # in batches of 2, 2, 2, 2, 1
    words = f"--batch-size 2 cuts 9 training images .* backbone {backbone} at 32 px .* Choose --batch-size 3 or more"
    with pytest.raises(ValueError, match=words):
        start(Baseline(), nine, backbone=backbone, batch_size=2)
    sizes = [len(batch) for n in range(2, 40) for size in range(3, 40) for batch in epoch_batches(n, size, 0, 1)]
    assert min(sizes) == 2  # so that advice always helps
    start(Baseline(), nine, backbone="small", batch_size=2).train_epoch()


def test_two_samples_for_each_process_are_enough(monkeypatch):
    enough, few = start(Baseline(), make_faces(8), batch_size=4), start(Baseline(), make_faces(9), batch_size=4)
    monkeypatch.setattr(distributed, "processes", lambda: 2)
    enough._check_batches()
    with pytest.raises(ValueError, match="a batch of 3 leaves fewer than 2 samples to each of 2 processes"):
        few._check_batches()


def test_weights_that_lack_a_layer_are_refused():
    whole = build_model(config(Baseline()), 4).backbone.state_dict()
    first = next(iter(whole))
    with pytest.raises(RuntimeError, match=f"Missing key.*{first}"):
        build_model(config(Baseline()), 4, {name: value for name, value in whole.items() if name != first})


@pytest.mark.parametrize("batch_size", [1, 2])
def test_a_batch_of_one_image_is_refused_where_the_heads_cannot_train_on_it(batch_size):
    three = make_faces(3)
    with pytest.raises(ValueError, match="rul with backbone small at 32 px cannot train on that"):
        start(RUL(), three, batch_size=batch_size)
    start(RUL(), three, batch_size=3).train_epoch()


def test_heads_and_backbone_do_not_share_random_numbers():
    model = start(Baseline()).model
    head, stem = model.classifier.weight.flatten(), next(model.backbone.parameters()).flatten()
    n = min(len(head), len(stem))
    assert torch.corrcoef(torch.stack([head[:n], stem[:n]]))[0, 1].abs() < 0.15


def test_an_infinite_loss_stops_with_a_message():
    training = start(Baseline(), lr=1e30)
    with pytest.raises(TrainingDiverged, match="in epoch 1 at learning rate"):
        training.train_epoch()
    assert training.epoch == 0


def share(hits):
    hits = list(hits)
    return sum(hits) / len(hits)


def test_every_measure_of_an_epoch_by_hand():
    """One sample at a time, after an epoch that trained on other labels than it left behind."""
    training = start(SCN(relabel_epoch=1, margin_relabel=0.1, relabel_group="all", beta=0.5), lr=0.05)
    for _ in range(3):
        row = training.train_epoch()
    given, true, used = (labels.tolist() for labels in (training.ledger.given, training.ledger.true,
                                                        training.label_history[-1]))  # fmt: skip
    current, said = training.ledger.current.tolist(), training.predictions[-1].tolist()
    alpha, everyone = training.alpha[-1].tolist(), range(64)
    assert used != current and used != given
    wrong = [i for i in everyone if given[i] != true[i]]
    clean = [i for i in everyone if given[i] == true[i]]
    changed = [i for i in everyone if current[i] != given[i]]
    cured = [i for i in changed if current[i] == true[i]]
    trusted = sorted(everyone, key=lambda i: -alpha[i])[:32]
    pairs = [(alpha[i] < alpha[j]) + (alpha[i] == alpha[j]) / 2 for i in wrong for j in clean]
    expected = {
        "train_accuracy_given": share(said[i] == given[i] for i in everyone),
        "train_accuracy_current": share(said[i] == used[i] for i in everyone),
        "train_accuracy_true": share(said[i] == true[i] for i in everyone),
        "memorised": share(said[i] == given[i] for i in wrong),
        "relabelled": len(changed),
        "label_accuracy": share(current[i] == true[i] for i in everyone),
        "relabel_precision": len(cured) / len(changed),
        "relabel_recall": len(cured) / len(wrong),
        "alpha_mean": statistics.mean(alpha),
        "alpha_std": statistics.stdev(alpha),
        "alpha_min": min(alpha),
        "alpha_max": max(alpha),
        "alpha_clean": statistics.mean(alpha[i] for i in clean),
        "alpha_flipped": statistics.mean(alpha[i] for i in wrong),
        "alpha_auroc": share(pairs),
        "trusted_agreement": share(said[i] == given[i] for i in trusted),
    }
    for name, faces in training.evaluation_sets.items():
        answers = training.infer(faces.images)[0].argmax(1).tolist()
        expected[f"{name}_accuracy"] = share(a == b for a, b in zip(answers, faces.labels.tolist(), strict=True))
    known = training.evaluation_sets["val"].true_labels.tolist()
    answers = training.infer(training.evaluation_sets["val"].images)[0].argmax(1).tolist()
    expected["val_accuracy_true"] = share(a == b for a, b in zip(answers, known, strict=True))
    answers = training.infer(training.evaluation_sets["test"].images)[0].argmax(1).tolist()
    truth = training.evaluation_sets["test"].labels.tolist()
    of_class = [[a == b for a, b in zip(answers, truth, strict=True) if b == c] for c in range(4)]
    expected["test_mean_class_accuracy"] = share(map(share, of_class))
    assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-5)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watching(Method):
    """Its loss is the mean of its samples' numbers; it proposes the next class for all, and notes what it is shown."""

    name = "watching"

    seen: list = dataclasses.field(default_factory=list, compare=False)

    def step(self, model, batch, epoch):
        logits, _ = model(batch.images)
        self.seen.append((epoch, batch, model.training))
        return Step(batch.index.float().mean() + 0 * logits.sum(), logits, labels=(batch.given + epoch) % 4)

    def after_epoch(self, model, epoch, given, features):
        self.seen.append((epoch, given.clone()))


def test_a_loss_is_the_mean_over_samples_and_not_over_batches():
    whole = start(Watching(), make_faces(5), batch_size=3)  # in batches of 3 and 2
    assert whole.train_epoch()["train_loss"] == pytest.approx(2.0)
    rare = make_faces(8).with_labels(torch.tensor([0, 0, 0, 0, 0, 0, 0, 1]))
    shown = start(Watching(), rare, batch_size=5, oversample=True)  # the last one seven times
    assert shown.train_epoch()["train_loss"] == pytest.approx((sum(range(7)) + 7 * 7) / 14)


def test_what_a_method_is_told_in_and_between_epochs():
    method = Watching()
    training = start(method, batch_size=32)
    for _ in range(3):
        training.train_epoch()
    given = make_faces().labels
    between = [found for found in method.seen if len(found) == 2]
    assert [epoch for epoch, _ in between] == [1, 2]  # nothing follows the third
    assert all(torch.equal(labels, given) for _, labels in between)
    steps = [found for found in method.seen if len(found) == 3]
    assert [epoch for epoch, *_ in steps] == [1, 1, 2, 2, 3, 3]
    for epoch, batch, in_training in steps:
        assert in_training
        assert torch.equal(batch.given, given[batch.index])
        assert torch.equal(batch.labels, (given[batch.index] + epoch - 1) % 4)  # as proposed an epoch ago


def test_the_learning_rate_of_every_step():
    training = start(Baseline(), batch_size=16)
    rates = []
    for epoch in range(3):
        for _ in training._batches(epoch + 1, augmented=True, on_batch=lambda n: None):
            rates.append(training.optimizer_lr)
    assert rates == pytest.approx([learning_rate(training.config, step / 4) for step in range(12)])


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_two_steps_of_the_optimiser_by_hand(optimizer):
    training = start(Baseline(), optimizer=optimizer, weight_decay=0.1, batch_size=32)
    weight = training.model.classifier.weight
    expected, velocity, square = weight.detach().clone(), 0, 0
    for number, batch in enumerate(training._batches(1, augmented=True, on_batch=lambda n: None), start=1):
        training._step(batch, 1)
        pull = weight.grad + 0.1 * expected
        if optimizer == "sgd":
            velocity = 0.9 * velocity + pull
            expected = expected - training.optimizer_lr * velocity
        else:
            velocity, square = 0.9 * velocity + 0.1 * pull, 0.999 * square + 0.001 * pull**2
            mean, spread = velocity / (1 - 0.9**number), (square / (1 - 0.999**number)).sqrt()
            expected = expected - training.optimizer_lr * mean / (spread + 1e-8)
        torch.testing.assert_close(weight.detach(), expected)
    assert number == 2


def test_the_seed_decides_every_weight_order_view_and_choice():
    rare = make_faces(24).with_labels((torch.arange(24) < 7).long())
    one, other = (start(Remembering(), rare, seed=seed, oversample=True) for seed in (0, 1))
    ours, theirs = one.model.state_dict(), other.model.state_dict()
    weights = [name for name in ours if name.endswith("weight") and ours[name].ndim > 1]
    assert {name.split(".")[0] for name in weights} == {"backbone", "classifier", "second"}
    assert not any(torch.equal(ours[name], theirs[name]) for name in weights)
    assert not torch.equal(one.drawn, other.drawn)
    first, second = (next(t._batches(1, augmented=True, on_batch=lambda n: None)) for t in (one, other))
    assert not torch.equal(first.index, second.index)
    both = [next(iter(start(Baseline(), make_faces(1), seed=seed)._batches(1, augmented=True, on_batch=print))).images
            for seed in (0, 1)]  # fmt: skip
    assert not torch.equal(*both)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drawing(Method):
    """Notes a number of torch's own generator in each step."""

    name = "drawing"

    drawn: list = dataclasses.field(default_factory=list, compare=False)

    def step(self, model, batch, epoch):
        self.drawn.append(torch.rand(()).item())
        return super().step(model, batch, epoch)


def test_what_a_method_draws_is_keyed_by_seed_and_epoch_and_no_one_elses():
    drawn = []
    for seed in (0, 1):
        training = start(Drawing(), seed=seed)
        torch.manual_seed(5)
        for _ in range(2):
            training.train_epoch()
        drawn += training.config.method.drawn
        assert torch.rand(()) == torch.rand((), generator=torch.Generator().manual_seed(5))
    assert len(set(drawn)) == len(drawn) == 8  # two batches an epoch
    again = start(Drawing(), seed=1)
    again.train_epoch()
    assert again.config.method.drawn == drawn[4:6]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("method", [Baseline(), SCN(relabel_epoch=1), SCN(learnable_margin=True, relabel_epoch=1)])
def test_no_step_waits_for_the_device(method):
    cuda = torch.device("cuda")
    training = Training(config(method), make_faces(), {}, cuda, Precision(torch.bfloat16, "test"))
    batches = training._batches(1, augmented=True, on_batch=lambda n: None)
    training._step(next(batches), 1)  # the first step sets libraries up
    with no_waiting():
        batch = next(batches)
        step = training._step(batch, 1)
        if step.labels is not None:
            training.ledger.propose(batch.index, step.labels)


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert choose_device("cuda:0") == torch.device("cuda:0")
    with pytest.raises(ValueError, match="device 'cuda:1' is not usable here; GPUs: 1, counted from 'cuda:0'"):
        choose_device("cuda:1")
