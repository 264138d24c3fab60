"""Confident learning: cross-validated predictions point at wrong labels, and those samples are left out."""

import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib import counter_rng
from scnlib.errors import ScnError
from scnlib.methods.base import Batch, Method, Step, buffers

INVERSE_PENALTY = 0.01  # scikit-learn's C; its default of 1 predicts held-out noisy labels worse


@dataclass(frozen=True, kw_only=True)
class ConfidentLearning(Method):
    """After a warm-up, the samples whose labels cleanlab takes for errors no longer count.

        p_i   = probabilities of sample i from a logistic regression on the features of the other folds
        t_c   = mean of p_ic over the samples labelled c                           what "confident of c" means
        C_jc  = how many samples labelled j are confident of c (of the surest one)   an estimate of the noise
        left out: for each j, c other than j as many samples as C says, those with the largest p_ic - p_ij

        L = sum_i w_i CE_i / sum_i w_i,     w = 0 for what is left out, else 1

    ``alpha`` is w.

    Attributes:
        folds: of the cross-validation, at least 2; cleanlab's own default is 5.
        warm_up: epochs on all samples before the first filtering, which is repeated every ``warm_up`` epochs with
            better features. Ours: the paper filters once, with a fully trained network for each fold, and trains again
            from scratch; so much costs several runs. A profile sets a quarter of its epochs.

    Source: Northcutt, Jiang and Chuang, Confident Learning, JAIR 2021, "prune by noise rate", which is cleanlab's
        default; cleanlab 2.9 does it (Apache 2.0). Neither SCN nor LRN compare with it.
    Ours: the logistic regression on the network's features and the strength of its penalty, chosen on held-out noisy
        labels. It has not seen a sample's label, the features have: so the warm-up ends before they memorise.

    Raises:
        ScnError: when a training starts and cleanlab is not installed.
    """

    name = "confident_learning"
    starts_after = "warm_up"

    folds: int = 5
    warm_up: int = 10

    def __post_init__(self) -> None:
        for option, least in (("folds", 2), ("warm_up", 1)):
            if getattr(self, option) < least:
                raise ValueError(f"confident_learning: {option} must be at least {least}, got {getattr(self, option)}")

    def memory(self, given: Tensor, num_classes: int) -> nn.Module:
        if importlib.util.find_spec("cleanlab") is None:
            raise ScnError("method confident_learning needs cleanlab, which is not installed: pip install cleanlab")
        return buffers(weights=torch.ones(len(given)))

    def after_epoch(self, model: nn.Module, epoch: int, given: Tensor, features: Callable[[], Tensor]) -> None:
        if epoch % self.warm_up:
            return
        probabilities = out_of_sample_probabilities(features(), given, model.classifier.out_features, self.folds)
        model.memory.weights.copy_(~label_issues(probabilities, given))

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        logits, _ = model(batch.images)
        losses = F.cross_entropy(logits, batch.supervision, reduction="none")
        weights = model.memory.weights[batch.index]
        loss = (weights * losses).sum() / weights.sum().clamp_min(1)
        return Step(loss, logits, alpha=weights)


def out_of_sample_probabilities(features: Tensor, labels: Tensor, num_classes: int, folds: int = 5) -> Tensor:
    """Probabilities of each sample from a logistic regression that was fitted to the other folds.

    Args:
        features: ``(N, D)``; each dimension is scaled to mean 0 and standard deviation 1.
        labels: int64 ``(N,)``. Each fold gets its share of every class, in an order drawn by a fixed seed.

    Returns:
        float64 ``(N, C)`` on the CPU. A class that the other folds do not have gets 0; where they have one class alone,
        it gets 1.
    """
    from sklearn.linear_model import LogisticRegression

    scaled = (features - features.mean(0)) / features.std(0).clamp_min(1e-6)
    x, y = scaled.double().cpu().numpy(), labels.cpu()
    drawn = torch.randperm(len(y), generator=counter_rng.generator(0, "folds"))
    by_class = drawn[y[drawn].argsort(stable=True)]
    fold = torch.empty_like(y).index_copy_(0, by_class, torch.arange(len(y)) % folds)
    probabilities = torch.zeros(len(y), num_classes, dtype=torch.float64)
    for k in range(folds):
        inside, outside = fold == k, fold != k
        known = y[outside].unique()
        if len(known) == 1:
            probabilities[inside, known] = 1.0
        elif inside.any():
            model = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000).fit(x[outside.numpy()], y[outside].numpy())
            found = torch.from_numpy(model.predict_proba(x[inside.numpy()]))
            probabilities[inside] = probabilities[inside].index_copy(1, known, found)
    return probabilities


def label_issues(probabilities: Tensor, labels: Tensor) -> Tensor:
    """bool ``(N,)``: whose label cleanlab takes for wrong, by ``(N, C)`` out-of-sample probabilities.

    None where there is one class alone, which cleanlab refuses.
    """
    if len(labels.unique()) < 2:
        return torch.zeros_like(labels, dtype=torch.bool)
    from cleanlab.filter import find_label_issues

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it keeps the only sample of a class, and says so
        found = find_label_issues(labels.cpu().numpy(), probabilities.numpy(), n_jobs=1)
    return torch.from_numpy(found).to(labels.device)
