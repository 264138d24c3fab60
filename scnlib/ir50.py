"""IR-50, the face recognition network with which SCN reaches 89.35 % on FERPlus."""

import itertools
import math

from torch import Tensor, nn

#: Of each of the four stages: width, and how many units it has. The first unit of a stage halves the resolution.
STAGES = ((64, 3), (128, 4), (256, 14), (512, 3))


class IR50(nn.Module):
    """A residual network of 24 units, each two convolutions, for aligned faces of 112 px.

        stem      conv 3x3 - BN - PReLU, at full resolution
        unit      s(x) + BN(conv_3x3,stride(PReLU(conv_3x3(BN(x)))))
        head      BN - dropout - all positions of all maps -> 512 numbers - BN

    The shortcut s picks every ``stride``-th pixel, and is a 1x1 convolution with BN where the width changes. Unlike
    ResNet's, features may be negative, and the last layer sees where in the face something is, so a checkpoint fits one
    image size alone. Parameters have the names of face.evoLVe, so its checkpoints fit.

    Source: SCN, table 7; architecture as in face.evoLVe, ``backbone/model_irse.py``. That code takes 112 and 224 px;
        other sizes, and the initialisation, are ours.
    """

    num_features = 512
    pools_by_mean = False

    def __init__(self, size: int) -> None:
        super().__init__()
        side = math.ceil(size / 16)
        self.input_layer = nn.Sequential(_conv(3, 64), nn.BatchNorm2d(64), nn.PReLU(64))
        widths = [64, *(width for width, _ in STAGES)]
        units = []
        for (inputs, width), (_, count) in zip(itertools.pairwise(widths), STAGES, strict=True):
            units += [Unit(inputs, width, stride=2), *(Unit(width, width) for _ in range(count - 1))]
        self.body = nn.Sequential(*units)
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(512), nn.Dropout(), nn.Flatten(), nn.Linear(512 * side * side, 512), nn.BatchNorm1d(512)
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, a=0.25)

    def forward(self, images: Tensor) -> Tensor:
        """``(N, 3, size, size)`` normalised images -> ``(N, 512)`` features of either sign."""
        return self.output_layer(self.maps(images))

    def maps(self, images: Tensor) -> Tensor:
        """``(N, 512, H / 16, W / 16)``, rounded up: before the head."""
        return self.body(self.input_layer(images))


class Unit(nn.Module):
    """``s(x) + BN(conv_stride(PReLU(conv(BN(x)))))``, both convolutions 3x3."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.shortcut_layer = nn.MaxPool2d(1, stride)
        if inputs != outputs:
            shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.shortcut_layer = nn.Sequential(shortcut, nn.BatchNorm2d(outputs))
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(inputs), _conv(inputs, outputs), nn.PReLU(outputs),
            _conv(outputs, outputs, stride), nn.BatchNorm2d(outputs),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut_layer(x) + self.res_layer(x)


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
