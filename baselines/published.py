"""Counts that papers print for a network: kept as printed, each with the condition that makes it.

A network's file holds its own as `PUBLISHED`, from the function that builds it to its figures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Convention = Literal["macs", "feathernets"]
MACS: Convention = "macs"
"""Multiply-accumulates of convolutions and linear layers, biases left out."""
FEATHERNETS: Convention = "feathernets"
"""FeatherNets' counter: macs, biases, BatchNorm and ReLU outputs, k*k a pooled output."""

FEATHERNETS_TABLE_2 = "FeatherNets table 2"
AFA_TABLE_8 = "AFA table 8"
AUTO_FAS_TABLE_4 = "Auto-FAS table 4"


@dataclass(frozen=True)
class Published:
    """One published figure and its condition.

    `params` and `macs` are as printed, None where the paper prints none; `source` is the table,
    `convention` what `macs` counts; `kwargs` are the build arguments of that condition beside `input_size`;
    `note` says what does not close.
    """

    params: str | None
    macs: str | None
    input_size: int
    source: str
    convention: Convention = MACS
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
