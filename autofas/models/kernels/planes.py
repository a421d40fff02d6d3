"""Where the kernels compute: planes that hold a batch, scratch memory that all cells share, the call."""

import ctypes
from functools import lru_cache
from typing import Any

import torch

from autofas.models.kernels import library


class Grid:
    """Where the pixels of a batch of feature maps stand in a plane; `handle` is the kernels' own."""

    def __init__(self, unit: library.Unit, batch: int, sides: tuple[int, int], pad: int, halved: Any) -> None:
        self.unit, self.sides, self.batch = unit, sides, batch
        self.handle = unit.new_grid(batch, *sides, pad, *(halved or (0, 0)))
        if not self.handle:
            raise ValueError(f"feature maps of {sides[0]}x{sides[1]} for {batch} images are out of bounds")
        self.size = unit.plane_size(self.handle)

    def __del__(self) -> None:
        if getattr(self, "handle", None):
            self.unit.free_grid(self.handle)


@lru_cache(maxsize=64)
def grid_of(
    unit: library.Unit, batch: int, sides: tuple[int, int], pad: int, halved: tuple[int, int] | None = None
) -> Grid:
    """The grid of feature maps of these sides; `halved` are those of the maps that a stride of 2 takes."""
    return Grid(unit, batch, sides, pad, halved)


class Scratch:
    """Memory that all cells share, as large as the largest needs."""

    def __init__(self) -> None:
        self.memory = torch.empty(0, dtype=torch.uint8)

    def lend(self, task: ctypes.Structure, size: int) -> None:
        """Give the task `size` bytes; ValueError if the kernels found the task unsound (-1)."""
        if size < 0:
            raise ValueError(f"the kernels refuse a {type(task).__name__.lower()} of this shape")
        if self.memory.numel() < size + 64:
            self.memory = torch.empty(size + 64, dtype=torch.uint8)
        address = self.memory.data_ptr()
        task.scratch, task.scratch_bytes = address + -address % 64, size


def call(function: Any, task: ctypes.Structure) -> None:
    """Run a task; RuntimeError if the kernels refuse it."""
    code = function(ctypes.byref(task))
    if code:
        why = "its shape is unsound" if code == 1 else "its scratch memory is too small"
        raise RuntimeError(f"the kernels refuse a {type(task).__name__.lower()}: {why}")
