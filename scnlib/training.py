"""The training loop, the same for every method.

Images stay on the device as uint8, where they fit (else see ``scnlib/streaming.py``); a batch is a gather, an
augmentation and a step. Nothing in a step waits for the device: losses and records accumulate there and are read once
an epoch.

On several processes every one trains this way, with its share of each batch's images (``scnlib/distributed.py``).
"""

import math
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from scnlib import compiling, counter_rng, distributed, evaluation, relabel, streaming
from scnlib.augment import views
from scnlib.config import Config
from scnlib.datasets import FaceSet
from scnlib.datasets.sampling import balanced_index
from scnlib.errors import ScnError
from scnlib.labels import LabelLedger
from scnlib.methods import Batch
from scnlib.methods.base import last_views
from scnlib.models import BACKBONES, in_three_channels, make_backbone, normalize, trains_on_one_image
from scnlib.precision import Precision

EVALUATION_BATCH = 500


class TrainingDiverged(ScnError):
    """The loss is no longer a number."""


def epoch_batches(
    n: int, batch_size: int, seed: int, epoch: int, device: torch.device | str = "cpu"
) -> tuple[Tensor, ...]:
    """The sample indices of every batch of an epoch: a fresh order, cut into batches of even size.

    Every sample is seen once. With ``ceil(n / batch_size)`` batches, sizes differ by at most one: no short last batch
    whose groups hold two or three samples.

    Returns:
        int64 tensors on ``device``, the same for the same (seed, epoch) on every device.
    """
    order = torch.randperm(n, generator=counter_rng.generator(seed, "order", epoch)).to(device)
    return order.tensor_split(math.ceil(n / batch_size))


