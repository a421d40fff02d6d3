"""What a network takes out of an image before its first convolution: light that says nothing of texture.

A session's light sets the mean and the contrast of its images, and where bona fide faces and attacks were
recorded under different light a network learns that first. Both are lost here, by image or by neighbourhood,
without a parameter. Local contrast normalisation is that of Jarrett et al. (ICCV 2009) with a flat window.
"""

import torch
from torch import Tensor, nn

from autofas.models.space import Normalise

WINDOW = 4
"""The neighbourhood's side is the image's over this, made odd: 17 pixels of 64."""
FLOOR = 0.05
"""Added to deviations, of pixels in [-1, 1]: a flat region's noise stays small."""


class InputNorm(nn.Module):
    """Images (B, 3, H, W) in [-1, 1] -> the same shape with mean 0 and deviation near 1, by channel."""

    def __init__(self, kind: Normalise) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, images: Tensor) -> Tensor:
        if self.kind == "image":
            mean = images.mean((2, 3), keepdim=True)
            centred = images - mean
            return centred / (centred.square().mean((2, 3), keepdim=True).sqrt() + FLOOR)
        mean = _neighbourhood(images)
        # of rounding alone a variance may be below zero
        variance = (_neighbourhood(images.square()) - mean.square()).clamp(min=0)
        return (images - mean) / (variance.sqrt() + FLOOR)


def _neighbourhood(images: Tensor) -> Tensor:
    """The mean about every pixel, of those that lie within the image: (B, C, H, W) -> same."""
    height, width = images.shape[-2:]
    # two products of small matrices: ten times as fast as pooling with a window this wide
    down, across = _window(height).to(images), _window(width).to(images)
    return down @ images @ across.T


def _window(side: int) -> Tensor:
    """(side, side): row i holds the shares of the pixels that the mean about pixel i is taken over."""
    at = torch.arange(side, device="cpu")
    inside = (at[:, None] - at).abs() <= side // WINDOW // 2
    return inside / inside.sum(1, keepdim=True)


def input_norm(kind: Normalise) -> list[nn.Module]:
    """The module of a kind, or none: what a stem begins with."""
    return [] if kind == "none" else [InputNorm(kind)]
