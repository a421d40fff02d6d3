"""Pictures of a search: its cells as graphs, and the architecture weights over its epochs.

Matplotlib's Agg canvas alone, no graphviz and no pyplot. Colours are those of autofas.analysis.palette, the
same in every picture. Left out: the macro layout around the cells.
"""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path as Curve
from numpy.typing import ArrayLike, NDArray

from autofas.analysis.cell_layout import RADIUS, Arrow, CellLayout, layout_cell
from autofas.analysis.palette import OPERATION_DASHES, PALETTE, colour_of
from autofas.errors import GenotypeError
from autofas.models.genotype import FIRST_NODE, Cell, Genotype
from autofas.models.space import Space

DPI = 100
LABEL_SIZE = 12.5
TITLE_PX = 70.0
LEGEND_WIDTH = 5.2
"""Inches that the legend of the alphas takes at least."""


def draw_cell(cell: Cell, path: str | os.PathLike[str], title: str) -> CellLayout:
    """Draw a cell as a graph from left to right, each arrow named by its operation, as a PNG; its layout."""
    names = [edge.operation for edge in cell.edges]
    layout = layout_cell(cell, _label_sizes(names))
    height = layout.height + TITLE_PX
    figure = Figure(figsize=(layout.width / DPI, height / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, layout.width)
    axes.set_ylim(0, height)
    axes.axis("off")
    axes.text(30, height - 42, title, fontsize=17, weight="bold", color=PALETTE["ink"])
    for arrow, name in zip(layout.arrows, [*names, *[""] * len(cell.concat)], strict=True):
        _draw_arrow(axes, arrow, name)
    output = max(layout.nodes)
    for number, (x, y) in layout.nodes.items():
        fill = "input_node" if number < FIRST_NODE else "output_node" if number == output else "node"
        circle = Circle((x, y), RADIUS, facecolor=PALETTE[fill], edgecolor=PALETTE["ink"], linewidth=1.4)
        circle.set_zorder(5)
        axes.add_patch(circle)
        text = _node_name(number, output)
        axes.text(x, y, text, ha="center", va="center_baseline", fontsize=16, color=PALETTE["ink"], zorder=6)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI, format="png")
    return layout


def draw_genotype(genotype: Genotype, folder: str | os.PathLike[str]) -> list[Path]:
    """Draw the kinds of cells of its network as `normal.png` and `reduction.png` in `folder`; their paths."""
    paths = []
    for kind in genotype.layout.kinds:
        path = Path(folder) / f"{kind}.png"
        draw_cell(genotype.cell(kind), path, f"{kind} cell, space {genotype.space}, {genotype.derivation}")
        paths.append(path)
    return paths


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
    weights = {kind: _weights(history, kind, space)[1:] for kind in kinds}
    if not kinds:
        raise GenotypeError("the alpha history holds no normal or reduction cell; search an epoch first")
    strongest = max(float(values.max()) for values in weights.values())
    top = min(1.0, math.ceil(11 * strongest) / 10)  # a short search moves little: use the panels' height
    nodes = space.layout.intermediate_nodes
    columns = nodes + 1
    # the corner above the diagonal takes the legend from four nodes on; below that it has a strip of its own
    strip = 0.0 if nodes >= 4 else 0.45 + 0.2 * math.ceil(len(space.operations) / 2)
    width = max(1.75 * columns * len(kinds) + 0.9, LEGEND_WIDTH)
    height = 1.55 * nodes + (1.05 if strip else 1.65) + strip
    figure = Figure(figsize=(width, height), dpi=DPI * 1.2, facecolor="white")
    FigureCanvasAgg(figure)
    block = (1.0 - 0.35 / width) / len(kinds)
    for index, kind in enumerate(kinds):
        left = 0.35 / width + index * block
        figure.text(
            left + 0.3 / width, 1 - (0.42 + strip) / height, f"{kind} cell", fontsize=14, weight="bold"
        )
        for edge, (node, source) in enumerate(space.edges):
            row = node - FIRST_NODE
            box = (
                left + (0.30 / width) + source * (block - 0.35 / width) / columns,
                (0.62 + (nodes - 1 - row) * 1.55) / height,
                (block - 0.35 / width) / columns - 0.17 / width,
                1.12 / height,
            )
            axes = figure.add_axes(box)
            _draw_edge(axes, weights[kind][:, edge], space.operations, top)
            axes.set_title(f"{_edge_end(source)} → {_edge_end(node)}", fontsize=10.5, pad=4)
            axes.tick_params(labelleft=source == 0, labelbottom=source == node - 1 or row == nodes - 1)
    _alpha_legend(figure, space.operations, width, height)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png")


