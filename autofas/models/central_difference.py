"""Central differences: a kernel that sees its neighbours relative to the pixel in the middle.

Central difference convolution (Yu et al., CVPR 2020, eq. 4) is

    y(p) = sum_n w(n) x(p + n) - theta x(p) sum_n w(n),

theta in [0, 1]: 0 is the plain convolution, at 1 a constant added to the image changes nothing (but at the
border, where zeros surround it). Only the tap in the middle sees the second term, so it folds into a plain
kernel: central differences cost nothing once trained, and next to nothing in training. NAS-FAS (Yu et al.,
TPAMI 2020) searches among such convolutions and poolings.
"""

import copy
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autofas.models.candidates import THETA


def fold_kernel(weight: Tensor, theta: float | Tensor) -> Tensor:
    """The plain kernel of a central difference: (..., k, k), k odd -> the same shape.

    `theta` times the kernel's sum is taken from its middle tap; a tensor of thetas has the kernel's leading
    dimensions, or ones that broadcast to them.
    """
    side = weight.shape[-1] // 2
    total = theta * weight.sum((-2, -1))
    return weight - F.pad(total[..., None, None], (side, side, side, side))


def theta_logit(theta: float) -> float:
    """The number whose sigmoid is theta: a learned theta stays in (0, 1)."""
    inside = min(max(theta, 0.01), 0.99)  # 0 and 1 themselves would have no gradient
    return math.log(inside / (1 - inside))


class CentralDifferenceConv2d(nn.Conv2d):
    """A convolution without bias whose kernel is folded on the way: (B, Cin, H, W) -> (B, Cout, H', W').

    With `learned`, theta is a parameter that begins at the given one.
    """

    theta_logit: nn.Parameter | None

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        theta: float = THETA,
        learned: bool = False,
    ) -> None:
        padding = dilation * (kernel // 2)
        super().__init__(channels_in, channels_out, kernel, stride, padding, dilation, groups, bias=False)
        self.fixed_theta = theta
        logit = nn.Parameter(torch.tensor(theta_logit(theta))) if learned else None
        self.register_parameter("theta_logit", logit)

    @property
    def theta(self) -> float | Tensor:
        """The share of the difference, in [0, 1]."""
        return self.fixed_theta if self.theta_logit is None else self.theta_logit.sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        kernel = fold_kernel(self.weight, self.theta)
        return F.conv2d(x, kernel, None, self.stride, self.padding, self.dilation, self.groups)

    @torch.no_grad()
    def fold(self) -> nn.Conv2d:
        """The plain convolution with the same output."""
        plain = convolution(
            self.in_channels,
            self.out_channels,
            self.kernel_size[0],
            stride=self.stride[0],
            dilation=self.dilation[0],
            groups=self.groups,
        ).to(self.weight)
        plain.weight.copy_(fold_kernel(self.weight.double(), self.theta))
        return plain


def convolution(
    channels_in: int,
    channels_out: int,
    kernel: int,
    *,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    theta: float = 0.0,
    learned: bool = False,
) -> nn.Conv2d:
    """A padded convolution without bias: with central differences where theta is above 0, else plain."""
    if theta > 0:
        return CentralDifferenceConv2d(
            channels_in,
            channels_out,
            kernel,
            stride=stride,
            dilation=dilation,
            groups=groups,
            theta=theta,
            learned=learned,
        )
    padding = dilation * (kernel // 2)
    return nn.Conv2d(channels_in, channels_out, kernel, stride, padding, dilation, groups, bias=False)


def difference_pool(x: Tensor, stride: int, theta: float) -> Tensor:
    """3x3 average, borders not counted, less theta times the middle pixel: (B, C, H, W) -> (B, C, H', W')."""
    pooled = F.avg_pool2d(x, 3, stride, 1, count_include_pad=False)
    return pooled - theta * x[:, :, ::stride, ::stride] if theta > 0 else pooled


class CentralDifferencePool2d(nn.Module):
    """`difference_pool` as a module."""

    def __init__(self, stride: int, theta: float) -> None:
        super().__init__()
        self.stride, self.theta = stride, theta

    def forward(self, x: Tensor) -> Tensor:
        return difference_pool(x, self.stride, self.theta)


def can_fold(network: nn.Module) -> bool:
    """Whether `fold` would change anything."""
    return any(callable(getattr(module, "fold", None)) for module in network.modules())


def fold(network: nn.Module) -> nn.Module:
    """A copy of a network in which every convolution that knows `fold` is the plain one it equals.

    What is exported or profiled: the same function to float rounding, without the folding on the way.
    """
    folded = copy.deepcopy(network)
    for module in list(folded.modules()):
        for name, child in list(module.named_children()):
            if callable(make := getattr(child, "fold", None)):
                setattr(module, name, make())
    return folded
