"""Blocks that several hand-designed networks share: squeeze-and-excitation, ResNet's basic block, and
initialisation.

Squeeze-and-excitation: Hu et al., CVPR 2018, section 3. Basic block: He et al., CVPR 2016, figure 5 left.
"""

import math
from collections.abc import Callable

from torch import Tensor, nn


class SqueezeExcitation(nn.Module):
    """x * sigmoid(W2 relu(W1 mean(x))): (B, C, H, W) -> (B, C, H, W), 1x1 convolutions with bias."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        squeezed = channels // reduction
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.relu = nn.ReLU(inplace=True)
        self.excite = nn.Conv2d(squeezed, channels, 1)
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        weights = self.gate(self.excite(self.relu(self.squeeze(self.pool(x)))))  # (B, C, 1, 1)
        return x * weights


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut: (B, in, H, W) -> (B, out, H/stride, W/stride).

    `ending`, where given, is applied to the residual branch before the sum, as in SE-ResNet.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int = 1, ending: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.ending = nn.Identity() if ending is None else ending
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.ending(self.bn2(self.conv2(out)))
        return self.relu(out + self.shortcut(x))


Ending = Callable[[int], nn.Module]
"""Channels -> the module that ends a residual branch of so many channels."""


def basic_layer(
    in_channels: int, out_channels: int, blocks: int, stride: int, ending: Ending | None = None
) -> nn.Sequential:
    """`blocks` basic blocks in a row, the first with the stride and the change of channels."""

    def block(channels: int, block_stride: int) -> BasicBlock:
        return BasicBlock(
            channels, out_channels, block_stride, None if ending is None else ending(out_channels)
        )

    return nn.Sequential(block(in_channels, stride), *(block(out_channels, 1) for _ in range(blocks - 1)))


def init_fan_out(network: nn.Module) -> None:
    """Draw every convolution from N(0, sqrt(2 / (k*k*C_out))) and zero its bias (He et al., ICCV 2015).

    The fan-out rule of FeatherNets (its reference 38); C_out counts all groups, as its authors' code does.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels
            nn.init.normal_(module.weight, 0.0, math.sqrt(2.0 / fan_out))
            if module.bias is not None:
                nn.init.zeros_(module.bias)


class FusionHead(nn.Module):
    """Global mean, dropout, 512 -> 256 -> ReLU -> logits: (B, 512, H, W) -> (B, num_outputs).

    The head of CASIA-SURF's three-stream networks, which FaceBagNet kept.
    """

    def __init__(self, num_outputs: int = 2, dropout: float = 0.5) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.hidden = nn.Linear(512, 256)
        self.relu = nn.ReLU(inplace=True)
        self.classifier = nn.Linear(256, num_outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.dropout(self.pool(x).flatten(1))  # (B, 512)
        return self.classifier(self.relu(self.hidden(x)))
