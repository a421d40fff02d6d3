"""The image operations of augmentation, each over a batch with a parameter a sample.

All take float32 (B, C, H, W) in [0, 1] and float64 numpy parameters of shape (B,); none draws a random
number. What is left out: real JPEG files (Pillow encodes one image at a time; `jpeg` computes the same
quantisation without chroma subsampling or entropy coding, which loses nothing).
"""

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, the weights of JPEG's Y
RGB_TO_YCC = np.array(  # JFIF, chroma centred on 0
    [
        LUMA,
        (-0.299 / 1.772, -0.587 / 1.772, 0.5),
        (0.5, -0.587 / 1.402, -0.114 / 1.402),
    ]
)
YCC_TO_RGB = np.linalg.inv(RGB_TO_YCC)
_DEPTH_FLOOR = 20  # FeatherNets, algorithm 1: what is darker is background
_BLUR_RADIUS = 4  # 9 taps hold 93 % of the widest kernel, sigma 2.5, and all of sigma 1

# ITU-T T.81 Annex K, tables K.1 and K.2, in row order
_LUMINANCE_TABLE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMINANCE_TABLE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
)


def warp(images: Tensor, degrees: np.ndarray, zoom: np.ndarray, shift: np.ndarray) -> Tensor:
    """Rotate by `degrees` counter-clockwise, keep `zoom` of each side, move the window by `shift` (B,
    2).

    One bilinear resampling; `shift` is (right, down) in image sides. Outside is the nearest border pixel.
    """
    height, width = images.shape[-2:]
    angle = np.deg2rad(degrees)
    # grid_sample spans [-1, 1] on both axes, so the cross terms carry the aspect ratio
    cos, sin = np.cos(angle) * zoom, np.sin(angle) * zoom
    rows = [cos, -sin * height / width, 2 * shift[:, 0], sin * width / height, cos, 2 * shift[:, 1]]
    theta = torch.from_numpy(np.stack(rows).astype(np.float32)).to(images.device)[
        :, :, None, None
    ]  # (6, B, 1, 1)
    x = (torch.arange(width, device=images.device) * 2 + 1) / width - 1  # (W,)
    y = ((torch.arange(height, device=images.device) * 2 + 1) / height - 1)[:, None]  # (H, 1)
    # Not affine_grid: its matrix product rounds differently with the size of the batch
    grid = torch.stack(
        (theta[0] * x + theta[1] * y + theta[2], theta[3] * x + theta[4] * y + theta[5]), dim=-1
    )
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def colour(
    images: Tensor, brightness: np.ndarray, contrast: np.ndarray, saturation: np.ndarray, gain: np.ndarray
) -> Tensor:
    """Multiply by `brightness`, then per channel by `gain` (B, 3); scale contrast about the mean grey
    value and saturation about each pixel's grey value; one 3x3 matrix and offset a sample, clipped to [0,
    1]."""
    luma = np.asarray(LUMA)
    grey = np.broadcast_to(luma, (len(images), 3, 3))
    mixed = saturation[:, None, None] * np.eye(3) + (1 - saturation)[:, None, None] * grey
    scale = brightness[:, None] * gain  # (B, 3)
    matrix = contrast[:, None, None] * mixed * scale[:, None, :]  # (B, 3, 3)
    means = images.mean(dim=(2, 3))  # (B, 3)
    weights = torch.from_numpy((luma * scale * (1 - contrast)[:, None]).astype(np.float32)).to(images.device)
    offset = (means * weights).sum(dim=1)[:, None, None]  # (B, 1, 1)
    flat = images.flatten(2)  # (B, 3, H*W)
    linear = torch.from_numpy(matrix.astype(np.float32)).to(images.device)
    return (torch.bmm(linear, flat) + offset).clamp_(0, 1).view_as(images)


def tone(images: Tensor, means: np.ndarray, deviations: np.ndarray) -> Tensor:
    """Give each channel another mean and standard deviation, both (B, 3) of values in [0, 1]; clipped."""
    deviation, mean = torch.std_mean(images, (2, 3), keepdim=True)  # (B, 3, 1, 1)
    wanted = (torch.from_numpy(part.astype(np.float32)).to(images.device) for part in (means, deviations))
    new_mean, new_deviation = (part[:, :, None, None] for part in wanted)
    return ((images - mean) / deviation.clamp_min(1e-3) * new_deviation + new_mean).clamp_(0, 1)


