"""Tensors that come back as they were, after a look at what would be if they were others."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor


@contextmanager
def restored(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Within it the tensors may be changed in place; yields copies of them as they were and will be."""
    kept = [tensor.detach().clone() for tensor in tensors]
    try:
        yield kept
    finally:
        with torch.no_grad():
            for tensor, value in zip(tensors, kept, strict=True):
                tensor.copy_(value)
