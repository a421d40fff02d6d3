"""DeepPixBiS: a DenseNet-161 cut after its second transition, with a pixel-wise and a global output.

George and Marcel, "Deep Pixel-wise Binary Supervision for Face Presentation Attack Detection", ICB 2019,
figure 2; Huang et al., "Densely Connected Convolutional Networks", CVPR 2017 (growth 48, 96 stem channels,
blocks 6 and 12).

Trained with 'deeppixbis': half pixel-wise BCE on the map, half BCE on the global output; the published
score is the mean of the sigmoid map. Images are normalised with mean and deviation 0.5. The ImageNet
pre-training of the paper is not here; the features' convolutions start from N(0, sqrt(2/(k*k*C_out))).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from .blocks import init_fan_out
from .sizes import require_exactly, side_at_least

GROWTH = 48
SMALLEST = 32


class DeepPixBiSOutput(NamedTuple):
    """Logits of the map (B, 1, m, m) and of the whole image (B, 1); sigmoid of either: 1 = bona fide."""

    map_logits: Tensor
    logit: Tensor


class DenseLayer(nn.Module):
    """BatchNorm-ReLU-1x1, BatchNorm-ReLU-3x3, appended to the input: (B, C, H, W) -> (B, C + 48, H, W)."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm2d(in_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(in_channels, 4 * GROWTH, 1, bias=False),
            nn.BatchNorm2d(4 * GROWTH),
            nn.ReLU(inplace=True),
            nn.Conv2d(4 * GROWTH, GROWTH, 3, padding=1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, self.layers(x)), dim=1)


def dense_block(in_channels: int, layers: int) -> list[nn.Module]:
    """`layers` dense layers and the transition that halves channels and map."""
    channels = in_channels + layers * GROWTH
    return [
        *(DenseLayer(in_channels + index * GROWTH) for index in range(layers)),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, channels // 2, 1, bias=False),
        nn.AvgPool2d(2, 2),
    ]


class DeepPixBiS(nn.Module):
    """DeepPixBiS: images (B, 3, S, S), S = input_size -> (map_logits (B, 1, m, m), logit (B, 1)).

    m is 14 at 224. The global logit is a linear layer over the sigmoid map, so S is fixed. Raises
    ValueError on any other size.
    """

    def __init__(self, *, input_size: int = 224) -> None:
        super().__init__()
        self.input_size = side_at_least(input_size, SMALLEST, "DeepPixBiS")
        stem_side = (self.input_size + 1) // 2  # 7x7, stride 2, padding 3
        pooled_side = (stem_side + 1) // 2  # 3x3, stride 2, padding 1
        self.map_size = pooled_side // 4  # two transitions pool without padding
        self.features = nn.Sequential(
            nn.Conv2d(3, 96, 7, 2, padding=3, bias=False),
            nn.BatchNorm2d(96),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, padding=1),
            *dense_block(96, 6),  # (B, 192, S/8, S/8)
            *dense_block(192, 12),  # (B, 384, S/16, S/16)
        )
        self.to_map = nn.Conv2d(384, 1, 1)
        self.to_logit = nn.Linear(self.map_size**2, 1)
        init_fan_out(self.features)  # not the map: one output would start it at deviation 1.4

    def forward(self, images: Tensor) -> DeepPixBiSOutput:
        require_exactly(images, self.input_size, "DeepPixBiS")
        map_logits = self.to_map(self.features(images))  # (B, 1, m, m)
        logit = self.to_logit(torch.sigmoid(map_logits).flatten(1))  # (B, 1)
        return DeepPixBiSOutput(map_logits, logit)


def deeppixbis(*, input_size: int = 224) -> DeepPixBiS:
    """DeepPixBiS, 14x14 map at 224x224."""
    return DeepPixBiS(input_size=input_size)
