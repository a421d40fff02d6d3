"""Random changes of training images: a policy says how strong, a sample's own random numbers say which.

The numbers of a sample depend on (seed, epoch, row) alone, so a resumed run augments as the uninterrupted
one would and a row is augmented alike in any batch (to float rounding). Geometry and cut-outs are shared by
the modalities of a sample; colour, blur, noise and compression touch the colour image only, and the depth
scaling of FeatherNets (CVPRW 2019, algorithm 1) the depth of bona fide samples.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from autofas.data.batches import augmentation_ops as ops
from autofas.data.batches.augmentation_policy import BEST_QUALITY, AugmentPolicy
from autofas.data.batches.row_random import normal_fields, uniforms

_DRAWS = 53
_TONE_MEANS, _TONE_DEVIATIONS = (0.25, 0.65), (0.15, 0.35)  # of an image's pixels in [0, 1]
_TONE_TINT = 0.1  # of each channel's mean, added, and 1.5 times it of its deviation, as a share
_FACE_AXES = (0.5, 0.8), (0.7, 1.0)  # half axes of what `surround` keeps, across and down, of half a side
_FACE_SHIFT = 0.1
_PATCHES = 6  # a made surrounding has this many coarse patches a side
_DEPTH_SCALES, _DEPTH_OFFSETS = (1 / 8, 1 / 5), (100.0, 200.0)


def augment_batch(
    images: Mapping[str, Tensor],
    policy: AugmentPolicy,
    *,
    seed: int,
    epoch: int,
    rows: np.ndarray,
    bona_fide: np.ndarray | None = None,
) -> dict[str, Tensor]:
    """Change a batch by a policy: (B, 3, H, W) by modality, float in [0, 1] or uint8, to float32 in [0, 1].

    `rows` (B,) identifies the samples; the result for a row depends on (seed, epoch, row) and its images
    alone. `bona_fide` (B,) bool says whose depth may be scaled; None, nobody's.
    """
    result = {
        name: image.float().div(255) if image.dtype == torch.uint8 else image.float()
        for name, image in images.items()
    }
    if policy.is_none or not len(rows):
        return result
    draws = _Draws(uniforms(seed, epoch, rows, _DRAWS))
    _geometry(result, policy, draws)
    if "color" in result:
        result["color"] = _photometry(result["color"], policy, draws, seed)
    else:
        draws.skip_photometry()
    chosen = draws.chance(policy.cutout)
    centre = np.stack((draws.uniform(0, 1), draws.uniform(0, 1)), axis=1)
    side = draws.uniform(0, policy.cutout_side)
    _depth(result, policy, draws, bona_fide)
    _tone(result, policy, draws)
    _surround(result, policy, draws, seed)
    for name, image in result.items():
        result[name] = _on(image, chosen, lambda part, at: ops.cut_out(part, centre[at], side[at]))
    return result


class _Draws:
    """A batch's uniform numbers, taken column by column in a fixed order whatever the policy switches off."""

    _PHOTOMETRY = 18

    def __init__(self, numbers: np.ndarray) -> None:
        self._numbers = numbers
        self._next = 0

    def uniform(self, low: float, high: float) -> np.ndarray:
        column = self._numbers[:, self._next]
        self._next += 1
        return low + (high - low) * column

    def chance(self, probability: float) -> np.ndarray:
        return self.uniform(0, 1) < probability

    def factor(self, strength: float) -> np.ndarray:
        return self.uniform(1 - strength, 1 + strength)

    def three(self, low: float, high: float) -> np.ndarray:
        return np.stack([self.uniform(low, high) for _ in range(3)], axis=1)

    def skip_photometry(self) -> None:
        self._next += self._PHOTOMETRY


def _geometry(images: dict[str, Tensor], policy: AugmentPolicy, draws: _Draws) -> None:
    flipped = draws.chance(policy.flip)
    chosen = draws.chance(policy.warp)
    degrees = draws.uniform(-policy.rotation_degrees, policy.rotation_degrees)
    zoom = draws.uniform(policy.zoom, 1)
    shift = np.stack(
        (draws.uniform(-policy.shift, policy.shift), draws.uniform(-policy.shift, policy.shift)), axis=1
    )
    joined = torch.cat(list(images.values()), dim=1)  # (B, 3 * modalities, H, W)
    joined = _on(joined, flipped, lambda part, at: part.flip(-1))
    joined = _on(joined, chosen, lambda part, at: ops.warp(part, degrees[at], zoom[at], shift[at]))
    images.update(
        zip(images, joined.split([image.shape[1] for image in images.values()], dim=1), strict=True)
    )


