"""ShuffleNetV2 at width 1.

Ma et al., "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design", ECCV 2018, figure 3
(c, d) and table 5. Published as a face anti-spoofing baseline in FeatherNets table 2 (2 classes at 224x224:
1.26 M, 148.05 M under that paper's counter, which counts the 7x7 mean pooling: hence AvgPool2d and a fixed
input size).

Trained with 'cross_entropy'; FeatherNets does not say whether it used its focal loss here.
"""

import torch
from torch import Tensor, nn

from .blocks import init_fan_out
from .published import FEATHERNETS, FEATHERNETS_TABLE_2, Published
from .sizes import require_exactly, side_multiple

PUBLISHED = {
    "shufflenet_v2": (Published("1.26M", "148.05M", 224, FEATHERNETS_TABLE_2, FEATHERNETS),),
}
"""Printed params and MACs, by network."""

STAGES = ((116, 4), (232, 8), (464, 4))
"""(channels, blocks) of stages 2 to 4 at width 1, table 5."""


def pointwise(in_channels: int, out_channels: int) -> list[nn.Module]:
    """1x1 convolution, BatchNorm, ReLU."""
    return [nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU(True)]


def depthwise(channels: int, stride: int) -> list[nn.Module]:
    """3x3 depthwise convolution and BatchNorm."""
    conv = nn.Conv2d(channels, channels, 3, stride, padding=1, groups=channels, bias=False)
    return [conv, nn.BatchNorm2d(channels)]


def channel_shuffle(x: Tensor) -> Tensor:
    """Interleave the two halves of the channels: (B, C, H, W) -> (B, C, H, W)."""
    batch, channels, height, width = x.shape
    x = x.view(batch, 2, channels // 2, height, width).transpose(1, 2)  # (B, C/2, 2, H, W)
    return x.reshape(batch, channels, height, width)


class ShuffleUnit(nn.Module):
    """Figure 3 (c) at stride 1, where half the channels pass untouched, and (d) at stride 2.

    (B, in, H, W) -> (B, out, H/stride, W/stride).
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        half = out_channels // 2
        self.split = stride == 1
        branch_in = half if self.split else in_channels
        self.second = nn.Sequential(
            *pointwise(branch_in, half), *depthwise(half, stride), *pointwise(half, half)
        )
        self.first: nn.Module = nn.Identity()
        if not self.split:
            self.first = nn.Sequential(*depthwise(in_channels, stride), *pointwise(in_channels, half))

    def forward(self, x: Tensor) -> Tensor:
        first, second = x.chunk(2, dim=1) if self.split else (x, x)
        return channel_shuffle(torch.cat((self.first(first), self.second(second)), dim=1))


class ShuffleNetV2(nn.Module):
    """ShuffleNetV2: images (B, 3, S, S), S = input_size -> logits (B, num_outputs), column 1 = bona fide.

    S divides by 32. Raises ValueError on any other size.
    """

    def __init__(self, *, num_outputs: int = 2, input_size: int = 224) -> None:
        super().__init__()
        self.input_size = side_multiple(input_size, 32, "ShuffleNetV2")
        self.stem = nn.Sequential(
            nn.Conv2d(3, 24, 3, 2, padding=1, bias=False),
            nn.BatchNorm2d(24),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, padding=1),
        )
        units: list[nn.Module] = []
        channels = 24
        for out_channels, blocks in STAGES:
            for index in range(blocks):
                units.append(ShuffleUnit(channels, out_channels, 2 if index == 0 else 1))
                channels = out_channels
        self.stages = nn.Sequential(*units)
        self.last = nn.Sequential(*pointwise(channels, 1024))
        self.pool = nn.AvgPool2d(self.input_size // 32)
        self.classifier = nn.Linear(1024, num_outputs)
        init_fan_out(self)

    def forward(self, images: Tensor) -> Tensor:
        require_exactly(images, self.input_size, "ShuffleNetV2")
        x = self.last(self.stages(self.stem(images)))  # (B, 1024, S/32, S/32)
        return self.classifier(torch.flatten(self.pool(x), 1))


def shufflenet_v2(*, num_outputs: int = 2, input_size: int = 224) -> ShuffleNetV2:
    """ShuffleNetV2 x1 with `num_outputs` logits."""
    return ShuffleNetV2(num_outputs=num_outputs, input_size=input_size)
