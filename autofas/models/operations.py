"""Operations of the derived network, as modules: what an edge of a genotype is built of.

Definitions of DARTS (Liu et al., ICLR 2019, section 3.1), made right at odd sizes: every operation of
stride 2 takes a side n to ceil(n / 2), so 27 becomes 14. (The widely used public factorised reduction
gives 13 there.) Shapes are (B, C, H, W) throughout.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autofas.models.candidates import THETA, Pool, Separable, Skip, candidate
from autofas.models.central_difference import CentralDifferencePool2d, convolution
from autofas.models.input_norm import input_norm
from autofas.models.space import Normalise, StemLayer


class ReluConvNorm(nn.Sequential):
    """ReLU - 1x1 convolution - batch norm: (B, Cin, H, W) -> (B, Cout, H, W)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(
            nn.ReLU(), nn.Conv2d(channels_in, channels_out, 1, bias=False), nn.BatchNorm2d(channels_out)
        )


class FactorizedReduce(nn.Module):
    """ReLU, then two 1x1 convolutions on the even and the odd pixel grid, concatenated; batch norm.

    (B, Cin, H, W) -> (B, Cout, ceil(H/2), ceil(W/2)). The odd grid of an odd side is one pixel short
    and is padded with a zero.
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.even = nn.Conv2d(channels_in, channels_out // 2, 1, bias=False)
        self.odd = nn.Conv2d(channels_in, channels_out - channels_out // 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        even, odd = even_and_odd_pixels(F.relu(x))
        return self.norm(torch.cat([self.even(even), self.odd(odd)], dim=1))


def even_and_odd_pixels(x: Tensor) -> tuple[Tensor, Tensor]:
    """Pixels (0, 0), (0, 2)... and (1, 1), (1, 3)...: each (B, C, ceil(H/2), ceil(W/2)).

    Slicing before a convolution of stride 1 replaces a convolution of stride 2: torch 2.13 on the CPU
    corrupts memory in the backward pass of a strided 1x1 convolution with two output channels in
    channels_last format.
    """
    height, width = x.shape[-2:]
    odd = F.pad(x, (0, width % 2, 0, height % 2))[:, :, 1::2, 1::2]
    return x[:, :, ::2, ::2], odd


class SeparableConv(nn.Sequential):
    """`repeats` x [ReLU, depthwise k x k, pointwise 1x1, batch norm]; the first repeat takes the stride."""

    def __init__(self, channels: int, stride: int, chosen: Separable) -> None:
        layers: list[nn.Module] = []
        for repeat in range(chosen.repeats):
            depthwise = convolution(
                channels,
                channels,
                chosen.kernel,
                stride=stride if repeat == 0 else 1,
                dilation=chosen.dilation,
                groups=channels,
                theta=chosen.theta,
                learned=chosen.learn_theta,
            )
            pointwise = nn.Conv2d(channels, channels, 1, bias=False)
            layers += [nn.ReLU(), depthwise, pointwise, nn.BatchNorm2d(channels)]
        super().__init__(*layers)


def build_operation(
    name: str, channels: int, stride: int, theta: float = THETA, learn_theta: bool = False
) -> nn.Module:
    """The module of a candidate: (B, C, H, W) -> (B, C, ceil(H/stride), ceil(W/stride)).

    `theta` and `learn_theta` are those of the central differences, if it takes any.
    """
    chosen = candidate(name, theta, learn_theta)
    if isinstance(chosen, Pool):
        if chosen.kind == "max":
            return nn.MaxPool2d(3, stride, padding=1)
        if chosen.theta > 0:
            return CentralDifferencePool2d(stride, chosen.theta)
        return nn.AvgPool2d(3, stride, padding=1, count_include_pad=False)
    if isinstance(chosen, Skip):
        return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels)
    if isinstance(chosen, Separable):
        return SeparableConv(channels, stride, chosen)
    raise ValueError(f"operation {name} cannot be built into a network")


def build_stem(
    layers: tuple[StemLayer, ...],
    channels_in: int = 3,
    learn_theta: bool = False,
    normalise: Normalise = "none",
) -> nn.Sequential:
    """Convolution - batch norm - ReLU (- max pool) for every layer of the stem, after `normalise`."""
    modules = input_norm(normalise)
    for layer in layers:
        modules += [
            convolution(
                channels_in,
                layer.channels,
                layer.kernel,
                stride=layer.stride,
                theta=layer.theta,
                learned=learn_theta,
            ),
            nn.BatchNorm2d(layer.channels),
            nn.ReLU(inplace=True),
        ]
        if layer.pool:
            modules.append(nn.MaxPool2d(3, 2, padding=1))
        channels_in = layer.channels
    return nn.Sequential(*modules)
