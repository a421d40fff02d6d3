"""The picture of a search's alphas: softmax(alpha) of each edge over the epochs, a small panel an edge.

All panels are drawn on one pair of axes measured in inches: an axes object of its own for each of 28 edges
takes seven times as long as everything that is drawn on it.
"""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray

from autofas.analysis.palette import OPERATION_DASHES, PALETTE, colour_of
from autofas.errors import GenotypeError
from autofas.models.genotype import FIRST_NODE
from autofas.models.space import Space

DPI = 120
PANEL_HEIGHT, ROW_HEIGHT = 1.12, 1.55
"""Inches of a panel, and from one row of panels to the next."""
LEGEND_WIDTH = 5.2
"""Inches that the legend takes at least."""

Weights = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Panel:
    """An edge's place in the picture, in inches from its lower left corner."""

    kind: str
    edge: int
    node: int
    source: int
    left: float
    bottom: float
    width: float

    def placed(self, across: ArrayLike, up: ArrayLike) -> NDArray[np.float64]:
        """Points given as fractions of the panel's width and height, in inches of the picture: (N, 2)."""
        x, y = np.broadcast_arrays(np.asarray(across, float), np.asarray(up, float))
        return np.stack([self.left + self.width * x, self.bottom + PANEL_HEIGHT * y], axis=-1)


@dataclass(frozen=True)
class AlphaLayout:
    """Size of the picture in inches, the strip at its top for the legend, and where everything stands."""

    width: float
    height: float
    strip: float
    headings: Mapping[str, float]
    """Where the heading of a kind of cell begins, from the left."""
    panels: tuple[Panel, ...]


def lay_out_alphas(space: Space, kinds: Sequence[str]) -> AlphaLayout:
    """A block of panels for each kind of cell: a row a node, a column an input."""
    nodes = space.layout.intermediate_nodes
    columns = nodes + 1
    # the corner above the diagonal takes the legend from four nodes on; below that it has a strip of its own
    strip = 0.0 if nodes >= 4 else 0.45 + 0.2 * math.ceil(len(space.operations) / 2)
    width = max(1.75 * columns * len(kinds) + 0.9, LEGEND_WIDTH)
    height = ROW_HEIGHT * nodes + (1.05 if strip else 1.65) + strip
    block = (width - 0.35) / len(kinds)
    column = (block - 0.35) / columns
    lefts = {kind: 0.65 + number * block for number, kind in enumerate(kinds)}
    panels = tuple(
        Panel(
            kind, edge, node, source,
            left=lefts[kind] + source * column,
            bottom=0.62 + (nodes - 1 - (node - FIRST_NODE)) * ROW_HEIGHT,
            width=column - 0.17,
        )
        for kind in kinds
        for edge, (node, source) in enumerate(space.edges)
    )  # fmt: skip
    return AlphaLayout(width, height, strip, lefts, panels)


