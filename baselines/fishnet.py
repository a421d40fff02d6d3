"""FishNet-150: a tail that shrinks the map, a body that grows it back, a head that shrinks it again.

Sun et al., "FishNet: A Versatile Backbone for Image, Region, and Pixel Level Prediction", NeurIPS 2018,
figure 2 (the parts), figure 3 (up- and down-refinement blocks), section 3.2; the widths and depths of its
150-layer form. Published as a face anti-spoofing baseline in FeatherNets table 2 (224x224: 24.96 M, 6452.72
M under that paper's counter). Both figures are those of 1000 outputs; with 2 the network has 23.90 M
parameters.

Trained with 'cross_entropy'; FeatherNets does not say whether it used its focal loss here. A unit shares
its ReLU with its shortcut, and all stages share one pooling module that the network holds too: neither
changes the function, but FeatherNets' counter counts a call once per parent of its module, and its figure
rests on that.
"""

import torch
from torch import Tensor, nn

from .blocks import init_fan_out
from .published import FEATHERNETS, FEATHERNETS_TABLE_2, Published
from .sizes import require_multiple, side_multiple

PUBLISHED = {
    "fishnet150": (
        Published(
            "24.96M",
            "6452.72M",
            224,
            FEATHERNETS_TABLE_2,
            FEATHERNETS,
            {"num_outputs": 1000},
            note="printed for 1000 outputs; with 2 the network has 23.90M",
        ),
    ),
}
"""Printed params and MACs, by network."""

TAIL = ((64, 128, 2), (128, 256, 4), (256, 512, 8))
"""(input, output, units) of the three stages before each max-pooling: maps H/4, H/8, H/16."""
BODY = ((512, 512, 2, 256, 2, 1), (768, 384, 2, 128, 2, 2), (512, 256, 2, 64, 2, 4))
"""(input, output, units, transferred channels, transfer units, dilation) before each up-sampling."""
HEAD = ((320, 320, 2, 512, 2), (832, 832, 2, 768, 2), (1600, 1600, 4, 512, 4))
"""(input, output, units, transferred channels, transfer units) before each max-pooling."""


