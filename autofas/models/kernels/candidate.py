"""How a cell and its candidate operations tell the kernels what to compute."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from torch import Tensor

from autofas.models.folded_sum import RunningStatistics

MOST_KERNEL = 7
"""Side of the largest depthwise kernel that the kernels know (MOST_TAPS in depthwise.h)."""


class Kind(IntEnum):
    """What the kernels know (cell.h)."""

    MAX_POOL = 0
    AVERAGE_POOL = 1
    SKIP = 2
    SEPARABLE = 3


@dataclass(frozen=True)
class Compiled:
    """One candidate on all edges of a fan, in the kernels' terms.

    A separable convolution has `repeats` depthwise (S, T, c, k, k) and pointwise (S, T, c, c) `weights` in
    turn, a factorised reduction the two matrices of its grids (S, T, c/2, c). They may be functions of the
    parameters: a candidate that folds its own arithmetic into plain convolutions gives the folded ones, and
    autograd takes the gradient on from there. `norms` are one a repeat.
    """

    kind: Kind
    weights: tuple[Tensor, ...] = ()
    norms: tuple[RunningStatistics, ...] = ()
    kernel: int = 3
    dilation: int = 1
    repeats: int = 1
    theta: float = 0.0
    """Of an average of central differences: how much of the middle pixel is taken off."""


@dataclass(frozen=True)
class CellPlan:
    """One cell: its shape, its candidates fan by fan and its preprocessing."""

    kind: str
    channels: int
    width: int
    stride: int
    halved: bool
    """A reduction came between the inputs."""
    order: Tensor
    """(C,) int32: where the channels stand that the shuffle puts first, second..."""
    preprocess: tuple[Tensor, Tensor]
    norm: RunningStatistics
    """The preprocessing's statistics (2, C)."""
    fans: tuple[tuple[Compiled, ...], ...]

    @cached_property
    def weights(self) -> list[Tensor]:
        """Every weight tensor of the cell in a fixed order, the preprocessing's first."""
        return [
            *self.preprocess,
            *(weight for fan in self.fans for candidate in fan for weight in candidate.weights),
        ]
