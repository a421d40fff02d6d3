"""Random numbers that belong to a sample: a function of (seed, epoch, row), whatever batch the row arrives
in.

A generator that is drawn from in batch order gives a row other numbers when the batch around it changes,
and a resumed run other numbers than an uninterrupted one. Here each row hashes its own numbers with the
finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), vectorised over rows and draws.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

_GOLDEN = 0x9E3779B97F4A7C15
_BANK = 2**20


def uniforms(seed: int, epoch: int, rows: np.ndarray, count: int) -> np.ndarray:
    """(len(rows), count) float64 in [0, 1), the same for a row in any batch."""
    key = _mix(_mix(np.array([seed % 2**64], np.uint64)) ^ np.uint64(epoch))  # (1,)
    own = _mix(key ^ np.asarray(rows).astype(np.uint64))  # (B,)
    with np.errstate(over="ignore"):
        steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
        bits = _mix(own[:, None] + steps)  # (B, count)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal_fields(seed: int, offsets: np.ndarray, length: int, device: torch.device) -> Tensor:
    """(len(offsets), length) standard normal float32, each a window of one bank of 2^20 numbers or more.

    `offsets` in [0, 1) say where in the bank a window starts: one draw a sample instead of one a pixel.
    """
    bank = _bank(seed % 2**63, max(_BANK, 4 * length), str(device))
    starts = (offsets * (len(bank) - length)).astype(np.int64)
    return torch.stack([bank[start : start + length] for start in starts.tolist()])


@lru_cache(maxsize=4)
def _bank(seed: int, length: int, device: str) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(length, generator=generator).to(device)


def _mix(value: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        value = value + np.uint64(_GOLDEN)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return value ^ (value >> np.uint64(31))
