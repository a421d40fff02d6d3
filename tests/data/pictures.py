"""Batches of pictures for the tests of augmentation."""

import torch


def faces(count: int, side: int = 32, seed: int = 0) -> torch.Tensor:
    """Smooth coloured pictures in [0, 1]."""
    coarse = torch.rand(count, 3, 5, 5, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)
