"""CDCN: the depth-map network with central difference convolutions.

Yu et al., "Searching Central Difference Convolutional Networks for Face Anti-Spoofing", CVPR 2020, equation
4 and table 1 (256x256 in, 32x32 depth map out, theta 0.7).

A central difference convolution subtracts theta times the 1x1 convolution by the summed kernel. Only the
centre tap sees that term, so for deployment it folds into a plain kernel: w'_centre = w_centre - theta *
sum(w). At 256x256 the 3x3 convolutions make 47.34 G multiply-adds, which is all once folded, and the 1x1
ones a ninth more, 52.60 G.

Trained with 'depth_map'; the contrastive depth loss of the paper belongs to the supervision. The searched
CDCN++ and its attention are left out.
"""

import copy
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .auxiliary_depth import DepthMapNetwork


class CentralDifferenceConv2d(nn.Module):
    """y = w * x - theta * (sum of w) x, 3x3, padding 1, no bias: (B, in, H, W) -> (B, out, H, W)."""

    def __init__(self, in_channels: int, out_channels: int, theta: float) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.theta = theta

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv(x)
        if self.theta == 0.0:
            return out
        centre = self.conv.weight.sum(dim=(2, 3), keepdim=True)  # (out, in, 1, 1)
        return out - self.theta * F.conv2d(x, centre)

    def fold(self) -> nn.Conv2d:
        """The plain 3x3 convolution with the same output."""
        weight = self.conv.weight.detach()
        folded = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1, bias=False)
        folded.to(device=weight.device, dtype=weight.dtype)
        with torch.no_grad():
            folded.weight.copy_(weight)
            folded.weight[:, :, 1, 1] -= self.theta * weight.sum(dim=(2, 3))
        return folded


class CDCN(DepthMapNetwork):
    """CDCN: images (B, 3, H, W) -> depth map (B, 1, m, m), m = ceil(input_size / 8), non-negative.

    High = bona fide depth. `theta` in [0, 1]; 0 is the plain network. Raises ValueError on sides under 16.
    """

    def __init__(self, *, theta: float = 0.7, input_size: int = 256, map_size: int | None = None) -> None:
        if not 0.0 <= theta <= 1.0:
            raise ValueError(f"CDCN's theta {theta} is outside [0, 1]; the paper takes 0.7")
        convolution = partial(CentralDifferenceConv2d, theta=theta)
        super().__init__(convolution, input_size=input_size, map_size=map_size, name="CDCN")

    def fold(self) -> "CDCN":
        """A copy with plain 3x3 convolutions and equal outputs, for export: a ninth fewer operations."""
        folded = copy.deepcopy(self)
        for parent in list(folded.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, CentralDifferenceConv2d):
                    setattr(parent, name, child.fold())
        return folded


def cdcn(*, theta: float = 0.7, input_size: int = 256, map_size: int | None = None) -> CDCN:
    """CDCN of table 1, theta 0.7."""
    return CDCN(theta=theta, input_size=input_size, map_size=map_size)
