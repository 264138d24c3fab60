"""Networks: backbones turn an image into a feature vector, ``Classifier`` turns that into scores and an importance."""

import itertools

import torch
from torch import Tensor, nn

from scnlib.ir50 import IR50


class ResNet18(nn.Module):
    """ResNet-18 up to its last pooling layer, the backbone of both papers.

    The stem follows the image: from 96 px on the ImageNet stem (7x7, stride 2, pooling). Below, a 3x3 convolution with
    stride 2 and the same pooling: a 7x7 window would span an eye and a brow of a 48 px face at once. ``num_features``
    is 512. Parameters have torchvision's names, so its checkpoints and those of its many users fit.

    Source: He et al., Deep Residual Learning, CVPR 2016; SCN, section 3.5 (features from the last pooling layer). The
        stem for small images is ours.
    """

    num_features = 512
    pools_by_mean = True  # features are the mean of the maps, so that a class activation map adds up to a score

    def __init__(self, size: int) -> None:
        super().__init__()
        kernel = 7 if size >= 96 else 3
        self.conv1 = nn.Conv2d(3, 64, kernel, stride=2, padding=kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = nn.Sequential(BasicBlock(64, 64), BasicBlock(64, 64))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, stride=2), BasicBlock(128, 128))
        self.layer3 = nn.Sequential(BasicBlock(128, 256, stride=2), BasicBlock(256, 256))
        self.layer4 = nn.Sequential(BasicBlock(256, 512, stride=2), BasicBlock(512, 512))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """``(N, 3, H, W)`` normalised images -> ``(N, 512)`` features, none negative."""
        return self.maps(images).mean((2, 3))

    def maps(self, images: Tensor) -> Tensor:
        """``(N, 512, H / 32, W / 32)``, rounded up: before pooling."""
        maps = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        return self.layer4(self.layer3(self.layer2(self.layer1(maps))))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut: ``relu(x' + bn(conv(relu(bn(conv(x))))))``.

    The shortcut x' is x itself, or a 1x1 convolution of it where the block halves the resolution.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1:
            shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(shortcut + self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))


class SmallCNN(nn.Module):
    """Five convolutions for lessons on a CPU: about 1 million weights, 256 features.

    Each of the first four halves the resolution and doubles the width from 32 on.
    """

    num_features = 256
    pools_by_mean = True

    def __init__(self, size: int) -> None:
        super().__init__()
        widths = (3, 32, 64, 128, 256)
        stages = [_conv_bn_relu(i, o, stride=2) for i, o in itertools.pairwise(widths)]
        self.stages = nn.Sequential(*stages, _conv_bn_relu(256, 256, stride=1))

    def forward(self, images: Tensor) -> Tensor:
        """``(N, 3, H, W)`` normalised images -> ``(N, 256)`` features, none negative."""
        return self.maps(images).mean((2, 3))

    def maps(self, images: Tensor) -> Tensor:
        """``(N, 256, H / 16, W / 16)``: before pooling."""
        return self.stages(images)


def _conv_bn_relu(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


BACKBONES: dict[str, type[nn.Module]] = {"resnet18": ResNet18, "small": SmallCNN, "ir50": IR50}


def make_backbone(name: str, size: int, seed: int) -> nn.Module:
    """A freshly initialised backbone for square images of ``size`` pixels.

    Raises:
        ValueError: if the name is unknown.
    """
    if name not in BACKBONES:
        raise ValueError(f"unknown backbone {name!r}; known: {', '.join(BACKBONES)}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return BACKBONES[name](size)


@torch.no_grad()
def trains_on_one_image(network: nn.Module, size: int) -> bool:
    """Whether a batch may hold a single image: batch normalisation needs two values of each channel.

    The maps of one image are enough, as long as they have not shrunk to one pixel.

    Args:
        network: in training mode, on the CPU; to be thrown away, since its running means move.
    """
    try:
        network(torch.zeros(1, 3, size, size))
    except ValueError:
        return False
    return True


class Classifier(nn.Module):
    """A backbone with a linear classifier and, where a method asks for it, an importance weight for each image.

        z = W x  (+ b)        alpha = sigmoid(w_a x  (+ b_a))

    Source: SCN, eq. (1) and (2), which have no bias; the released code has both.
    """

    def __init__(self, backbone: nn.Module, num_classes: int, *, importance: bool = False, bias: bool = False) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = nn.Linear(backbone.num_features, num_classes, bias=bias)
        self.importance = nn.Linear(backbone.num_features, 1, bias=bias) if importance else None

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Normalised images ``(N, 1 or 3, H, W)`` -> float32 logits ``(N, C)`` and alpha ``(N,)`` or None."""
        features = self.features(images)
        # bfloat16 knows 128 values between 0.5 and 1: alpha would tie and rank by position. The heads cost nothing.
        with torch.autocast(images.device.type, enabled=False):
            alpha = None if self.importance is None else torch.sigmoid(self.importance(features)).squeeze(1)
            return self.classifier(features), alpha

    def features(self, images: Tensor) -> Tensor:
        """The backbone's float32 features ``(N, D)`` of normalised images, for methods with more than a classifier."""
        return self.backbone(in_three_channels(images)).float()


def in_three_channels(images: Tensor) -> Tensor:
    """``(N, 1 or 3, H, W)`` -> ``(N, 3, H, W)``, channels last, as backbones take them: grey is shown three times."""
    return images.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


#: Mean and deviation of a pixel in 0..1, for all channels or for red, green and blue. ``centred`` is ours, for networks
#: from scratch; the others are what weights of others were trained with: ``unit`` DREAM's, ``signed`` face.evoLVe's.
NORMALIZATIONS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "centred": ((0.5,), (0.25,)),
    "unit": ((0.0,), (1.0,)),
    "signed": ((0.5,), (0.5,)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


def normalize(images: Tensor, how: str = "centred") -> Tensor:
    """uint8 ``(N, C, H, W)`` -> float32 ``(x / 255 - mean) / std``, of grey images in three channels for ``imagenet``.

    ``centred``, -2..2, is ours; the papers state none.
    """
    mean, std = NORMALIZATIONS[how]
    channels = [images] if len(mean) == 1 else images.expand(-1, len(mean), -1, -1).split(1, dim=1)
    # Numbers of the host, not a tensor of them: nothing waits for the device.
    scaled = [x.float().mul_(1 / (255 * s)).sub_(m / s) for x, m, s in zip(channels, mean, std, strict=True)]
    return scaled[0] if len(scaled) == 1 else torch.cat(scaled, dim=1)
