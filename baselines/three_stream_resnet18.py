"""Three-stream ResNet-18 for colour, depth and infrared, by concatenation or with squeeze-and-excitation
fusion.

Zhang et al., "CASIA-SURF: A Dataset and Benchmark for Large-scale Multi-modal Face Anti-spoofing", CVPR
2019. Parameters in AFA table 8: 13.33 M (concatenation) and 13.34 M (SE), at 3x112x112.

Each stream is a ResNet-18 up to its second layer; the streams are concatenated and share the remaining
depth. Trained with 'cross_entropy'. The published parameters count what the forward pass touches; the
published code also carries the streams' unused third and fourth layers, which are not built here.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .blocks import FusionHead, SqueezeExcitation, basic_layer, init_fan_out
from .published import AFA_TABLE_8, Published
from .sizes import MODALITIES, require_at_least, require_modalities, side_at_least

PUBLISHED = {
    "resnet18_three_stream": (Published("13.33M", None, 112, AFA_TABLE_8),),
    "resnet18_se_three_stream": (Published("13.34M", None, 112, AFA_TABLE_8),),
}
"""Printed params and MACs, by network."""

SMALLEST = 8


class Stream(nn.Module):
    """One modality's encoder: (B, 3, H, W) -> (B, 128, H/8, W/8)."""

    def __init__(self, se_reduction: int | None) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.BatchNorm2d(3),  # in place of a fixed mean and deviation per modality
            nn.Conv2d(3, 64, 7, 2, padding=3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2, 2),
            basic_layer(64, 64, 2, 1),
            basic_layer(64, 128, 2, 2),
        ]
        if se_reduction is not None:
            layers.append(SqueezeExcitation(128, se_reduction))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class ThreeStreamResNet18(nn.Module):
    """Three streams: dict of 'color', 'depth', 'ir', each (B, 3, H, W) -> logits (B, num_outputs).

    Column 1 = bona fide. With `se_reduction` each stream's features are re-weighted before they are
    concatenated. Raises ValueError where a modality is missing, shapes differ, or a side is under 8.
    """

    def __init__(
        self,
        *,
        se_reduction: int | None = None,
        num_outputs: int = 2,
        dropout: float = 0.5,
        input_size: int = 112,
    ) -> None:
        super().__init__()
        self.input_size = side_at_least(input_size, SMALLEST, "ThreeStreamResNet18")
        self.streams = nn.ModuleDict({name: Stream(se_reduction) for name in MODALITIES})
        self.fusion = nn.Sequential(basic_layer(384, 256, 2, 2), basic_layer(256, 512, 2, 2))
        self.head = FusionHead(num_outputs, dropout)
        init_fan_out(self)

    def forward(self, images: Mapping[str, Tensor]) -> Tensor:
        chosen = require_modalities(images, MODALITIES, "ThreeStreamResNet18")
        require_at_least(chosen[0], SMALLEST, "ThreeStreamResNet18", self.input_size)
        features = [stream(image) for stream, image in zip(self.streams.values(), chosen, strict=True)]
        x = torch.cat(features, dim=1)  # (B, 384, H/8, W/8)
        return self.head(self.fusion(x))  # fusion: (B, 512, H/32, W/32)


def resnet18_three_stream(
    *, num_outputs: int = 2, dropout: float = 0.5, input_size: int = 112
) -> ThreeStreamResNet18:
    """Three streams fused by concatenation alone (AFA table 8: 13.33 M)."""
    return ThreeStreamResNet18(num_outputs=num_outputs, dropout=dropout, input_size=input_size)


def resnet18_se_three_stream(
    *, num_outputs: int = 2, reduction: int = 16, dropout: float = 0.5, input_size: int = 112
) -> ThreeStreamResNet18:
    """Three streams, each re-weighted by squeeze-and-excitation before the fusion (AFA table 8: 13.34 M)."""
    return ThreeStreamResNet18(
        se_reduction=reduction, num_outputs=num_outputs, dropout=dropout, input_size=input_size
    )