def learning_rate(config: Config, progress: float) -> float:
    """The learning rate at ``progress`` epochs, 0 <= progress <= epochs.

    ``"one_cycle"``: from lr / 25 up to lr over the first quarter and down to lr / 250,000 by cosines (Smith 2018).
    ``"steps"``: lr divided by 10 after each milestone (SCN, section 3.5).
    ``"exponential"``: lr times .9 after each epoch (SCN's released code).
    """
    if config.schedule == "steps":
        return config.lr * 0.1 ** sum(progress >= milestone for milestone in config.milestones)
    if config.schedule == "exponential":
        return config.lr * 0.9 ** math.floor(progress)
    peak = config.epochs / 4
    start, end = config.lr / 25, config.lr / 250_000
    if progress < peak:
        return _cosine(start, config.lr, progress / peak)
    return _cosine(config.lr, end, (progress - peak) / (config.epochs - peak))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def _optimizer(model: nn.Module, config: Config) -> torch.optim.Optimizer:
    if config.optimizer == "adam":
        return torch.optim.Adam(model.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    return torch.optim.SGD(model.parameters(), lr=config.lr, momentum=config.momentum, weight_decay=config.weight_decay)


def build_model(config: Config, num_classes: int, weights: dict[str, Tensor] | None = None) -> nn.Module:
    """The network of a run before its first step: backbone and heads, initialised by the config's seed.

    Args:
        weights: a backbone's state dict to start from instead; two backbones both start from it.
    """
    seeds = (config.seed, counter_rng.generator(config.seed, "second backbone").initial_seed())
    backbones = [make_backbone(config.backbone, config.size, seed) for seed in seeds[: config.method.networks]]
    if weights is not None:
        for backbone in backbones:
            backbone.load_state_dict(weights, strict=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(counter_rng.generator(config.seed, "heads").initial_seed())
        return config.method.build(*backbones, num_classes)


class Training:
    """A run while it trains: the network, its optimiser, the labels, and what was recorded so far.

    Attributes:
        model: network in training.
        compiled: whether its backbones run by ``torch.compile`` (``scnlib/compiling.py``).
        streamed: whether the images are too many for the device, and come to it batch by batch.
        ledger: the labels and their history.
        epoch: the last finished epoch, 0 before the first.
        records: metric rows, one an epoch.
        alpha: list of ``(N,)`` float32 on the CPU, one an epoch; empty for methods without.
        predictions: list of ``(N,)`` uint8 on the CPU, one an epoch: argmax in training mode, on the augmented view.
        label_history: list of ``(N,)`` uint8 on the CPU: the labels each epoch trained on.
    """

    def __init__(
        self,
        config: Config,
        train: FaceSet,
        evaluation_sets: dict[str, FaceSet],
        device: torch.device,
        precision: Precision,
        weights: dict[str, Tensor] | None = None,
        compiled: bool = False,
    ) -> None:
        self.config, self.device, self.precision, self.compiled = config, device, precision, compiled
        self.num_classes = train.num_classes
        self.streamed = train.images.nbytes > streaming.room(device)
        self.images = train.images if self.streamed else train.images.to(device)
        self.targets = None if train.targets is None else train.targets.to(device)
        self.evaluation_sets = evaluation_sets
        true = None if train.true_labels is None else train.true_labels.to(device)
        self.ledger = LabelLedger(train.labels.to(device), true)
        # Which sample stands at each place of an epoch: each once, with oversampling those of rare classes more often.
        drawn = balanced_index(train.labels, config.seed) if config.oversample else torch.arange(len(train))
        self.drawn = drawn.to(device)
        self._check_batches()
        model = build_model(config, self.num_classes, weights)
        model.memory = config.method.memory(train.labels, self.num_classes)
        model = distributed.normalised_together(model, device)
        self.model = model.to(device, memory_format=torch.channels_last)
        backbones = [module for module in self.model.modules() if isinstance(module, tuple(BACKBONES.values()))]
        self.shares = distributed.Shares(backbones)
        if compiled:
            for backbone in backbones:
                compiling.compile_backbone(backbone, graphs=device.type == "cuda")
        self.optimizer = _optimizer(self.model, config)
        self.epoch = 0
        self.records: list[dict[str, float]] = []
        self.alpha: list[Tensor] = []
        self.predictions: list[Tensor] = []
        self.label_history: list[Tensor] = []

    def __len__(self) -> int:
        return len(self.images)

    @property
    def samples_per_epoch(self) -> int:
        """Samples that an epoch shows: as many as there are, or more with oversampling."""
        return len(self.drawn)

    def _check_batches(self) -> None:
        config = self.config
        smallest = self.samples_per_epoch // math.ceil(self.samples_per_epoch / config.batch_size)
        if distributed.processes() > 1 and smallest < 2 * distributed.processes():
            raise ValueError(
                f"a batch of {smallest} leaves fewer than 2 samples to each of {distributed.processes()} processes; "
                "choose a larger --batch-size or fewer processes"
            )
        if smallest == 1 and not trains_on_one_image(build_model(config, self.num_classes), config.size):
            raise ValueError(
                f"--batch-size {config.batch_size} cuts {self.samples_per_epoch} training images into batches of which "
                f"some hold a single one, and {config.method.name} with backbone {config.backbone} at {config.size} px "
                "cannot train on that: batch normalisation needs two. Choose --batch-size 3 or more"
            )

    # ------------------------------------------------------------------------------------------------ one epoch

    def train_epoch(self, on_batch: Callable[[int], None] = lambda n: None) -> dict[str, float]:
        """Train one epoch, evaluate, and return its row of metrics.

        Args:
            on_batch: called after each batch with its number of samples, for a progress bar.

        Raises:
            TrainingDiverged: if the loss became infinite or NaN.
        """
        started, epoch = time.perf_counter(), self.epoch + 1
        sums: dict[str, Tensor] = {}
        alpha = torch.full((len(self),), torch.nan, device=self.device)
        predictions = torch.zeros(len(self), dtype=torch.int64, device=self.device)
        self.label_history.append(self.ledger.current.to("cpu", torch.uint8))
        # Methods with dropout draw from torch's own generator: keyed by the epoch, a resumed run draws the same.
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(self.config.seed * 100_003 + epoch)
            self.shares.generator.manual_seed(self.config.seed * 100_003 + epoch)
            self.model.train()
            for batch in self._batches(epoch, augmented=True, on_batch=on_batch):
                step = self._step(batch, epoch)
                parts = {"train_loss": step.loss, "classification_loss": step.loss, **step.parts}
                for name, value in parts.items():
                    sums[name] = sums.get(name, 0) + value.detach() * len(batch.index)
                last = last_views(batch.index, len(self))
                predictions[batch.index] = step.logits.detach().argmax(1)[last]
                if step.alpha is not None:
                    alpha[batch.index] = step.alpha.detach()[last]
                if step.labels is not None:
                    self.ledger.propose(batch.index, step.labels[last])
        losses = {name: float(total / self.samples_per_epoch) for name, total in sums.items()}
        if not all(math.isfinite(value) for value in losses.values()):
            raise TrainingDiverged(
                f"the loss became {losses['train_loss']} in epoch {epoch} at learning rate {self.optimizer_lr:.3g}; "
                "a smaller --lr or a larger --batch-size helps."
            )
        distributed.equalise(self.model.buffers())  # batch normalisation may have seen each process's share alone
        self.epoch = epoch
        self.predictions.append(predictions.to("cpu", torch.uint8))
        if not alpha.isnan().any():
            self.alpha.append(alpha.cpu())
        labels_used = self.ledger.current.clone()
        if epoch < self.config.epochs:
            self.config.method.after_epoch(self.model, epoch, self.ledger.given, self.features)
            distributed.equalise(self.model.buffers())
        if self.config.method.relabels_after(epoch):
            self._relabel_in_evaluation_mode(epoch)
        self.ledger.commit(epoch, self.config.method.name)
        row = {"epoch": epoch, "lr": self.optimizer_lr, **losses}
        row |= self._training_measures(predictions, alpha, labels_used) | self._evaluation_measures()
        row["seconds"] = time.perf_counter() - started
        self.records.append(row)
        return row

    @property
    def optimizer_lr(self) -> float:
        return self.optimizer.param_groups[0]["lr"]

    def _batches(self, epoch: int, *, augmented: bool, on_batch: Callable[[int], None]) -> Iterator[Batch]:
        config = self.config
        order = epoch_batches(self.samples_per_epoch, config.batch_size, config.seed, epoch, self.device)
        streamed = self._streamed_images(epoch) if self.streamed else None
        for number, place in enumerate(order):
            index = self.drawn[place]
            own = self.shares.own(place)
            images = self._scaled(self.images[self.drawn[own]] if streamed is None else next(streamed))
            if augmented:
                self._set_learning_rate(learning_rate(config, epoch - 1 + number / len(order)))
                # By place, so that a sample that stands in an epoch twice is seen in two views.
                images = views(images, own, epoch, config.seed, config.augmentation)
            targets = None if self.targets is None else self.targets[index]
            yield Batch(images, self.ledger.current[index], self.ledger.given[index], index, targets)
            on_batch(len(index))

    def _streamed_images(self, epoch: int) -> Iterator[Tensor]:
        """This process's images of every batch of an epoch, on the device."""
        order = epoch_batches(self.samples_per_epoch, self.config.batch_size, self.config.seed, epoch)
        share, drawn = (distributed.rank(), distributed.processes()), self.drawn.cpu()
        own = (drawn[place[distributed.share(len(place), *share)]] for place in order)
        return streaming.read_ahead(self.images, own, self.device)

    def _scaled(self, images: Tensor) -> Tensor:
        return normalize(images, self.config.normalization)

    def _set_learning_rate(self, lr: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = lr

    def _step(self, batch: Batch, epoch: int):
        if self.compiled:
            compiling.next_step()
        with self.precision.autocast(self.device):
            step = self.config.method.step(self.model, batch, epoch)
        self.optimizer.zero_grad(set_to_none=True)
        step.loss.backward()
        distributed.average(p.grad for p in self.model.parameters() if p.grad is not None)
        self.optimizer.step()
        return step

    @torch.no_grad()
    def _relabel_in_evaluation_mode(self, epoch: int) -> None:
        """Show the method the unchanged images in this epoch's batches: its groups are as large as in training."""
        self.model.eval()
        for batch in self._batches(epoch, augmented=False, on_batch=lambda n: None):
            with self.precision.autocast(self.device):
                logits, alpha = self.config.method.predict(self.model, batch.images)
            labels = self.config.method.relabelled(logits, alpha, batch)
            self.ledger.propose(batch.index, labels[last_views(batch.index, len(self))])

    # ------------------------------------------------------------------------------------------------ measures

    @torch.no_grad()
    def features(self) -> Tensor:
        """The backbone's float32 features ``(N, D)`` of all unchanged training images, in evaluation mode."""
        self.model.eval()
        parts = []
        for images in self.images.split(EVALUATION_BATCH * distributed.processes()):
            own = self._scaled(self.shares.own(images).to(self.device))
            with self.precision.autocast(self.device):
                parts.append(self.model.backbone(in_three_channels(own)).float())
        return torch.cat(parts)

    @torch.no_grad()
    def infer(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Logits ``(N, C)`` and alpha ``(N,)`` or None for uint8 images, in evaluation mode, on the CPU."""
        self.model.eval()
        logits, alphas = [], []
        for part in images.split(EVALUATION_BATCH * distributed.processes()):
            own = self._scaled(self.shares.own(part).to(self.device))
            with self.precision.autocast(self.device):
                scores, alpha = self.config.method.predict(self.model, own)
            logits.append(scores.float())
            alphas.append(alpha)
        together = torch.cat(logits).cpu()
        if not together.isfinite().all():
            raise TrainingDiverged(
                f"the network's scores became infinite or NaN in epoch {self.epoch}; try a smaller --lr"
            )
        return together, None if alphas[0] is None else torch.cat(alphas).float().cpu()

    def _training_measures(self, predictions: Tensor, alpha: Tensor, labels_used: Tensor) -> dict[str, float]:
        """How the epoch's predictions and importances stand to given, current and true labels."""
        predictions, alpha, labels_used = predictions.cpu(), alpha.cpu(), labels_used.cpu()  # mps has no float64
        given, current = self.ledger.given.cpu(), self.ledger.current.cpu()
        true = None if self.ledger.true is None else self.ledger.true.cpu()
        row = {
            "train_accuracy_given": evaluation.accuracy(predictions, given),
            "train_accuracy_current": evaluation.accuracy(predictions, labels_used),
            "relabelled": (current != given).sum(),
        }
        if true is not None:
            wrong = given != true
            outcome = relabel.audit(given, current, true)
            row |= {
                "train_accuracy_true": evaluation.accuracy(predictions, true),
                "memorised": evaluation.accuracy(predictions[wrong], given[wrong]),
                "label_accuracy": outcome.label_accuracy,
                "relabel_precision": outcome.precision,
                "relabel_recall": outcome.recall,
            }
        if self.alpha and len(self.alpha) == self.epoch:
            row |= {"alpha_mean": alpha.mean(), "alpha_std": alpha.std(), "alpha_min": alpha.min()}
            row |= {"alpha_max": alpha.max(), "trusted_agreement": self._trusted_agreement(predictions, alpha, given)}
            if true is not None:
                row |= {
                    "alpha_clean": alpha[~wrong].mean(),
                    "alpha_flipped": alpha[wrong].mean(),
                    "alpha_auroc": evaluation.auroc(-alpha, wrong),
                }
        return {name: float(value) for name, value in row.items()}

    def _trusted_agreement(self, predictions: Tensor, alpha: Tensor, given: Tensor) -> Tensor:
        """How often the network agrees with the given labels of the samples that it holds important."""
        trusted = ~relabel.low_importance(alpha, getattr(self.config.method, "beta", 0.7))
        return evaluation.accuracy(predictions[trusted], given[trusted])

    def _evaluation_measures(self) -> dict[str, float]:
        row = {}
        for name, faces in self.evaluation_sets.items():
            predictions = self.infer(faces.images)[0].argmax(1)
            row[f"{name}_answers"] = float(len(predictions.unique()))  # for diagnostics: 1 where all faces get the same
            row[f"{name}_accuracy"] = float(evaluation.accuracy(predictions, faces.labels))
            if faces.true_labels is None:
                row[f"{name}_mean_class_accuracy"] = float(
                    evaluation.mean_class_accuracy(predictions, faces.labels, self.num_classes)
                )
            else:  # labels with the training labels' noise are what a choice may look at
                row[f"{name}_accuracy_true"] = float(evaluation.accuracy(predictions, faces.true_labels))
        return row

    # ------------------------------------------------------------------------------------------------ checkpoints

    def state(self) -> dict[str, Tensor]:
        """Everything a resumed run needs, as named tensors; ``records`` go beside them as JSON."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        for i, memory in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{name}": value for name, value in memory.items() if value is not None}
        tensors |= {f"ledger.{name}": value for name, value in self.ledger.state().items()}
        for name in ("alpha", "predictions", "label_history"):
            if getattr(self, name):
                tensors[name] = torch.stack(getattr(self, name))
        return {name: value.detach().contiguous() for name, value in tensors.items()}

    def restore(self, tensors: dict[str, Tensor], records: list[dict[str, float]]) -> None:
        """Continue where ``state`` and ``records`` were taken."""
        self.records, self.epoch = list(records), len(records)
        self.model.load_state_dict(_under("model.", tensors))
        for i, parameter in enumerate(self.model.parameters()):
            for name, value in _under(f"optimizer.{i}.", tensors).items():
                # In the memory layout of its weight; Adam's step counter has none and stays on the CPU.
                here = value if name == "step" else torch.empty_like(parameter).copy_(value)
                self.optimizer.state[parameter][name] = here
        self.ledger.restore(
            {k: v.to(self.device) for k, v in _under("ledger.", tensors).items()}, self.config.method.name
        )
        for name in ("alpha", "predictions", "label_history"):
            setattr(self, name, list(tensors[name]) if name in tensors else [])


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