def ellipse(images: Tensor, axes: np.ndarray, centre: np.ndarray) -> Tensor:
    """Which pixels lie in an ellipse: (B, 1, H, W) bool.

    `axes` and `centre` are (B, 2), (across, down), where -1 and 1 are the image's borders.
    """
    height, width = images.shape[-2:]
    x = (torch.arange(width, device=images.device) * 2 + 1) / width - 1  # (W,)
    y = ((torch.arange(height, device=images.device) * 2 + 1) / height - 1)[:, None]  # (H, 1)
    half, middle = (
        torch.from_numpy(part.astype(np.float32)).to(images.device)[..., None, None]
        for part in (axes, centre)
    )  # (B, 2, 1, 1)
    distance = ((x - middle[:, 0]) / half[:, 0]) ** 2 + ((y - middle[:, 1]) / half[:, 1]) ** 2
    return (distance < 1)[:, None]


def surrounding(
    colour: np.ndarray, coarse: Tensor, patches: np.ndarray, fine: Tensor, noise: np.ndarray
) -> Tensor:
    """Images (B, 3, H, W) of one `colour` (B, 3) each, with patches and noise of a standard deviation.

    `coarse` (B, 3, h, w) and `fine` (B, 3, H, W) are standard normal; patches are spread bilinearly.
    """
    base = torch.from_numpy(colour.astype(np.float32)).to(fine.device)[..., None, None]
    spread = F.interpolate(coarse, fine.shape[-2:], mode="bilinear", align_corners=False)
    made = base + spread * _column(patches, fine) + fine * _column(noise, fine)
    return made.clamp_(0, 1)


def gamma(images: Tensor, exponent: np.ndarray) -> Tensor:
    """Raise pixels to `exponent`: above 1 darkens, below 1 brightens."""
    return images.pow(_column(exponent, images))


def blur(images: Tensor, sigma: np.ndarray) -> Tensor:
    """Gaussian blur of standard deviation `sigma` pixels, separable, over 9 taps, borders repeated."""
    taps = np.arange(-_BLUR_RADIUS, _BLUR_RADIUS + 1)
    weights = np.exp(-(taps**2) / (2 * np.maximum(sigma, 1e-3)[:, None] ** 2))
    weights /= weights.sum(axis=1, keepdims=True)  # (B, 9)
    column = [_column(weights[:, tap], images) for tap in range(len(taps))]
    for axis, pad in ((2, (0, 0, _BLUR_RADIUS, _BLUR_RADIUS)), (3, (_BLUR_RADIUS, _BLUR_RADIUS, 0, 0))):
        length = images.shape[axis]
        padded = F.pad(images, pad, mode="replicate")
        images = padded.narrow(axis, 0, length) * column[0]
        for tap in range(1, len(taps)):
            images.addcmul_(padded.narrow(axis, tap, length), column[tap])
    return images


