"""The picture of a search's front: error on the architecture half against what a network costs.

Every network is a point of its series; those that none beats are joined by a step line and named, and a
network that was trained with several seeds shows their range. Matplotlib's Agg canvas without pyplot.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from autofas.analysis.axes import style_axes, tick_by_decades
from autofas.analysis.label_placement import Box, Floats
from autofas.analysis.palette import PALETTE
from autofas.analysis.pareto import pareto_front
from autofas.analysis.point_names import PointName, marker_box, name_points
from autofas.analysis.text_tables import count

SIZE_PX = (1600, 1000)
DPI = 160
LOOKS = (
    ("*", PALETTE["searched"], 13.0),
    ("s", PALETTE["hand-designed"], 7.5),
    ("D", PALETTE["skip_connect"], 6.5),
    ("^", PALETTE["sep_conv_3x3"], 8.0),
    ("v", PALETTE["sep_conv_5x5"], 8.0),
    ("P", PALETTE["max_pool_3x3"], 8.5),
)
"""Marker, colour and size of each series in the order they are named."""
FAINT = "other trials"
"""The series of points that are shown but not named."""
MOST_NAMES = 16
AXES = {"params": "parameters", "macs": "multiply-adds (MACs) a sample", "latency": "latency in ms"}


@dataclass(frozen=True)
class FrontPoint:
    """One network: its series and name, its cost, its error in [0, 1] and the range of its seeds."""

    series: str
    name: str
    cost: float
    error: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class FrontPicture:
    """A drawn front: the figure, the indices of the points on it, cheapest first, and the labels' boxes."""

    figure: Figure
    front: list[int]
    labels: list[Box]


def plot_front(
    points: Sequence[FrontPoint],
    path: str | os.PathLike[str],
    x: str = "params",
    title: str = "",
    footer: str = "",
) -> FrontPicture:
    """Draw error in percent against a cost, logarithmic, as a PNG of 1600x1000 pixels.

    Raises ValueError without points, or for a cost that is not above zero.
    """
    picture = front_picture(points, x, title, footer)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    picture.figure.savefig(path, dpi=DPI, format="png")
    return picture


def front_picture(points: Sequence[FrontPoint], x: str, title: str, footer: str) -> FrontPicture:
    """The figure of `plot_front`, not yet written."""
    if not points or min(point.cost for point in points) <= 0:
        raise ValueError("a front needs points with costs above zero")
    front = pareto_front([point.cost for point in points], [point.error for point in points])
    figure = Figure(figsize=(SIZE_PX[0] / DPI, SIZE_PX[1] / DPI), dpi=DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.075, 0.145, 0.90, 0.70))
    _frame(axes, points, x)
    line = _draw_line(axes, [points[place] for place in front])
    names = [name for name in dict.fromkeys(point.series for point in points) if name != FAINT]
    for place, point in enumerate(points):
        _draw(axes, point, names, place in front)
    figure.text(0.075, 0.955, title, fontsize=14, weight="bold")
    figure.text(0.075, 0.022, footer, fontsize=7.5, color=PALETTE["faint"])
    _legend(figure, points, names)
    canvas.draw()
    named = [place for place, point in enumerate(points) if point.series != FAINT]
    named = sorted(named, key=lambda place: place not in front)[:MOST_NAMES]
    labels = _label(axes, canvas.get_renderer(), points, named, line)
    return FrontPicture(figure, front, labels)


