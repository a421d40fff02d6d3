"""The depth-map network of "Auxiliary (Depth)": an RGB image in, a face depth map out.

Liu, Jourabloo and Liu, "Learning Deep Models for Face Anti-spoofing: Binary or Auxiliary Supervision", CVPR
2018, figure 3 (CNN part). Auto-FAS table 4 prints 2.20 M and 8.50 G for it at 108x108; this network counts
2.245 M and 8.432 G (+2.0 %, -0.8 %). Auto-FAS does not describe what it counted, and no reading of the figure
closes both: 192 channels in place of 196 make 2.217 M but 8.291 G, six input channels (RGB and HSV) 2.247 M
and 8.452 G, biases, BatchNorm and ReLU counted as FeatherNets count them 8.452 G.

Trained with 'depth_map': bona fide faces have their own depth, attacks a flat zero map. The rPPG branch,
the recurrent part and the HSV channels of the original are left out, as Auto-FAS left them out.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .published import AUTO_FAS_TABLE_4, Published
from .sizes import require_at_least, side_at_least

PUBLISHED = {
    "auxiliary_depth": (
        Published(
            "2.20M",
            "8.50G",
            108,
            AUTO_FAS_TABLE_4,
            note="not closed: 2.245M (+2.0 %) and 8.432G (-0.8 %); the table does not describe its "
            "network, and no widths of its figure lose parameters and gain operations",
        ),
    ),
}
"""Printed params and MACs, by network."""

WIDTHS = (128, 196, 128)
SMALLEST = 16
LAST_SCALE = 0.1
"""The last convolution's weights begin this much smaller (chosen here, the papers name no
initialisation): a map of large noise falls fastest to a flat zero one, which the last ReLU does not leave."""

Convolution = Callable[[int, int], nn.Module]
"""(input channels, output channels) -> a 3x3 convolution that keeps the map's size, without bias."""


def plain_convolution(in_channels: int, out_channels: int) -> nn.Module:
    """3x3 convolution, padding 1, no bias."""
    return nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)


class DepthMapNetwork(nn.Module):
    """Three pooled blocks whose outputs meet at one size: images (B, 3, H, W) -> depth map (B, 1, m, m).

    The map is non-negative (a ReLU ends it), high = bona fide depth; m = `map_size`, or ceil(input_size /
    8). Raises ValueError on sides under 16.
    """

    def __init__(self, convolution: Convolution, *, input_size: int, map_size: int | None, name: str) -> None:
        super().__init__()
        self.name = name
        self.input_size = side_at_least(input_size, SMALLEST, name)
        self.map_size = -(-input_size // 8) if map_size is None else map_size

        def unit(in_channels: int, out_channels: int) -> list[nn.Module]:
            return [
                convolution(in_channels, out_channels),
                nn.BatchNorm2d(out_channels),
                nn.ReLU(inplace=True),
            ]

        self.stem = nn.Sequential(*unit(3, 64))
        blocks: list[nn.Module] = []
        channels = 64
        for _ in range(3):
            layers: list[nn.Module] = []
            for width in WIDTHS:
                layers += unit(channels, width)
                channels = width
            blocks.append(nn.Sequential(*layers, nn.MaxPool2d(3, 2, padding=1)))
        self.blocks = nn.ModuleList(blocks)
        last = convolution(64, 1)
        with torch.no_grad():
            for weight in last.parameters():
                weight.mul_(LAST_SCALE)
        self.head = nn.Sequential(*unit(3 * channels, 128), *unit(128, 64), last, nn.ReLU(inplace=True))

    def forward(self, images: Tensor) -> Tensor:
        require_at_least(images, SMALLEST, self.name, self.input_size)
        size = (self.map_size, self.map_size)
        x = self.stem(images)  # (B, 64, H, W)
        levels = []
        for block in self.blocks:
            x = block(x)  # (B, 128, H/2, W/2), then /4, /8
            levels.append(F.interpolate(x, size=size, mode="bilinear", align_corners=False))
        return self.head(torch.cat(levels, dim=1))  # (B, 384, m, m) -> (B, 1, m, m)


def auxiliary_depth(*, input_size: int = 108, map_size: int | None = None) -> DepthMapNetwork:
    """Auxiliary (Depth) at the size of Auto-FAS table 4: 108x108 in, a 14x14 depth map out."""
    return DepthMapNetwork(plain_convolution, input_size=input_size, map_size=map_size, name="AuxiliaryDepth")