def rescale(images: Tensor, factor: np.ndarray) -> Tensor:
    """Shrink by `factor` (in (0, 1]) without aliasing and enlarge again, as a distant or low-resolution
    camera does; sizes are rounded to sixteenths of the side so that samples share resamplings."""
    height, width = images.shape[-2:]
    steps = np.clip(np.round(factor * 16).astype(int), 1, 16)
    result = images.clone()
    for step in np.unique(steps):
        if step == 16:
            continue
        chosen = torch.from_numpy(np.flatnonzero(steps == step)).to(images.device)
        small = (max(1, height * int(step) // 16), max(1, width * int(step) // 16))
        shrunk = F.interpolate(
            images[chosen], size=small, mode="bilinear", antialias=True, align_corners=False
        )
        result[chosen] = F.interpolate(shrunk, size=(height, width), mode="bilinear", align_corners=False)
    return result


def add_noise(images: Tensor, std: np.ndarray, field: Tensor) -> Tensor:
    """Add `field` (B, C*H*W) of standard normal numbers times `std`, clipped to [0, 1]."""
    return torch.addcmul(images, field.view_as(images), _column(std, images)).clamp_(0, 1)


def jpeg(images: Tensor, quality: np.ndarray) -> Tensor:
    """What baseline JPEG at `quality` (1 to 100) without chroma subsampling does to RGB images.

    YCbCr (JFIF), 8x8 DCT, the standard tables scaled by the quality as the reference encoder does, and
    back.
    """
    batch, _, height, width = images.shape
    ycc = _mix_channels((images * 255).round(), RGB_TO_YCC).round_()  # bytes, as in a file
    ycc[:, 0] -= 128
    padded = F.pad(ycc, (0, -width % 8, 0, -height % 8), mode="replicate")
    rows, columns = padded.shape[2] // 8, padded.shape[3] // 8
    blocks = padded.view(batch, 3, rows, 8, columns, 8).transpose(3, 4).reshape(batch, 3, rows * columns, 64)
    basis = _dct_basis().to(images.device)  # (64, 64)
    tables = torch.from_numpy(quantisation_tables(quality)).to(images)[:, :, None]  # (B, 3, 1, 64)
    coefficients = _matrix_product(blocks, basis.T).div_(tables).round_().mul_(tables)
    blocks = _matrix_product(coefficients, basis).view(batch, 3, rows, columns, 8, 8)
    ycc = blocks.transpose(3, 4).reshape(padded.shape)[:, :, :height, :width].round().clamp_(-128, 127)
    ycc[:, 0] += 128
    return _mix_channels(ycc, YCC_TO_RGB).round_().clamp_(0, 255).div_(255)


def quantisation_tables(quality: np.ndarray) -> np.ndarray:
    """(B, 3, 64) float64 quantiser steps of Y, Cb and Cr in row order for qualities (B,) of 1 to 100."""
    whole = np.clip(np.round(quality), 1, 100)
    scale = np.where(whole < 50, np.floor(5000 / whole), 200 - 2 * whole)[:, None, None]
    base = np.stack(
        [np.ravel(t) for t in (_LUMINANCE_TABLE, _CHROMINANCE_TABLE, _CHROMINANCE_TABLE)]
    )  # (3, 64)
    return np.clip(np.floor((base * scale + 50) / 100), 1, 255)


def cut_out(images: Tensor, centre: np.ndarray, side: np.ndarray) -> Tensor:
    """Cutout (DeVries, 2017): mid-grey squares of `side` image sides about `centre` (B, 2: x, y)."""
    height, width = images.shape[-2:]
    x = torch.arange(width, device=images.device)
    y = torch.arange(height, device=images.device)[:, None]
    half = side / 2
    left, right = (
        _column((centre[:, 0] - half) * width, images),
        _column((centre[:, 0] + half) * width, images),
    )
    top, bottom = (
        _column((centre[:, 1] - half) * height, images),
        _column((centre[:, 1] + half) * height, images),
    )
    inside = (x + 0.5 >= left) & (x + 0.5 < right) & (y + 0.5 >= top) & (y + 0.5 < bottom)  # (B, 1, H, W)
    return images.masked_fill(inside, 0.5)


def scale_depth(images: Tensor, scale: np.ndarray, offset: np.ndarray) -> Tensor:
    """FeatherNets' algorithm 1 on 8-bit depth: `scale` times the depth plus, where it is above 20 of 255,
    `offset` (of 255); a face's relief shrinks to what another camera would give, its hole stays dark."""
    lifted = torch.where(images > _DEPTH_FLOOR / 255, _column(offset / 255, images), images.new_zeros(()))
    return (images * _column(scale, images) + lifted).clamp_(0, 1)


def _column(values: np.ndarray, images: Tensor) -> Tensor:
    """(B,) numpy values as a (B, 1, 1, 1) tensor beside the images."""
    return torch.from_numpy(np.asarray(values, dtype=np.float32)).to(images.device)[:, None, None, None]


def _mix_channels(images: Tensor, matrix: np.ndarray) -> Tensor:
    """(B, 3, H, W) with its channels mixed by a (3, 3) matrix."""
    mixed = torch.empty_like(images)
    for channel, weights in enumerate(matrix.tolist()):
        torch.mul(images[:, 0], weights[0], out=mixed[:, channel])
        for other in (1, 2):
            mixed[:, channel].add_(images[:, other], alpha=weights[other])
    return mixed


def _matrix_product(images: Tensor, matrix: Tensor) -> Tensor:
    """(B, ..., K) times (K, N), a sample at a time.

    Over the whole batch its last bits, and so a quantiser's step, would depend on the number of samples.
    """
    return torch.stack([image @ matrix for image in images])


@lru_cache(maxsize=1)
def _dct_basis() -> Tensor:
    """(64, 64): the 8x8 DCT-II of a flattened block, orthonormal, so its transpose inverts it."""
    k, n = np.meshgrid(np.arange(8), np.arange(8), indexing="ij")
    line = np.cos((2 * n + 1) * k * np.pi / 16) * np.where(k == 0, np.sqrt(1 / 8), 0.5)
    return torch.from_numpy(np.kron(line, line).astype(np.float32))
