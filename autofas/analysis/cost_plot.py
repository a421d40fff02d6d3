"""The picture of what networks cost: parameters against multiply-adds, both logarithmic, every model named.

Matplotlib's Agg canvas without pyplot. Left out: error rates, which `autofas.analysis.pareto_plot` draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from autofas.analysis.axes import style_axes, tick_by_decades
from autofas.analysis.label_placement import Box
from autofas.analysis.palette import PALETTE
from autofas.analysis.point_names import PointName, marker_box, name_points
from autofas.analysis.text_tables import count

SIZE_PX = (1600, 1000)
DPI = 160
MARKERS = {
    "one modality": ("s", PALETTE["hand-designed"], 7.5),
    "three modalities": ("o", PALETTE["skip_connect"], 8.5),
}


@dataclass(frozen=True)
class CostPicture:
    """A drawn plot: the figure, and the label boxes in pixels in the order of the rows."""

    figure: Figure
    labels: list[Box]


def cost_picture(rows: Sequence[Mapping[str, Any]], commit: str = "") -> CostPicture:
    """1600x1000 pixels: rows with model, input, params and macs, each a named point."""
    figure = Figure(figsize=(SIZE_PX[0] / DPI, SIZE_PX[1] / DPI), dpi=DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.075, 0.145, 0.90, 0.70))
    _scale(axes, rows)
    for row in rows:
        marker, colour, size = MARKERS[_modalities(row)]
        axes.plot(
            [row["macs"]], [row["params"]], marker, color=colour, markersize=size, markeredgecolor="white"
        )
    figure.text(
        0.075, 0.955, "Hand-designed networks: parameters and multiply-adds", fontsize=14, weight="bold"
    )
    notes = (
        "each at the input of its paper   |   MACs counted by autofas: convolutions, linear, matrix products"
    )
    revision = f"   |   commit {commit}" if commit else ""
    figure.text(0.075, 0.022, notes + revision, fontsize=7.5, color=PALETTE["faint"])
    figure.legend(
        handles=[
            Line2D([], [], linestyle="", marker=marker, markersize=size, color=colour, label=name)
            for name, (marker, colour, size) in MARKERS.items()
        ],
        loc="upper left",
        bbox_to_anchor=(0.066, 0.945),
        ncols=len(MARKERS),
        frameon=False,
        fontsize=10,
    )
    canvas.draw()
    return CostPicture(figure, _label(axes, canvas.get_renderer(), rows))


def _scale(axes: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Logarithmic axes with room for the names around the markers, a light grid, no frame."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis, key in ((axes.xaxis, "macs"), (axes.yaxis, "params")):
        tick_by_decades(axis, (1.0, 3.0))
        low, high = (extreme(row[key] for row in rows) for extreme in (min, max))
        room = max((high / low) ** 0.08, 1.3)
        limits = (low / room, high * room**1.5)
        (axes.set_xlim if key == "macs" else axes.set_ylim)(*limits)
    axes.set_xlabel("multiply-adds (MACs) a sample", fontsize=11)
    axes.set_ylabel("parameters", fontsize=11)
    style_axes(axes)


def _label(axes: Any, renderer: Any, rows: Sequence[Mapping[str, Any]]) -> list[Box]:
    """A name and both figures beside every marker."""
    names = [
        PointName(
            f"{row['model']}  {count(row['params'])} / {count(row['macs'])}", row["macs"], row["params"]
        )
        for row in rows
    ]
    markers = [marker_box(axes, name.x, name.y, 9.0) for name in names]
    return name_points(axes, renderer, names, markers, beyond=12.0)


def _modalities(row: Mapping[str, Any]) -> str:
    return "three modalities" if "+" in row["input"] else "one modality"
