"""The candidate operations of a cell's edges, described as data: the one place to add an operation.

A separable operation is [ReLU, depthwise k x k, pointwise 1x1, batch norm] taken `repeats` times; the
stride is taken by the first depthwise convolution (DARTS, Liu et al., ICLR 2019, section 3.1; Auto-FAS,
section 2.1.1). The `cd_` operations take central differences (NAS-FAS, Yu et al., TPAMI 2020): a depthwise
kernel less theta times its sum in the middle, an average less theta times the middle pixel; theta is the
layout's. The supernet and the derived network both build what stands here.
"""

from dataclasses import dataclass, replace
from typing import Literal

THETA = 0.7
"""The share of the difference that CDCN takes (Yu et al., CVPR 2020, section 4.3)."""


@dataclass(frozen=True)
class Zero:
    """No connection: it costs nothing and is never part of a genotype."""


@dataclass(frozen=True)
class Pool:
    """3x3 pooling; borders do not count in the average. `theta` above 0: of central differences."""

    kind: Literal["max", "avg"]
    theta: float = 0.0


@dataclass(frozen=True)
class Skip:
    """Identity at stride 1, factorised reduction (two offset 1x1 convolutions) at stride 2."""


@dataclass(frozen=True)
class Separable:
    """`repeats` x [ReLU, depthwise convolution, pointwise convolution, batch norm].

    `theta` above 0: the depthwise kernels take central differences, with `learn_theta` by a theta each.
    """

    kernel: int
    dilation: int = 1
    repeats: int = 2
    theta: float = 0.0
    learn_theta: bool = False


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
    "cd_avg_pool_3x3": Pool("avg", theta=THETA),
    "cd_sep_conv_3x3": Separable(3, theta=THETA),
    "cd_sep_conv_5x5": Separable(5, theta=THETA),
    "cd_dil_conv_3x3": Separable(3, dilation=2, repeats=1, theta=THETA),
    "cd_dil_conv_5x5": Separable(5, dilation=2, repeats=1, theta=THETA),
}


def candidate(name: str, theta: float = THETA, learn_theta: bool = False) -> Candidate:
    """The candidate of that name; one of central differences takes the given theta."""
    found = CANDIDATES[name]
    if isinstance(found, Separable) and found.theta > 0:
        return replace(found, theta=theta, learn_theta=learn_theta)
    if isinstance(found, Pool) and found.theta > 0:
        return replace(found, theta=theta)
    return found