def _label_sizes(names: Sequence[str]) -> list[tuple[float, float]]:
    """Width and height in pixels of each name's label with its frame."""
    figure = Figure(dpi=DPI)
    renderer = FigureCanvasAgg(figure).get_renderer()
    sizes = {}
    for name in set(names):
        extent = figure.text(0, 0, name, fontsize=LABEL_SIZE).get_window_extent(renderer)
        sizes[name] = (extent.width + 14.0, 27.0)
    return [sizes[name] for name in names]


def _node_name(number: int, output: int) -> str:
    if number < FIRST_NODE:
        return f"$c_{{k-{FIRST_NODE - number}}}$"
    return "$c_{k}$" if number == output else str(number)  # as a genotype numbers its nodes


def _edge_end(number: int) -> str:
    return f"$c_{{k-{FIRST_NODE - number}}}$" if number < FIRST_NODE else str(number)


def _draw_arrow(axes: Axes, arrow: Arrow, name: str) -> None:
    """An operation's arrow in its colour and dash with its framed name; a thin grey one where it has none."""
    colour = colour_of(name) if name else PALETTE["faint"]
    patch = FancyArrowPatch(
        path=Curve(arrow.curve, [Curve.MOVETO, Curve.CURVE3, Curve.CURVE3]),
        arrowstyle="-|>",
        mutation_scale=17 if name else 12,
        linewidth=2.4 if name else 1.1,
        linestyle=OPERATION_DASHES.get(name, "solid"),
        color=colour,
        shrinkA=0,
        shrinkB=0,
        zorder=3 if name else 2,
    )
    axes.add_patch(patch)
    if arrow.label is None:
        return
    left, bottom, right, top = arrow.label
    frame = FancyBboxPatch(
        (left + 2, bottom + 2),
        right - left - 4,
        top - bottom - 4,
        boxstyle="round,pad=0,rounding_size=6",
        facecolor="white",
        edgecolor=colour,
        linewidth=1.3,
        zorder=4,
    )
    axes.add_patch(frame)
    axes.text(
        (left + right) / 2,
        (bottom + top) / 2,
        name,
        fontsize=LABEL_SIZE,
        ha="center",
        va="center_baseline",
        color=PALETTE["ink"],
        zorder=5,
    )


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


def _draw_edge(axes: Axes, weights: NDArray[np.float64], operations: Sequence[str], top: float) -> None:
    """The curves of one edge (epochs, O) up to `top`; the operation that ends strongest is drawn thick."""
    epochs = np.arange(1, len(weights) + 1)
    winner = int(weights[-1].argmax())
    for index, operation in enumerate(operations):
        axes.plot(
            epochs, weights[:, index], color=colour_of(operation), linewidth=2.6 if index == winner else 1.2,
            linestyle=OPERATION_DASHES.get(operation, "solid") if index != winner else "solid",
            marker="o" if len(weights) == 1 else None, markersize=4, zorder=4 if index == winner else 3,
        )  # fmt: skip
    axes.set_ylim(0, top)
    axes.set_yticks([0, top / 2, top], ["0", f"{top / 2:.2g}", f"{top:.2g}"])
    last = len(weights)
    axes.set_xlim(*((1, last) if last > 1 else (0.5, 1.5)))
    axes.set_xticks(sorted({1, last} if last < 5 else {1, math.ceil(last / 2), last}))
    axes.tick_params(labelsize=8.5, length=2, color=PALETTE["faint"], pad=2)
    axes.grid(color=PALETTE["grid"], linewidth=0.7)
    for side in axes.spines.values():
        side.set_color(PALETTE["faint"])
        side.set_linewidth(0.7)


def _alpha_legend(figure: Figure, operations: Sequence[str], width: float, height: float) -> None:
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
        bbox_to_anchor=(1 - 0.1 / width, 1 - 0.15 / height),
        frameon=False,
        fontsize=10.5,
        handlelength=3.2,
        title="softmax(alpha) by epoch; thick: strongest at the end",
        ncols=2,
        title_fontsize=10.5,
        alignment="left",
    )
