"""FaceBagNet model A: SE-ResNeXt streams over small patches of colour, depth and infrared.

Shen, Huang and Tong, "FaceBagNet: Bag-of-local-features Model for Multi-modal Face Anti-spoofing", CVPRW
2019. Parameters in AFA table 8: 14.55 M. Patches of 32, 48 or 64 pixels cut from 112x112 faces.

Trained with 'cross_entropy'. Random patches, modal feature erasing, cyclic cosine learning rates and the
mean over 36 test crops belong to data and training and are not here. The published parameters count what
the forward pass touches; stages of the SE-ResNeXt that it never runs are not built.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .blocks import FusionHead, SqueezeExcitation, basic_layer, init_fan_out
from .published import AFA_TABLE_8, Published
from .sizes import MODALITIES, require_at_least, require_modalities, side_at_least

PUBLISHED = {
    "facebagnet_a": (Published("14.55M", None, 48, AFA_TABLE_8),),
}
"""Printed params and MACs, by network."""

SMALLEST = 8
GROUPS = 32
BASE_WIDTH = 4


class SEResNeXtBottleneck(nn.Module):
    """1x1, grouped 3x3, 1x1, SE, shortcut: (B, in, H, W) -> (B, out, H/stride, W/stride)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        width = out_channels * BASE_WIDTH * GROUPS // 256  # 128 at 256 outputs, 256 at 512
        self.main = nn.Sequential(
            nn.Conv2d(in_channels, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, stride, padding=1, groups=GROUPS, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
            SqueezeExcitation(out_channels, 16),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.main(x) + self.shortcut(x))


class Stream(nn.Module):
    """One modality's encoder: (B, 3, H, W) -> (B, 512, H/8, W/8)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm2d(3),
            nn.Conv2d(3, 64, 7, 2, padding=3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            SEResNeXtBottleneck(64, 256, 1),
            SEResNeXtBottleneck(256, 256, 1),
            SEResNeXtBottleneck(256, 512, 2),
            SEResNeXtBottleneck(512, 512, 1),
            SqueezeExcitation(512, 16),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class FaceBagNet(nn.Module):
    """FaceBagNet model A: dict of 'color', 'depth', 'ir', each (B, 3, H, W) -> logits (B, num_outputs).

    Column 1 = bona fide. Raises ValueError where a modality is missing, shapes differ, or a side is under
    8.
    """

    def __init__(self, *, num_outputs: int = 2, dropout: float = 0.5, input_size: int = 48) -> None:
        super().__init__()
        self.input_size = side_at_least(input_size, SMALLEST, "FaceBagNet")
        self.streams = nn.ModuleDict({name: Stream() for name in MODALITIES})
        self.fusion = nn.Sequential(
            nn.Conv2d(1536, 384, 1),
            nn.BatchNorm2d(384),
            nn.ReLU(inplace=True),
            basic_layer(384, 256, 2, 2),
            basic_layer(256, 512, 2, 2),
        )
        self.head = FusionHead(num_outputs, dropout)
        init_fan_out(self)

    def forward(self, images: Mapping[str, Tensor]) -> Tensor:
        chosen = require_modalities(images, MODALITIES, "FaceBagNet")
        require_at_least(chosen[0], SMALLEST, "FaceBagNet", self.input_size)
        features = [stream(image) for stream, image in zip(self.streams.values(), chosen, strict=True)]
        x = torch.cat(features, dim=1)  # (B, 1536, H/8, W/8)
        return self.head(self.fusion(x))  # fusion: (B, 512, H/32, W/32)


def facebagnet_a(*, num_outputs: int = 2, dropout: float = 0.5, input_size: int = 48) -> FaceBagNet:
    """FaceBagNet model A with three streams (AFA table 8: 14.55 M)."""
    return FaceBagNet(num_outputs=num_outputs, dropout=dropout, input_size=input_size)