def _photometry(image: Tensor, policy: AugmentPolicy, draws: _Draws, seed: int) -> Tensor:
    brightness, contrast = draws.factor(policy.brightness), draws.factor(policy.contrast)
    saturation = draws.factor(policy.saturation)
    gain = np.stack([draws.factor(policy.gain) for _ in range(3)], axis=1)  # (B, 3)
    saturation = np.where(draws.chance(policy.grayscale), 0, saturation)
    if any(policy._colour) or policy.grayscale:
        image = ops.colour(image, brightness, contrast, saturation, gain)
    chosen = draws.chance(policy.gamma)
    exponent = (1 + policy.gamma_strength) ** draws.uniform(-1, 1)
    image = _on(image, chosen, lambda part, at: ops.gamma(part, exponent[at]))
    chosen, factor = draws.chance(policy.rescale), draws.uniform(policy.rescale_to, 1)
    image = _on(image, chosen, lambda part, at: ops.rescale(part, factor[at]))
    chosen, sigma = draws.chance(policy.blur), draws.uniform(0, policy.blur_sigma)
    image = _on(image, chosen, lambda part, at: ops.blur(part, sigma[at]))
    chosen, std, start = draws.chance(policy.noise), draws.uniform(0, policy.noise_std), draws.uniform(0, 1)

    def add_noise(part: Tensor, at: np.ndarray) -> Tensor:
        field = normal_fields(seed, start[at], part[0].numel(), part.device)
        return ops.add_noise(part, std[at], field)

    image = _on(image, chosen, add_noise)
    chosen, quality = draws.chance(policy.jpeg), draws.uniform(policy.jpeg_quality, BEST_QUALITY)
    return _on(image, chosen, lambda part, at: ops.jpeg(part, quality[at]))


def _depth(
    images: dict[str, Tensor], policy: AugmentPolicy, draws: _Draws, bona_fide: np.ndarray | None
) -> None:
    chosen = draws.chance(policy.depth_scale)
    scale, offset = draws.uniform(*_DEPTH_SCALES), draws.uniform(*_DEPTH_OFFSETS)
    if "depth" in images and bona_fide is not None:
        images["depth"] = _on(
            images["depth"],
            chosen & bona_fide,
            lambda part, at: ops.scale_depth(part, scale[at], offset[at]),
        )


def _tone(images: dict[str, Tensor], policy: AugmentPolicy, draws: _Draws) -> None:
    """Whatever a session's light gave a colour image, its means and deviations, is drawn anew."""
    chosen = draws.chance(policy.tone)
    means = draws.uniform(*_TONE_MEANS)[:, None] + draws.three(-_TONE_TINT, _TONE_TINT)  # (B, 3)
    deviations = draws.uniform(*_TONE_DEVIATIONS)[:, None] * (1 + 1.5 * draws.three(-_TONE_TINT, _TONE_TINT))
    if "color" in images:
        images["color"] = _on(
            images["color"], chosen, lambda part, at: ops.tone(part, means[at], deviations[at])
        )


def _surround(images: dict[str, Tensor], policy: AugmentPolicy, draws: _Draws, seed: int) -> None:
    """A made surrounding, coarse patches with noise about one colour, in place of the room's."""
    chosen = draws.chance(policy.surround)
    axes = np.stack([draws.uniform(*bounds) for bounds in _FACE_AXES], axis=1)
    centre = np.stack([draws.uniform(-_FACE_SHIFT, _FACE_SHIFT) for _ in range(2)], axis=1)
    colour, patches, noise = draws.three(0, 1), draws.uniform(0, 0.35), draws.uniform(0, 0.08)
    starts = draws.uniform(0, 1), draws.uniform(0, 1)

    def change(part: Tensor, at: np.ndarray) -> Tensor:
        shape = part.shape[1], _PATCHES, _PATCHES
        coarse = normal_fields(seed, starts[0][at], math.prod(shape), part.device).view(-1, *shape)
        fine = normal_fields(seed, starts[1][at], part[0].numel(), part.device).view_as(part)
        made = ops.surrounding(colour[at], coarse, patches[at], fine, noise[at])
        inside = ops.ellipse(part, axes[at], centre[at])
        return torch.where(inside, part, made)

    if "color" in images:
        images["color"] = _on(images["color"], chosen, change)


def _on(image: Tensor, chosen: np.ndarray, change: Callable[[Tensor, np.ndarray], Tensor]) -> Tensor:
    """The batch with the chosen samples changed; the others keep every bit."""
    at = np.flatnonzero(chosen)
    if not len(at):
        return image
    if len(at) == len(image):
        return change(image, at)
    index = torch.from_numpy(at).to(image.device)
    return image.index_copy(0, index, change(image.index_select(0, index), at))
