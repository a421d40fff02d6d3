"""AFA's depthwise separable attention modules: DAM and DAM-SE.

Chen et al., "A Dataset and Benchmark towards Multi-modal Face Anti-spoofing under Surveillance Scenarios",
IEEE Access 2021, section IV.B, figures 8 and 9. The paper gives the structure, the group count (the
greatest common divisor of the channels) and no formula; what it leaves open here follows DANet (Fu et al.,
CVPR 2019), whose spatial and channel attention have these shapes, and is closed by the parameters of table
8.
"""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .blocks import SqueezeExcitation

Attention = Literal["full", "channel", "none"]


def conv_bn_relu(in_channels: int, out_channels: int, stride: int = 1) -> list[nn.Module]:
    """3x3 convolution without bias, BatchNorm, ReLU."""
    conv = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
    return [conv, nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True)]


def residual_branch(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
    """conv3x3-BN-ReLU-conv3x3-BN."""
    return nn.Sequential(
        *conv_bn_relu(in_channels, out_channels, stride),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
    )


class SpatialAttention(nn.Module):
    """gamma * V S^T, S = softmax(Q^T K / sqrt(d)) over pixels: (B, in, H, W) -> (B, out, H/stride,
    W/stride).

    Q, K and V are 1x1 convolutions in g = gcd(in, out) groups, so each group of d = out/g channels has a
    map of its own. gamma starts at 0.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.groups = math.gcd(in_channels, out_channels)
        self.width = out_channels // self.groups
        self.query = nn.Conv2d(in_channels, out_channels, 1, stride, groups=self.groups)
        self.key = nn.Conv2d(in_channels, out_channels, 1, stride, groups=self.groups)
        self.value = nn.Conv2d(in_channels, out_channels, 1, stride, groups=self.groups)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.query(x), self.key(x), self.value(x)
        batch, channels, height, width = query.shape
        grouped = (batch, self.groups, self.width, height * width)
        by_pixel = (batch, self.groups, height * width, self.width)  # (B, g, N, d)
        # Flattened, as the fused kernel wants a last stride of 1; it stores no (B, g, N, N) map, which at 192
        # groups and 256 pixels is 50 MB a face.
        query, key, value = (
            part.view(grouped).transpose(2, 3).flatten().view(by_pixel) for part in (query, key, value)
        )
        attended = F.scaled_dot_product_attention(query, key, value).transpose(2, 3)  # (B, g, d, N)
        return self.gamma * attended.reshape(batch, channels, height, width)


class ChannelAttention(nn.Module):
    """gamma * P Y, P = softmax(rowmax(Y Y^T) - Y Y^T) over channels: shape-preserving. gamma starts at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        pixels = x.flatten(2)  # (B, C, N)
        energy = torch.matmul(pixels, pixels.transpose(1, 2))  # (B, C, C)
        unlike = energy.amax(dim=-1, keepdim=True) - energy
        return self.gamma * torch.matmul(unlike.softmax(dim=-1), pixels).reshape(x.shape)


class DAM(nn.Module):
    """Figure 8: two residual blocks, spatial attention beside the first and channel attention beside the
    second.

    (B, in, H, W) -> (B, out, H/stride, W/stride). `attention` 'channel' leaves out the spatial branch,
    'none' both (table 11).
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int = 1, attention: Attention = "full"
    ) -> None:
        super().__init__()
        if attention not in ("full", "channel", "none"):
            raise ValueError(f"AFA has no attention {attention!r}; choose full, channel or none")
        self.first = residual_branch(in_channels, out_channels, stride)
        self.second = residual_branch(out_channels, out_channels, 1)
        self.spatial = SpatialAttention(in_channels, out_channels, stride) if attention == "full" else None
        self.channel = None if attention == "none" else ChannelAttention()
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x) + self.shortcut(x)
        if self.spatial is not None:
            y = y + self.spatial(x)
        y = torch.relu(y)
        z = self.second(y) + y
        if self.channel is not None:
            z = z + self.channel(y)
        return torch.relu(z)


class DAMSE(nn.Module):
    """Figure 9: DAM, then conv3x3-BN-SE beside a skip of its own: (B, C, H, W) -> (B, C, H, W)."""

    def __init__(self, channels: int, attention: Attention = "full") -> None:
        super().__init__()
        self.dam = DAM(channels, channels, attention=attention)
        self.reweight = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            SqueezeExcitation(channels, 16),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.dam(x)
        return torch.relu(self.reweight(y) + y)
