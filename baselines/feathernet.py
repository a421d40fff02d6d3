"""FeatherNet A and B: 0.35 M parameters for one depth image.

Zhang et al., "FeatherNets: Convolutional Neural Networks as Light as Feather for Face Anti-spoofing", CVPRW
2019: table 1 (layout), figures 2 and 3 (streaming module, blocks), equation 1, table 2 (counts), table 4
(ablations).

Trained with 'focal' (gamma 3, alpha 1) over all features of the streaming module: the network has no
classifier, the targets are features 0 and 1, and the trained score is softmax over every feature, column 1
= bona fide. Taking a softmax over the first two features alone is another score, which the authors also
name.

The paper leaves open where exactly table 4 puts its pooling and its linear layer: here the layer follows
the streaming module (Model3) or the mean over the last map (Model4). By the table's AP-down column both are
A with another head; `average_pool_branch` builds either. A modality with one channel is repeated to three.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from .blocks import init_fan_out
from .published import FEATHERNETS, FEATHERNETS_TABLE_2, Published
from .sizes import require_exactly, require_multiple, scaled, side_multiple

PUBLISHED = {
    "feathernet_a": (Published("0.35M", "79.99M", 224, FEATHERNETS_TABLE_2, FEATHERNETS),),
    "feathernet_b": (Published("0.35M", "83.05M", 224, FEATHERNETS_TABLE_2, FEATHERNETS),),
}
"""Printed params and MACs, by network."""

STAGES = ((1, 16, 1, 2), (6, 32, 2, 2), (6, 48, 6, 2), (6, 64, 3, 2))
"""(expansion, channels, blocks, first stride) of the four stages (table 1)."""

Head = Literal["streaming", "streaming_fc", "gap_fc"]


class LinearSqueezeExcitation(nn.Module):
    """Squeeze-and-excitation by linear layers with bias: (B, C, H, W) -> (B, C, H, W)."""

    def __init__(self, channels: int, reduction: int = 8) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        squeezed = max(1, channels // reduction)
        self.squeeze = nn.Linear(channels, squeezed)
        self.relu = nn.ReLU(inplace=True)
        self.excite = nn.Linear(squeezed, channels)
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        weights = self.pool(x).flatten(1)  # (B, C)
        weights = self.gate(self.excite(self.relu(self.squeeze(weights))))
        return x * weights[:, :, None, None]


class FeatherBlock(nn.Module):
    """Blocks A, B and C of figure 3: (B, in, H, W) -> (B, out, H/stride, W/stride).

    An inverted residual, kept as a residual where stride is 1 and channels agree (A). At stride 2 it has no
    shortcut (C), or with `average_pool_branch` a second branch of 2x2 mean pooling, BatchNorm and a 1x1
    convolution (B).
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, expansion: int, average_pool_branch: bool
    ) -> None:
        super().__init__()
        hidden = in_channels * expansion
        layers: list[nn.Module] = []
        if expansion != 1:
            layers += [nn.Conv2d(in_channels, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(True)]
        layers += [
            nn.Conv2d(hidden, hidden, 3, stride, padding=1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU6(inplace=True),
            nn.Conv2d(hidden, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        ]
        self.main = nn.Sequential(*layers)
        self.second: nn.Module | None = None
        if stride == 1 and in_channels == out_channels:
            self.second = nn.Identity()
        elif average_pool_branch:
            self.second = nn.Sequential(
                nn.AvgPool2d(2, 2),
                nn.BatchNorm2d(in_channels),
                nn.Conv2d(in_channels, out_channels, 1, bias=False),
            )

    def forward(self, x: Tensor) -> Tensor:
        out = self.main(x)
        return out if self.second is None else out + self.second(x)


class FeatherNet(nn.Module):
    """FeatherNet: images (B, 3, H, W), H and W multiples of 32 -> features (B, F), F =
    64*ceil(H/64)*ceil(W/64).

    F is 1024 at 224x224. Features are unbounded; softmax(features)[:, 1] in [0, 1] is the score, higher =
    bona fide. The heads of table 4: 'streaming' (Model1 without, Model2 with `average_pool_branch`),
    'streaming_fc' (Model3) and 'gap_fc' (Model4); with a linear layer the output is (B, 2) logits. `width`
    multiplies the channels of every layer, 64 of F too; the paper has 1. Raises ValueError on any other side.
    """

    def __init__(
        self,
        *,
        average_pool_branch: bool,
        head: Head = "streaming",
        num_outputs: int = 2,
        input_size: int = 224,
        width: float = 1.0,
    ) -> None:
        super().__init__()
        self.input_size = side_multiple(input_size, 32, "FeatherNet")
        channels = scaled(32, width)
        self.stem = nn.Sequential(
            nn.Conv2d(3, channels, 3, 2, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU6(inplace=True),
        )
        stages: list[nn.Module] = []
        for expansion, published, blocks, stride in STAGES:
            out_channels = scaled(published, width)
            for index in range(blocks):
                block_stride = stride if index == 0 else 1
                stages.append(
                    FeatherBlock(channels, out_channels, block_stride, expansion, average_pool_branch)
                )
                channels = out_channels
            stages.append(LinearSqueezeExcitation(channels))
        self.stages = nn.Sequential(*stages)

        self.head = head
        self.streaming: nn.Module | None = None
        self.classifier: nn.Module | None = None
        if head in ("streaming", "streaming_fc"):
            self.streaming = nn.Conv2d(channels, channels, 3, 2, padding=1, groups=channels, bias=False)
        elif head != "gap_fc":
            raise ValueError(f"FeatherNet has no head {head!r}; choose streaming, streaming_fc or gap_fc")
        if head == "streaming_fc":
            map_side = (self.input_size // 32 + 1) // 2
            self.classifier = nn.Linear(channels * map_side * map_side, num_outputs)
        elif head == "gap_fc":
            self.classifier = nn.Linear(channels, num_outputs)
        init_fan_out(self)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0.0, 0.01)
                nn.init.zeros_(module.bias)

    def forward(self, images: Tensor) -> Tensor:
        if self.head == "streaming_fc":
            require_exactly(images, self.input_size, "FeatherNet with a linear head")
        else:
            require_multiple(images, 32, "FeatherNet", self.input_size)
        x = self.stages(self.stem(images))  # (B, 64, H/32, W/32)
        if self.streaming is None:
            x = x.mean(dim=(2, 3))  # (B, 64)
        else:
            x = torch.flatten(self.streaming(x), 1)  # (B, F), channel-major as in equation 2
        return x if self.classifier is None else self.classifier(x)


def feathernet_a(
    *, head: Head = "streaming", num_outputs: int = 2, input_size: int = 224, width: float = 1.0
) -> FeatherNet:
    """FeatherNetA: stride-2 blocks have one branch (block C); Model1 of table 4 by default."""
    return FeatherNet(
        average_pool_branch=False, head=head, num_outputs=num_outputs, input_size=input_size, width=width
    )


def feathernet_b(
    *, head: Head = "streaming", num_outputs: int = 2, input_size: int = 224, width: float = 1.0
) -> FeatherNet:
    """FeatherNetB: stride-2 blocks have a pooled second branch (block B); Model2 of table 4 by default."""
    return FeatherNet(
        average_pool_branch=True, head=head, num_outputs=num_outputs, input_size=input_size, width=width
    )
