"""Pictures of a genotype: its cells as graphs.

Matplotlib's Agg canvas alone, no graphviz and no pyplot. Colours are those of autofas.analysis.palette, the
same in every picture. Left out: the macro layout around the cells.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path as Curve

from autofas.analysis.cell_layout import RADIUS, Arrow, CellLayout, layout_cell
from autofas.analysis.palette import OPERATION_DASHES, PALETTE, colour_of
from autofas.models.genotype import FIRST_NODE, Cell, Genotype

DPI = 100
LABEL_SIZE = 12.5
TITLE_PX = 70.0


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
        axes.add_artist(circle)  # not add_patch, which measures each one's extent for limits that are set
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
    axes.add_artist(patch)
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
    axes.add_artist(frame)
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
