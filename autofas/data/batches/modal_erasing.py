"""Modal erasing: a network of several modalities learns to do without some of them.

FaceBagNet (Shen et al., CVPRW 2019), which AFA took over. A chosen sample loses one modality or
keeps only one, each half the time. An erased image is black, -1 in a batch's range, as a dead sensor's.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from autofas.data.batches.row_random import uniforms

BLACK = -1.0
_SALT = 0x65726173  # keeps these draws apart from augmentation's


def erase_modalities(
    images: Mapping[str, Tensor], probability: float, *, seed: int, epoch: int, rows: np.ndarray
) -> dict[str, Tensor]:
    """Images (B, 3, H, W) by modality with some blackened; what a row loses depends on (seed, epoch, row)."""
    if probability <= 0:
        return dict(images)
    gone = erased(list(images), probability, uniforms(seed ^ _SALT, epoch, rows, 3))
    return {
        name: image.masked_fill(torch.from_numpy(gone[name]).to(image.device)[:, None, None, None], BLACK)
        for name, image in images.items()
    }


def erased(names: list[str], probability: float, numbers: np.ndarray) -> dict[str, np.ndarray]:
    """Which rows lose which modality: (B,) bool by name, from uniform numbers (B, 3)."""
    whether, how, which = numbers.T
    chosen = (which * len(names)).astype(int)
    return {
        name: (whether < probability) & np.where(how < 0.5, chosen == index, chosen != index)
        for index, name in enumerate(names)
    }
