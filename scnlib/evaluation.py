"""Measures: labels and predictions in, numbers out. All torch, all 0-d tensors, so nothing waits for a device."""

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
    _, group, size = scores.unique(return_inverse=True, return_counts=True)
    last = size.cumsum(0).double()
    ranks = (last - (size - 1) / 2)[group]  # the mean rank of all samples with the same score
    positives, negatives = positive.sum().double(), (~positive).sum().double()
    return (ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives)
