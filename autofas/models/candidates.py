"""The candidate operations of a cell's edges, described as data: the one place to add an operation.

A separable operation is [ReLU, depthwise k x k, pointwise 1x1, batch norm] taken `repeats` times; the
stride is taken by the first depthwise convolution (DARTS, Liu et al., ICLR 2019, section 3.1; Auto-FAS,
section 2.1.1). The supernet and the derived network both build what stands here.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Zero:
    """No connection: it costs nothing and is never part of a genotype."""


@dataclass(frozen=True)
class Pool:
    """3x3 pooling; borders do not count in the average."""

    kind: Literal["max", "avg"]


@dataclass(frozen=True)
class Skip:
    """Identity at stride 1, factorised reduction (two offset 1x1 convolutions) at stride 2."""


@dataclass(frozen=True)
class Separable:
    """`repeats` x [ReLU, depthwise convolution, pointwise convolution, batch norm]."""

    kernel: int
    dilation: int = 1
    repeats: int = 2


Candidate = Zero | Pool | Skip | Separable

CANDIDATES: dict[str, Candidate] = {
    "none": Zero(),
    "max_pool_3x3": Pool("max"),
    "avg_pool_3x3": Pool("avg"),
    "skip_connect": Skip(),
    "sep_conv_3x3": Separable(3),
    "sep_conv_5x5": Separable(5),
    "dil_conv_3x3": Separable(3, dilation=2, repeats=1),
    "dil_conv_5x5": Separable(5, dilation=2, repeats=1),
}