class Unit(nn.Module):
    """Pre-activation bottleneck of width out/4: (B, in, H, W) -> (B, out, H, W).

    Where channels change, the shortcut is BatchNorm-ReLU-1x1; with `sum_groups` it is instead the sum of
    each run of in/out neighbouring channels, which has no parameters (figure 3, up-refinement).
    """

    def __init__(
        self, in_channels: int, out_channels: int, dilation: int = 1, sum_groups: bool = False
    ) -> None:
        super().__init__()
        width = out_channels // 4
        self.relu = nn.ReLU(inplace=True)
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.run = in_channels // out_channels if sum_groups else 1
        self.shortcut: nn.Module | None = None
        if in_channels != out_channels and not sum_groups:
            self.shortcut = nn.Sequential(
                nn.BatchNorm2d(in_channels), self.relu, nn.Conv2d(in_channels, out_channels, 1, bias=False)
            )

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv1(self.relu(self.bn1(x)))
        out = self.conv2(self.relu(self.bn2(out)))
        out = self.conv3(self.relu(self.bn3(out)))
        if self.shortcut is not None:
            return out + self.shortcut(x)
        if self.run > 1:
            batch, channels, height, width = x.shape
            x = x.view(batch, channels // self.run, self.run, height, width).sum(dim=2)  # (B, C/run, H, W)
        return out + x


def units(
    in_channels: int, out_channels: int, count: int, dilation: int = 1, sum_groups: bool = False
) -> nn.Sequential:
    """`count` units in a row, the first with the change of channels."""
    first = Unit(in_channels, out_channels, dilation, sum_groups)
    return nn.Sequential(first, *(Unit(out_channels, out_channels, dilation) for _ in range(count - 1)))


def score_layers(in_channels: int) -> list[nn.Module]:
    """BatchNorm-ReLU-1x1 to half the channels, BatchNorm-ReLU; one ReLU module in both places."""
    relu = nn.ReLU(inplace=True)
    half = in_channels // 2
    return [
        nn.BatchNorm2d(in_channels),
        relu,
        nn.Conv2d(in_channels, half, 1, bias=False),
        nn.BatchNorm2d(half),
        relu,
    ]


class Bridge(nn.Module):
    """The tail's end, squeeze-and-excitation with ratio 1/16: (B, 512, h, w) -> (B, 512, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        self.score = nn.Sequential(*score_layers(512), nn.Conv2d(256, 1024, 1))
        self.units = units(1024, 512, 4)
        self.attention = nn.Sequential(
            nn.BatchNorm2d(1024),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(1024, 32, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(32, 512, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        scored = self.score(x)  # (B, 1024, h, w)
        weights = self.attention(scored)  # (B, 512, 1, 1)
        return self.units(scored) * weights + weights


class Refinement(nn.Module):
    """A stage of body or head: refine and resample the trunk, append an earlier stage's transferred maps."""

    def __init__(
        self, trunk: nn.Module, transfer_channels: int, transfer_units: int, resample: nn.Module
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.transfer = units(transfer_channels, transfer_channels, transfer_units)
        self.resample = resample

    def forward(self, x: Tensor, earlier: Tensor) -> Tensor:
        return torch.cat((self.resample(self.trunk(x)), self.transfer(earlier)), dim=1)


class FishNet150(nn.Module):
    """FishNet-150: images (B, 3, H, W), H and W multiples of 32 -> logits (B, num_outputs), column 1 = bona
    fide.

    Raises ValueError on any other side: the body must grow back to the tail's maps exactly.
    """

    def __init__(self, *, num_outputs: int = 2, input_size: int = 224) -> None:
        super().__init__()
        self.input_size = side_multiple(input_size, 32, "FishNet150")

        def conv_bn_relu(in_channels: int, out_channels: int, stride: int) -> list[nn.Module]:
            conv = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
            return [conv, nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True)]

        self.stem = nn.Sequential(
            *conv_bn_relu(3, 32, 2),
            *conv_bn_relu(32, 32, 1),
            *conv_bn_relu(32, 64, 1),
            nn.MaxPool2d(3, 2, padding=1),
        )
        self.pool = nn.MaxPool2d(2, 2)
        self.tail = nn.ModuleList(nn.Sequential(units(i, o, n), self.pool) for i, o, n in TAIL)
        self.bridge = Bridge()
        self.body = nn.ModuleList(
            Refinement(units(i, o, n, dilation, sum_groups=True), t, tn, nn.Upsample(scale_factor=2))
            for i, o, n, t, tn, dilation in BODY
        )
        self.head = nn.ModuleList(Refinement(units(i, o, n), t, tn, self.pool) for i, o, n, t, tn in HEAD)
        self.score = nn.Sequential(*score_layers(2112), nn.AdaptiveAvgPool2d(1))
        self.classifier = nn.Conv2d(1056, num_outputs, 1)
        init_fan_out(self)
        nn.init.normal_(self.classifier.weight, 0.0, 0.01)  # two outputs would start at deviation 1

    def forward(self, images: Tensor) -> Tensor:
        require_multiple(images, 32, "FishNet150", self.input_size)
        x = self.stem(images)  # (B, 64, H/4, W/4)
        grown = [x]
        for stage in self.tail:
            x = stage(x)  # 128 at H/8, 256 at H/16, 512 at H/32
            grown.append(x)
        x = self.bridge(x)
        shrunk = [x]
        for stage, earlier in zip(self.body, (grown[2], grown[1], grown[0]), strict=True):
            x = stage(x, earlier)  # 768 at H/16, 512 at H/8, 320 at H/4
            shrunk.append(x)
        for stage, earlier in zip(self.head, (shrunk[2], shrunk[1], shrunk[0]), strict=True):
            x = stage(x, earlier)  # 832 at H/8, 1600 at H/16, 2112 at H/32
        return self.classifier(self.score(x)).flatten(1)


def fishnet150(*, num_outputs: int = 2, input_size: int = 224) -> FishNet150:
    """FishNet-150; `num_outputs=1000` gives the counts that FeatherNets prints."""
    return FishNet150(num_outputs=num_outputs, input_size=input_size)
