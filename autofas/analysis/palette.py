"""One palette for every picture: the same thing has the same colour everywhere.

The colours are Okabe and Ito's set (2008), which stays apart for all common forms of colour blindness, plus
a violet, a brown and an olive; an operation of central differences has a darker shade of the plain one's and
its line style. Whatever a colour tells, a marker shape, a dash or a word tells as well.
"""

from typing import Any

PALETTE: dict[str, str] = {
    "searched": "#D55E00",
    "hand-designed": "#0072B2",
    "random": "#777777",
    "none": "#9A9A9A",
    "max_pool_3x3": "#E69F00",
    "avg_pool_3x3": "#56B4E9",
    "skip_connect": "#009E73",
    "sep_conv_3x3": "#5B3A9B",
    "sep_conv_5x5": "#CC79A7",
    "dil_conv_3x3": "#8C510A",
    "dil_conv_5x5": "#A89B00",
    "cd_avg_pool_3x3": "#1B6CA8",
    "cd_sep_conv_3x3": "#2E1760",
    "cd_sep_conv_5x5": "#99336B",
    "cd_dil_conv_3x3": "#5A3200",
    "cd_dil_conv_5x5": "#6B6200",
    "input_node": "#CFE3F1",
    "node": "#FFFFFF",
    "output_node": "#FBE3C4",
    "ink": "#222222",
    "faint": "#8A8A8A",
    "grid": "#E4E4E4",
    "shade": "#F4F4F4",
}
"""Kinds of model, operations of a cell, and the drawing's own greys, by name."""

KIND_MARKERS: dict[str, str] = {"searched": "*", "hand-designed": "s", "random": "^"}
"""Matplotlib marker of each kind of model."""

OPERATION_DASHES: dict[str, Any] = {
    "none": (0, (1, 1.5)),
    "max_pool_3x3": (0, (5, 1.5)),
    "avg_pool_3x3": (0, (3, 1.2, 1, 1.2)),
    "skip_connect": "solid",
    "sep_conv_3x3": "solid",
    "sep_conv_5x5": (0, (8, 1.5)),
    "dil_conv_3x3": (0, (2, 1)),
    "dil_conv_5x5": (0, (6, 1.2, 1, 1.2, 1, 1.2)),
}
OPERATION_DASHES |= {f"cd_{name}": dash for name, dash in OPERATION_DASHES.items() if f"cd_{name}" in PALETTE}
"""Matplotlib line style of each operation."""


def colour_of(name: str) -> str:
    """The colour of a kind of model or of an operation; dark grey for one the palette does not name."""
    return PALETTE.get(name, "#444444")
