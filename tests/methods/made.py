"""Batches and networks small enough to compute by hand, shared by the tests of methods."""

import math

import torch
from torch import nn

from scnlib.methods import Batch


class Features(nn.Module):
    """A backbone that hands its input on: an image's channels are its features."""

    num_features = 3

    def forward(self, images):
        return images.mean((2, 3))


def make_batch(n=40, num_classes=5, seed=0):
    """Random features; the first tenth of the labels differ from the given ones."""
    generator = torch.Generator().manual_seed(seed)
    images = 3 * torch.randn(n, 3, 2, 2, generator=generator)
    given = torch.arange(n) % num_classes
    labels = (given + (torch.arange(n) < n // 10)) % num_classes
    return Batch(images, labels, given, index=torch.arange(n))


def build(method, batch, num_classes=5):
    """The method's network with features that the images spell out, and its memory."""
    torch.manual_seed(1)
    model = method.build(*(Features() for _ in range(method.networks)), num_classes)
    model.memory = method.memory(batch.given, num_classes)
    return model


def losses_by_hand(model, images, labels):
    """Cross-entropy of each image, whose channels are its features, one class at a time in float64."""
    weight, losses = model.classifier.weight.double().tolist(), []
    for image, label in zip(images.double().tolist(), labels.tolist(), strict=True):
        features = [sum(map(sum, channel)) / sum(map(len, channel)) for channel in image]
        features *= len(weight[0]) // len(features)  # a backbone may hand them on twice
        logits = [sum(w * f for w, f in zip(row, features, strict=True)) for row in weight]
        losses.append(math.log(sum(map(math.exp, logits))) - logits[label])
    return losses


def train_and_watch(method, model, batch, epochs=3):
    """Steps on one batch with a classifier that changes between them: the last, and all probabilities, float64."""
    seen = []
    for epoch in range(1, epochs + 1):
        with torch.no_grad():
            model.classifier.weight += 0.1 * epoch
        seen.append(torch.softmax(model(batch.images)[0].double(), 1).tolist())
        step = method.step(model, batch, epoch)
    return step, seen
