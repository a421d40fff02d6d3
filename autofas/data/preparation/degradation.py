"""Faces as surveillance cameras see them, and how far that is from the clear image: AFA's Table 1.

Chen et al., IEEE Access 2021, sections III.B and V.A: a face is resized to a small side (16 or 8 pixels) and
smoothed by a 3x3 Gaussian of sigma 1.5. Quality is measured against the clear 112x112 image after enlarging
the small one again, by the peak signal-to-noise ratio and the structural similarity of Wang et al. (IEEE TIP
2004: Gaussian window of 11 pixels and sigma 1.5, K1 0.01, K2 0.03, the mean over all window places inside the
image). The paper does not say how it enlarges or in which order it resizes and smooths; here enlarging is
bilinear and smoothing comes last, at the small side, as for its network's input.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autofas.data.batches.views import blur_3x3, resize
from autofas.errors import DataError

CLEAR_SIDE = 112
SIDES = (64, 32, 16, 8)
"""Sides of table 1: the clear images' and those they are degraded to."""
_WINDOW = 11
_WINDOW_SIGMA = 1.5
_K1, _K2 = 0.01, 0.03


def degrade(images: Tensor, side: int, *, blur: bool = True) -> Tensor:
    """(B, C, H, W) resized to (B, C, side, side) and, with `blur`, smoothed by the 3x3 Gaussian."""
    if not 2 <= side <= min(images.shape[-2:]):
        raise DataError(f"cannot degrade {images.shape[-1]}-pixel images to a side of {side}")
    small = resize(images, side)
    return blur_3x3(small) if blur else small


def enlarge(images: Tensor, side: int) -> Tensor:
    """(B, C, h, w) enlarged to (B, C, side, side), bilinear."""
    return F.interpolate(images, size=(side, side), mode="bilinear", align_corners=False)


def psnr(images: Tensor, clear: Tensor) -> Tensor:
    """(B,) peak signal-to-noise ratio in dB of images (B, C, H, W) in [0, 1]; infinite where they are
    equal."""
    error = (images.double() - clear.double()).square().flatten(1).mean(dim=1)
    return -10 * torch.log10(error)


def ssim(images: Tensor, clear: Tensor) -> Tensor:
    """(B,) structural similarity of images (B, C, H, W) in [0, 1], at least 11 pixels wide; 1 where equal."""
    if min(images.shape[-2:]) < _WINDOW:
        raise DataError(f"structural similarity needs images of at least {_WINDOW} pixels")
    channels = images.shape[1]
    x, y = images.double(), clear.double()
    taps = torch.arange(_WINDOW, dtype=torch.float64, device=x.device) - _WINDOW // 2
    line = torch.exp(-taps.square() / (2 * _WINDOW_SIGMA**2))
    line = line / line.sum()
    down = line.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    across = line.view(1, 1, 1, -1).expand(channels, 1, 1, -1)

    def mean(values: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(values, down, groups=channels), across, groups=channels)

    mean_x, mean_y = mean(x), mean(y)
    variance_x = mean(x * x) - mean_x.square()
    variance_y = mean(y * y) - mean_y.square()
    covariance = mean(x * y) - mean_x * mean_y
    c1, c2 = _K1**2, _K2**2  # for a range of 1
    likeness = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    likeness = likeness / ((mean_x.square() + mean_y.square() + c1) * (variance_x + variance_y + c2))
    return likeness.flatten(1).mean(dim=1)


def quality_rows(clear: Mapping[str, Tensor]) -> list[dict[str, Any]]:
    """AFA's table 1 of images (B, 3, H, W) in [0, 1] by modality, in the paper's order.

    A row for each side, without and with blur: the means over the images of PSNR in dB (infinite where
    nothing was lost) and SSIM, higher = less distorted.
    """
    rows = []
    for side in SIDES:
        for blur in (False, True):
            row: dict[str, Any] = {"side": side, "blur": blur, "psnr_db": {}, "ssim": {}}
            for name, images in clear.items():
                seen = enlarge(degrade(images, side, blur=blur), images.shape[-1])
                row["psnr_db"][name] = float(psnr(seen, images).mean())
                row["ssim"][name] = float(ssim(seen, images).mean())
            rows.append(row)
    return rows
