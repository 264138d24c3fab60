"""Measures: labels and predictions in, tensors out. Called once an epoch, on the CPU."""

import torch
from torch import Tensor


def accuracy(predictions: Tensor, labels: Tensor) -> Tensor:
    """Share of ``predictions`` ``(N,)`` that equal ``labels``; the papers' metric on RAF-DB and FERPlus."""
    return (predictions == labels).float().mean()


def confusion_matrix(labels: Tensor, predictions: Tensor, num_classes: int) -> Tensor:
    """int64 ``(C, C)`` counts, row = label, column = prediction.

    Also the transition matrix of label noise, with true labels as rows and given ones as columns.
    """
    cells = labels * num_classes + predictions
    return torch.bincount(cells, minlength=num_classes**2).view(num_classes, num_classes)


def mean_class_accuracy(predictions: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    """Mean over the classes that occur of the share of each that is predicted right: SCN's metric on AffectNet."""
    matrix = confusion_matrix(labels, predictions, num_classes)
    per_class = matrix.diagonal() / matrix.sum(1)  # NaN for a class without samples
    return per_class.nanmean()


def auroc(scores: Tensor, positive: Tensor) -> Tensor:
    """Area under the ROC curve: how likely a positive sample scores above a negative one, ties counting half.

        AUROC = (sum of the positives' ranks - P (P + 1) / 2) / (P * Q)       (Mann and Whitney's U / PQ)

    Args:
        scores: ``(N,)``, finite.
        positive: bool ``(N,)``; P of them true, Q false.

    Returns:
        0-d float64 in 0..1, NaN where one of the sides is empty.
    """
    ranks = mean_ranks(scores)
    positives, negatives = positive.sum().double(), (~positive).sum().double()
    return (ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives)


def spearman(a: Tensor, b: Tensor) -> Tensor:
    """Spearman's rank correlation of two ``(N,)`` tensors: Pearson's correlation of their ranks.

    Returns:
        0-d float64 in -1..1, NaN where one of the two is the same for all.
    """
    x, y = (ranks - ranks.mean() for ranks in (mean_ranks(a), mean_ranks(b)))
    return (x * y).sum() / (x.square().sum() * y.square().sum()).sqrt()


def mean_ranks(values: Tensor) -> Tensor:
    """Ranks 1 to N of ``(N,)`` values as float64; equal values share the mean of their ranks."""
    _, group, size = values.unique(return_inverse=True, return_counts=True)
    last = size.cumsum(0).double()
    return (last - (size - 1) / 2)[group]
