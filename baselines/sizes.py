"""Sides, channels and modalities of a network: a wrong one fails in one line that names the right one.

Sides are plain integers in eager mode and under torch.export, where the checks hold. While torch.jit.trace
records, sides are traced values and a comparison would be frozen into the graph with a warning, so the
checks step aside.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

MODALITIES = ("color", "depth", "ir")


def require_image(images: Tensor, network: str) -> None:
    """Raise ValueError unless `images` is one tensor (B, 3, H, W)."""
    if not isinstance(images, Tensor):
        raise ValueError(f"{network} takes one tensor of images (B, 3, H, W); got {type(images).__name__}")
    if torch.jit.is_tracing():
        return
    if images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(f"{network} takes images of shape (B, 3, H, W); got {tuple(images.shape)}")


def require_multiple(images: Tensor, multiple: int, network: str, example: int) -> None:
    """Raise ValueError unless both sides of `images` (B, 3, H, W) divide by `multiple`."""
    require_image(images, network)
    if torch.jit.is_tracing():
        return
    height, width = images.shape[-2:]
    if height % multiple or width % multiple:
        raise ValueError(
            f"{network} takes inputs whose sides divide by {multiple}, such as {example}; "
            f"got {height}x{width}"
        )


def require_at_least(images: Tensor, smallest: int, network: str, example: int) -> None:
    """Raise ValueError unless both sides of `images` (B, 3, H, W) are at least `smallest` pixels."""
    require_image(images, network)
    if torch.jit.is_tracing():
        return
    height, width = images.shape[-2:]
    if height < smallest or width < smallest:
        raise ValueError(
            f"{network} takes inputs of at least {smallest}x{smallest}, such as {example}; "
            f"got {height}x{width}"
        )


def require_exactly(images: Tensor, size: int, network: str) -> None:
    """Raise ValueError unless `images` is (B, 3, size, size): the head was built for that map."""
    require_image(images, network)
    if torch.jit.is_tracing():
        return
    height, width = images.shape[-2:]
    if (height, width) != (size, size):
        raise ValueError(
            f"{network} was built for {size}x{size} inputs; got {height}x{width}: resize the images, "
            "or build it for their input_size"
        )


def side_at_least(input_size: int, smallest: int, network: str) -> int:
    """Return `input_size`, or raise ValueError where it is under `smallest` pixels."""
    if input_size < smallest:
        raise ValueError(f"{network} cannot be built for input_size {input_size}; choose {smallest} or more")
    return input_size


def side_multiple(input_size: int, multiple: int, network: str) -> int:
    """Return `input_size`, or raise ValueError where it does not divide by `multiple`."""
    if input_size < multiple or input_size % multiple:
        below = max(input_size // multiple, 1) * multiple
        raise ValueError(
            f"{network} cannot be built for input_size {input_size}; choose a multiple of {multiple}, "
            f"such as {below} or {below + multiple}"
        )
    return input_size


def scaled(channels: int, width: float) -> int:
    """`channels` times the width multiplier (MobileNets, Howard et al., 2017), to the nearest whole number.

    At least 1; a half goes up. Raises ValueError unless both are positive.
    """
    if channels < 1:
        raise ValueError(f"{channels} channels are none; choose 1 or more")
    if not isinstance(width, int | float) or not 0 < width < math.inf:
        raise ValueError(f"width {width} is no multiplier of channels; choose a positive number, such as 0.5")
    return max(1, math.floor(channels * width + 0.5))


def require_modalities(images: Mapping[str, Tensor], modalities: Sequence[str], network: str) -> list[Tensor]:
    """The images of `modalities`, in that order; raise ValueError where one is absent or sizes differ."""
    wanted = ", ".join(modalities)
    if isinstance(images, Tensor):
        raise ValueError(f"{network} takes a dict of images by modality ({wanted}); got one tensor")
    missing = [name for name in modalities if name not in images]
    if missing:
        raise ValueError(f"{network} takes the modalities {wanted}; missing: {', '.join(missing)}")
    chosen = [images[name] for name in modalities]
    if not torch.jit.is_tracing():
        for name, image in zip(modalities, chosen, strict=True):
            if image.shape[1:] != chosen[0].shape[1:]:
                raise ValueError(
                    f"{network} takes modalities of one shape; {modalities[0]} has {tuple(chosen[0].shape)} "
                    f"and {name} {tuple(image.shape)}"
                )
    return chosen