def draw_alphas(
    history: Sequence[Mapping[str, ArrayLike]], space: Space, path: str | os.PathLike[str]
) -> None:
    """Draw softmax(alpha) after each epoch, one small panel an edge, laid out as input by node, as a PNG.

    `history`: for each kind of cell in it the raw alphas (edges, operations) in the order of `space.edges`
    and `space.operations`, before the first step (not drawn) and then after epoch 1, 2, ...; kinds of which
    the space has no cell are left out. Raises GenotypeError for a history without an epoch or of another
    shape.
    """
    kinds = [kind for kind in space.layout.kinds if len(history) > 1 and kind in history[0]]
    weights: dict[str, NDArray[np.float64]] = {kind: _weights(history, kind, space)[1:] for kind in kinds}
    if not kinds:
        raise GenotypeError("the alpha history holds no normal or reduction cell; search an epoch first")
    layout = lay_out_alphas(space, kinds)
    figure = Figure(figsize=(layout.width, layout.height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, layout.width)
    axes.set_ylim(0, layout.height)
    axes.axis("off")
    strongest = max(float(values.max()) for values in weights.values())
    top = min(1.0, math.ceil(11 * strongest) / 10)  # a short search moves little: use the panels' height
    epochs = len(weights[kinds[0]])
    _draw_frames(axes, layout.panels, epochs)
    _draw_curves(axes, layout.panels, weights, space.operations, top)
    _name_panels(axes, layout.panels, epochs, top)
    for kind, left in layout.headings.items():
        axes.text(left, layout.height - 0.42 - layout.strip, f"{kind} cell", fontsize=14, weight="bold")
    _draw_legend(figure, space.operations, layout)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png")


def _weights(history: Sequence[Mapping[str, ArrayLike]], kind: str, space: Space) -> NDArray[np.float64]:
    """softmax(alpha) by epoch, edge and operation: (epochs, E, O)."""
    shape = (len(space.edges), len(space.operations))
    epochs = []
    for epoch, entry in enumerate(history):
        alphas = np.asarray(entry.get(kind, ()), float)
        if alphas.shape != shape:
            raise GenotypeError(
                f"alphas of the {kind} cell in epoch {epoch} have shape {alphas.shape}, "
                f"space {space.name} needs {shape} (edges, operations)"
            )
        raised = np.exp(alphas - alphas.max(axis=1, keepdims=True))
        epochs.append(raised / raised.sum(axis=1, keepdims=True))
    return np.stack(epochs)


def _across(epoch: ArrayLike, epochs: int) -> NDArray[np.float64]:
    """Where an epoch stands across a panel: the first at 0, the last at 1, a single one in the middle."""
    return (np.asarray(epoch, float) - 1) / (epochs - 1) if epochs > 1 else np.full(np.shape(epoch), 0.5)


def _named_epochs(epochs: int) -> list[int]:
    """The epochs with a label: first and last, and from five on the one between them."""
    return sorted({1, epochs} if epochs < 5 else {1, math.ceil(epochs / 2), epochs})


def _draw_frames(axes: Axes, panels: Sequence[Panel], epochs: int) -> None:
    upright = _across(_named_epochs(epochs), epochs)
    grid = [panel.placed([x, x], [0, 1]) for panel in panels for x in upright]
    grid += [panel.placed([0, 1], 0.5) for panel in panels]
    axes.add_collection(LineCollection(grid, colors=PALETTE["grid"], linewidths=0.7, zorder=1))
    frames = [panel.placed([0, 1, 1, 0, 0], [0, 0, 1, 1, 0]) for panel in panels]
    axes.add_collection(
        LineCollection(frames, colors=PALETTE["faint"], linewidths=0.7, zorder=2, gid="frames")
    )


def _draw_curves(
    axes: Axes, panels: Sequence[Panel], weights: Weights, operations: Sequence[str], top: float
) -> None:
    """The curves of all edges up to `top`; on each edge the operation that ends strongest is drawn thick."""
    epochs = len(next(iter(weights.values())))
    across = _across(np.arange(1, epochs + 1), epochs)
    for index, operation in enumerate(operations):
        curves: dict[bool, list[NDArray[np.float64]]] = {True: [], False: []}
        for panel in panels:
            values = weights[panel.kind][:, panel.edge]
            wins = int(values[-1].argmax()) == index
            curves[wins].append(panel.placed(across, values[:, index] / top))
        for wins, found in curves.items():
            lines = LineCollection(
                found, colors=colour_of(operation), linewidths=2.6 if wins else 1.2,
                linestyles="solid" if wins else OPERATION_DASHES.get(operation, "solid"),
                capstyle="butt", zorder=4 if wins else 3, gid=operation,
            )  # fmt: skip
            axes.add_collection(lines)
            if epochs == 1 and found:  # a point has no line
                points = np.concatenate(found)
                axes.scatter(points[:, 0], points[:, 1], s=16, color=colour_of(operation), zorder=4 + wins)


def _name_panels(axes: Axes, panels: Sequence[Panel], epochs: int, top: float) -> None:
    """Each panel's edge above it; scales beside the first column, below the last row and the diagonal."""
    lowest = min(panel.bottom for panel in panels)
    small: dict[str, Any] = {"fontsize": 8.5, "color": PALETTE["ink"]}
    for panel in panels:
        title = f"{_edge_end(panel.source)} → {_edge_end(panel.node)}"
        x, y = panel.placed(0.5, 1.0)
        axes.text(x, y + 0.055, title, fontsize=10.5, ha="center", va="bottom", gid="edge")
        if panel.source == 0:
            for share in (0.0, 0.5, 1.0):
                x, y = panel.placed(0, share)
                axes.text(x - 0.05, y, f"{share * top:.2g}", ha="right", va="center", **small)
        if panel.source == panel.node - 1 or panel.bottom == lowest:
            for epoch in _named_epochs(epochs):
                x, y = panel.placed(_across(epoch, epochs), 0)
                axes.text(x, y - 0.05, str(epoch), ha="center", va="top", gid="epoch", **small)


def _edge_end(number: int) -> str:
    return f"$c_{{k-{FIRST_NODE - number}}}$" if number < FIRST_NODE else str(number)


def _draw_legend(figure: Figure, operations: Sequence[str], layout: AlphaLayout) -> None:
    """Operations in the empty corner above the diagonal of the last block's panels."""
    handles = [
        Line2D(
            [],
            [],
            color=colour_of(name),
            linewidth=2.0,
            linestyle=OPERATION_DASHES.get(name, "solid"),
            label=name,
        )
        for name in operations
    ]
    figure.legend(
        handles=handles,
        loc="upper right",
        bbox_to_anchor=(1 - 0.1 / layout.width, 1 - 0.15 / layout.height),
        frameon=False,
        fontsize=10.5,
        handlelength=3.2,
        title="softmax(alpha) by epoch; thick: strongest at the end",
        ncols=2,
        title_fontsize=10.5,
        alignment="left",
    )
