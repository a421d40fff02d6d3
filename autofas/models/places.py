"""Where the small numbers of a folded sum stand in the matrices that are multiplied with its features."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

CHUNK = 32
"""Columns of a covariance computed at once: only its (f, f) blocks on the diagonal are needed, and products
narrower than this cost as much as this."""


@dataclass(frozen=True)
class Places:
    """Indices of the small numbers of P terms in what is multiplied with their features, end to end.

    `chunks` are (term, first, last column) of the covariances that are computed, each (columns, columns);
    `covariance` places (P, S, T, f, f) in them, `mean` (P, S, T, f) in the features' means (F_1 + ... + F_P,)
    and `matrix` (P, S, T, c, f) in the matrices M (F_1 + ... + F_P, T*c). A shared feature has several edges:
    `own_covariance` and `own_mean` place what `summed` makes of them, each place once.
    """

    columns: tuple[int, ...]
    chunks: tuple[tuple[int, int, int], ...]
    covariance: Tensor
    mean: Tensor
    matrix: Tensor
    own_covariance: Tensor
    own_mean: Tensor


def once(values: Tensor, shared: Sequence[bool]) -> Tensor:
    """(P, S, T, ...) -> (numbers,): of a shared feature those of its first edge."""
    parts = [value[:, :1] if one else value for value, one in zip(values, shared, strict=True)]
    return torch.cat([part.flatten() for part in parts])


def summed(values: Tensor, shared: Sequence[bool]) -> Tensor:
    """(P, S, T, ...) -> (numbers,): of a shared feature the sums over its edges.

    Written out, since a GPU's index_add_ takes them in any order: its bits differ from run to run.
    """
    parts = [value.sum(1) if one else value for value, one in zip(values, shared, strict=True)]
    return torch.cat([part.flatten() for part in parts])


@lru_cache(maxsize=64)
def identity_of(width: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The map of terms without one, made once: (f, f)."""
    return torch.eye(width, dtype=dtype, device=device)


@lru_cache(maxsize=1024)
def places_of(
    shared: tuple[bool, ...], sources: int, targets: int, channels: int, width: int, device: torch.device
) -> Places:
    """The places for terms of the given kinds: S sources, T targets, c channels, f = width."""
    edges = torch.arange(sources * targets).view(sources, targets)
    source = edges // targets
    blocks = torch.stack([source if one else edges for one in shared])  # (P, S, T): which f columns
    columns = tuple(width * sources * (1 if one else targets) for one in shared)
    starts = torch.tensor((0, *columns)).cumsum(0)[:-1]
    mean = (blocks * width + starts[:, None, None])[..., None] + torch.arange(width)  # (P, S, T, f)
    targets_of = torch.arange(targets)[:, None] * channels + torch.arange(channels)  # (T, c)
    matrix = mean[..., None, :] * (targets * channels) + targets_of[..., None]  # (P, S, T, c, f)
    chunks, covariance, begin = [], torch.empty(*mean.shape, width, dtype=torch.long), 0
    for term, total in enumerate(columns):
        size = width * max(1, CHUNK // width)  # whole blocks
        for first in range(0, total, size):
            last = min(first + size, total)
            chunks.append((term, first, last))
            inside = (blocks[term] * width >= first) & (blocks[term] * width < last)  # (S, T)
            at = (blocks[term][inside] * width - first)[:, None] + torch.arange(width)  # (edges, f)
            covariance[term][inside] = begin + at[:, :, None] * (last - first) + at[:, None, :]
            begin += (last - first) ** 2
    indices = (covariance, mean, matrix, once(covariance, shared), once(mean, shared))
    flat = (index.flatten().to(device) for index in indices)
    return Places(columns, tuple(chunks), *flat)


def split_squares(flat: Tensor, places: Places) -> list[Tensor]:
    """A (columns, columns) view of `flat` for every chunk."""
    sides = [last - first for _, first, last in places.chunks]
    parts = flat.split([side * side for side in sides])
    return [part.view(side, side) for part, side in zip(parts, sides, strict=True)]
