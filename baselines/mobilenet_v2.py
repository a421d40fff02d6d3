"""MobileNetV2, at width 1 unless another is asked for.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018, table 2. Published as a
face anti-spoofing baseline in FeatherNets table 2 (2 classes at 224x224: 2.23 M, 306.17 M under that
paper's counter).

Trained with 'cross_entropy'; FeatherNets does not say whether it used its focal loss here. The pooling is a
mean over the map, as the 306.17 M figure needs; the paper's 7x7 pooling is the same function at 224x224.

Below width 1 the paper keeps the 1280 channels of the last convolution, and so does `width`;
`last_channels` changes them. Channels go to the nearest whole number, as the paper names no other rounding.
"""

from torch import Tensor, nn

from .blocks import init_fan_out
from .published import FEATHERNETS, FEATHERNETS_TABLE_2, Published
from .sizes import require_at_least, scaled, side_at_least

PUBLISHED = {
    "mobilenet_v2": (Published("2.23M", "306.17M", 224, FEATHERNETS_TABLE_2, FEATHERNETS),),
}
"""Printed params and MACs, by network."""

SMALLEST = 32
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""(expansion, channels, blocks, first stride), table 2."""
LAST = 1280
"""Channels of the last convolution, table 2."""


def conv_bn_relu6(
    in_channels: int, out_channels: int, kernel: int, stride: int, groups: int = 1
) -> list[nn.Module]:
    """Convolution without bias, BatchNorm, ReLU6."""
    return [
        nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU6(inplace=True),
    ]


class InvertedResidual(nn.Module):
    """Expand 1x1, depthwise 3x3, project 1x1: (B, in, H, W) -> (B, out, H/stride, W/stride)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = in_channels * expansion
        layers = [] if expansion == 1 else conv_bn_relu6(in_channels, hidden, 1, 1)
        layers += conv_bn_relu6(hidden, hidden, 3, stride, groups=hidden)
        layers += [nn.Conv2d(hidden, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels)]
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.residual else self.layers(x)


class MobileNetV2(nn.Module):
    """MobileNetV2: images (B, 3, H, W), sides of at least 32 -> logits (B, num_outputs), column 1 = bona
    fide.

    `width` multiplies the channels of every layer but the last convolution, which has `last_channels`, at a
    width above 1 so many times `width`. Raises ValueError on a smaller image.
    """

    def __init__(
        self,
        *,
        num_outputs: int = 2,
        dropout: float = 0.2,
        input_size: int = 224,
        width: float = 1.0,
        last_channels: int = LAST,
    ) -> None:
        super().__init__()
        self.input_size = side_at_least(input_size, SMALLEST, "MobileNetV2")
        channels = scaled(32, width)
        layers = conv_bn_relu6(3, channels, 3, 2)
        for expansion, published, blocks, stride in STAGES:
            out_channels = scaled(published, width)
            for index in range(blocks):
                layers.append(
                    InvertedResidual(channels, out_channels, stride if index == 0 else 1, expansion)
                )
                channels = out_channels
        last = scaled(last_channels, max(1.0, width))
        layers += conv_bn_relu6(channels, last, 1, 1)
        self.features = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(last, num_outputs)
        init_fan_out(self)
        nn.init.normal_(self.classifier.weight, 0.0, 0.01)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, images: Tensor) -> Tensor:
        require_at_least(images, SMALLEST, "MobileNetV2", self.input_size)
        x = self.features(images).mean(dim=(2, 3))  # (B, last_channels)
        return self.classifier(self.dropout(x))


def mobilenet_v2(
    *,
    num_outputs: int = 2,
    dropout: float = 0.2,
    input_size: int = 224,
    width: float = 1.0,
    last_channels: int = LAST,
) -> MobileNetV2:
    """MobileNetV2 x `width` with `num_outputs` logits."""
    return MobileNetV2(
        num_outputs=num_outputs,
        dropout=dropout,
        input_size=input_size,
        width=width,
        last_channels=last_channels,
    )