def _frame(axes: Axes, points: Sequence[FrontPoint], x: str) -> None:
    costs = np.array([point.cost for point in points], float)
    low, high = float(costs.min()), float(costs.max())
    room = max((high / low) ** 0.12, 1.12)
    axes.set_xscale("log")
    axes.set_xlim(low / room, high * room**1.5)
    top = 100 * max(point.high or point.error for point in points)
    bottom = 100 * min(point.error if point.low is None else point.low for point in points)
    span = max(top - bottom, 0.5)
    axes.set_ylim(max(bottom - 0.12 * span, -0.03 * top - 0.02), top + 0.12 * span)
    tick_by_decades(axes.xaxis, tuple(range(1, 10)) if high / low < 4 else (1.0, 2.0, 5.0))
    axes.yaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
    axes.set_xlabel(AXES.get(x, x), fontsize=11)
    axes.set_ylabel("1 - AUC on the architecture half (%)   lower is better", fontsize=11)
    style_axes(axes)


def _draw_line(axes: Axes, front: Sequence[FrontPoint]) -> Floats:
    """The step line through the points that none beats; its segments in pixels (N, 4)."""
    xs, ys = [front[0].cost], [100 * front[0].error]
    for point in front[1:]:
        xs += [point.cost, point.cost]
        ys += [ys[-1], 100 * point.error]
    axes.plot(xs, ys, color=PALETTE["ink"], linewidth=1.4, zorder=2, solid_joinstyle="miter")
    pixels = axes.transData.transform(np.stack([xs, ys], axis=1))
    return np.concatenate([pixels[:-1], pixels[1:]], axis=1)


def _draw(axes: Axes, point: FrontPoint, names: Sequence[str], on_front: bool) -> None:
    height = 100 * point.error
    if point.series == FAINT:
        axes.plot([point.cost], [height], "o", color=PALETTE["random"], markersize=3.5, alpha=0.6, zorder=1.5)
        return
    marker, colour, size = LOOKS[names.index(point.series) % len(LOOKS)]
    if point.low is not None and point.high is not None and point.high > point.low:
        ends = [100 * point.low, 100 * point.high]
        axes.plot([point.cost] * 2, ends, color=colour, linewidth=1.0, zorder=2.5)
        axes.plot([point.cost] * 2, ends, "_", color=colour, markersize=6, zorder=2.5)
    edge, width = (PALETTE["ink"], 1.2) if on_front else ("white", 0.7)
    axes.plot(
        [point.cost], [height], marker=marker, markersize=size, color=colour, markeredgecolor=edge,
        markeredgewidth=width, zorder=4 if on_front else 3,
    )  # fmt: skip


def _legend(figure: Figure, points: Sequence[FrontPoint], names: Sequence[str]) -> None:
    entries = [
        Line2D([], [], linestyle="", marker=marker, markersize=size, color=colour, label=name)
        for name, (marker, colour, size) in ((name, LOOKS[i % len(LOOKS)]) for i, name in enumerate(names))
    ]
    if any(point.series == FAINT for point in points):
        entries.append(
            Line2D([], [], linestyle="", marker="o", markersize=4, color=PALETTE["random"], label=FAINT)
        )
    entries.append(Line2D([], [], color=PALETTE["ink"], linewidth=1.4, label="front"))
    if any(point.low is not None and point.low != point.high for point in points):
        entries.append(
            Line2D([], [], color=PALETTE["faint"], marker="_", linewidth=1.0, label="range of seeds")
        )
    figure.legend(
        handles=entries, loc="upper left", bbox_to_anchor=(0.066, 0.945), ncols=len(entries), frameon=False,
        fontsize=10, handletextpad=0.5, columnspacing=1.6,
    )  # fmt: skip


def _label(
    axes: Axes, renderer: Any, points: Sequence[FrontPoint], named: Sequence[int], line: Floats
) -> list[Box]:
    """A name beside each of the points `named`, clear of every marker and, if it can be, of the line."""
    names = []
    for place in named:
        cost = points[place].cost
        words = f"{points[place].name}  {count(round(cost)) if cost >= 100 else f'{cost:.2g}'}"
        names.append(PointName(words, cost, 100 * points[place].error))
    markers = [marker_box(axes, point.cost, 100 * point.error, 9.0) for point in points]
    return name_points(axes, renderer, names, markers, lines=line, gap=6.0, beyond=12.0)
