"""Views: how a stored face crop becomes what a network reads, in training and in evaluation.

`whole`     the crop, stored at the network's size.
`centre`    its centre: VisionLabs (Parkin and Grinchuk, CVPRW 2019, section 5.2) resize to 125 and cut 112.
`patches`   FaceBagNet (Shen et al., CVPRW 2019): training takes one random patch, its place, flips and
            rotation drawn for each modality by itself; evaluation 9 places x 4 flips, scores averaged.
`degraded`  AFA (Chen et al., IEEE Access 2021, section V.A): resized to the input, then a 3x3 Gaussian of
            sigma 1.5; the clear image at twice the input's side is what its augmentation is taught.

Images are (B, 3, H, W) in [-1, 1] by modality. Random numbers belong to (seed, epoch, row). Left out: what
augmentation does to all modalities alike (`autofas.data.batches.augmentation`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from autofas.data.batches.augmentation_ops import warp
from autofas.data.batches.row_random import uniforms
from autofas.errors import ConfigError, which_of

KINDS = ("whole", "centre", "patches", "degraded")
CENTRE_OF = 125 / 112  # VisionLabs: stored side over input side
PATCHES_OF = 112  # FaceBagNet: patches of 32, 48 or 64 are cut from faces of this side
PATCH_ROTATION_DEGREES = 30.0
BLUR_SIGMA = 1.5
_SALT = 0x76696577  # keeps these draws apart from augmentation's
_DRAWS_A_MODALITY = 5

Images = dict[str, Tensor]


@dataclass(frozen=True)
class View:
    """What a network of `input_size` reads of crops stored at `crop_size` pixels."""

    kind: str
    input_size: int
    crop_size: int

    @property
    def many(self) -> bool:
        """Whether evaluation looks at a crop more than once."""
        return self.kind == "patches"

    def training(self, images: Mapping[str, Tensor], *, seed: int, epoch: int, rows: np.ndarray) -> Images:
        """The network's input (B, 3, S, S) by modality for one training step."""
        if self.kind == "patches":
            return self._random_patches(images, seed, epoch, rows)
        return next(self.evaluation(images))

    def evaluation(self, images: Mapping[str, Tensor]) -> Iterator[Images]:
        """Every input (B, 3, S, S) by modality that a crop is scored from; the first is its centre."""
        if self.kind == "whole":
            yield dict(images)
        elif self.kind == "degraded":
            yield {name: blur_3x3(resize(image, self.input_size)) for name, image in images.items()}
        else:
            height, width = next(iter(images.values())).shape[-2:]
            # the centre first, so that one view is the face's middle
            places = [(height - self.input_size) // 2], [(width - self.input_size) // 2]
            if self.kind == "patches":
                for starts, side in zip(places, (height, width), strict=True):
                    starts += [0, side - self.input_size]
            for top in places[0]:
                for left in places[1]:
                    yield from self._turned(images, top, left)

    def clear(self, images: Mapping[str, Tensor]) -> Images:
        """The sharp images (B, 3, 2S, 2S) by modality that a degraded input came from."""
        return {name: resize(image, 2 * self.input_size) for name, image in images.items()}

    def _turned(self, images: Mapping[str, Tensor], top: int, left: int) -> Iterator[Images]:
        size = self.input_size
        patch = {name: image[..., top : top + size, left : left + size] for name, image in images.items()}
        yield patch
        if self.kind == "patches":
            for axes in ((-1,), (-2,), (-2, -1)):
                yield {name: image.flip(axes) for name, image in patch.items()}

    def _random_patches(
        self, images: Mapping[str, Tensor], seed: int, epoch: int, rows: np.ndarray
    ) -> Images:
        numbers = uniforms(seed ^ _SALT, epoch, rows, _DRAWS_A_MODALITY * len(images))  # (B, 5 * modalities)
        size = self.input_size
        result = {}
        for number, (name, image) in enumerate(images.items()):
            turn, x, y, across, down = numbers[:, number * 5 : number * 5 + 5].T
            nothing = np.zeros(len(rows))
            degrees = (2 * turn - 1) * PATCH_ROTATION_DEGREES
            image = warp(image, degrees, nothing + 1, np.stack((nothing, nothing), axis=1))
            height, width = image.shape[-2:]
            top = (y * (height - size + 1)).astype(int)
            left = (x * (width - size + 1)).astype(int)
            patches = torch.stack(
                [one[:, t : t + size, s : s + size] for one, t, s in zip(image, top, left, strict=True)]
            )  # (B, 3, S, S)
            patches = _where(across < 0.5, patches.flip(-1), patches)
            result[name] = _where(down < 0.5, patches.flip(-2), patches)
        return result


def make_view(kind: str, input_size: int, crop_size: int | None = None) -> View:
    """The view of that kind; raises ConfigError where crops are too small for it.

    `crop_size` defaults to the paper's: the input's side, 125/112 of it, 112, or eight times it.
    """
    if kind not in KINDS:
        raise ConfigError(f"view {kind} does not exist{which_of(kind, KINDS)}")
    least = {"whole": input_size, "centre": input_size, "patches": input_size, "degraded": 2 * input_size}[
        kind
    ]
    default = {
        "whole": input_size,
        "centre": round(input_size * CENTRE_OF),
        "patches": max(PATCHES_OF, input_size),
        "degraded": 8 * input_size,
    }[kind]
    size = crop_size or default
    if size < least or (kind == "whole" and size != input_size):
        exactly = "exactly" if kind == "whole" else "at least"
        raise ConfigError(
            f"view.crop_size {size} does not fit view {kind} of a {input_size}-pixel input; "
            f"choose {exactly} {least}"
        )
    return View(kind, input_size, size)


def resize(images: Tensor, side: int) -> Tensor:
    """(B, C, H, W) -> (B, C, side, side), bilinear, smoothed before shrinking."""
    return F.interpolate(images, size=(side, side), mode="bilinear", antialias=True, align_corners=False)


def blur_3x3(images: Tensor) -> Tensor:
    """A 3x3 Gaussian of sigma 1.5, borders mirrored: shape-preserving, (B, C, H, W)."""
    side = float(np.exp(-1 / (2 * BLUR_SIGMA**2)))
    line = images.new_tensor([side, 1.0, side]) / (1 + 2 * side)
    channels = images.shape[1]
    kernel = (line[:, None] * line).expand(channels, 1, 3, 3)
    return F.conv2d(F.pad(images, (1, 1, 1, 1), mode="reflect"), kernel, groups=channels)


def _where(chosen: np.ndarray, yes: Tensor, no: Tensor) -> Tensor:
    return torch.where(torch.from_numpy(chosen).to(no.device)[:, None, None, None], yes, no)
