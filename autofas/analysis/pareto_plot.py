"""The picture of error against cost: every model named, kinds told apart, the Pareto front as a step line.

Matplotlib's Agg canvas without pyplot, so that drawing changes no global state. Left out: interactive plots.
"""

import os
from collections.abc import Iterator, Sequence
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
from autofas.analysis.leaderboard import LeaderboardRow
from autofas.analysis.palette import KIND_MARKERS, PALETTE, colour_of
from autofas.analysis.pareto import Cost, Latencies, Point, pareto_front, points_of
from autofas.analysis.point_names import PointName, marker_box, name_points
from autofas.analysis.text_tables import count_range

SIZE_PX = (1600, 1000)
DPI = 160
MARKER_SIZE = {"searched": 13.5, "hand-designed": 7.5, "random": 8.0}


@dataclass(frozen=True)
class ParetoPicture:
    """A drawn plot: the figure, its points, the indices of those on the front, the label boxes in pixels."""

    figure: Figure
    points: list[Point]
    front: list[int]
    labels: list[Box]


def plot_pareto(
    rows: Sequence[LeaderboardRow],
    path: str | os.PathLike[str],
    x: Cost = "params",
    title: str | None = None,
    latencies: Latencies | None = None,
) -> ParetoPicture:
    """Draw ACER (percent, lower is better) against `x` (logarithmic) as a PNG of 1600x1000 pixels.

    The rows must share data set and protocol, and for `macs` the counter; raises DataError otherwise.
    """
    picture = pareto_picture(rows, x, title, latencies)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    picture.figure.savefig(path, dpi=picture.figure.dpi, format="png")
    return picture


def pareto_picture(
    rows: Sequence[LeaderboardRow],
    x: Cost = "params",
    title: str | None = None,
    latencies: Latencies | None = None,
) -> ParetoPicture:
    """The plot of `plot_pareto` as a figure of 1600x1000 pixels, not yet written; raises DataError as it."""

    points = points_of(rows, x, latencies)
    front = pareto_front([p.cost for p in points], [p.acer for p in points])
    figure = Figure(figsize=(SIZE_PX[0] / DPI, SIZE_PX[1] / DPI), dpi=DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.075, 0.145, 0.90, 0.70))
    _frame(axes, points, x)
    curve = _draw_front(axes, points, front)
    for index, point in enumerate(points):
        _draw_point(axes, point, index in front)
    place = rows[0].dataset  # a manifest of one's own has no protocol
    place += f", protocol {rows[0].protocol}" if rows[0].protocol.lower() != "none" else ""
    figure.text(0.075, 0.955, title or f"{place}: ACER against {_NAMES[x]}", fontsize=14, weight="bold")
    figure.text(0.075, 0.022, _footer(rows, points, x), fontsize=7.5, color=PALETTE["faint"])
    _legend(figure, points)
    canvas.draw()
    labels = _draw_labels(axes, canvas.get_renderer(), points, front, curve, x)
    return ParetoPicture(figure, points, front, labels)


_NAMES = {"params": "parameters", "macs": "multiply-adds", "latency": "latency"}
_AXES = {
    "params": "parameters",
    "macs": "multiply-adds (MACs) a sample",
    "latency": "latency of one face in ms",
}
_MEASURED = {
    "params": "all parameters",
    "latency": "onnxruntime, fp32, batch 1, one thread, median",
}


def _frame(axes: Axes, points: Sequence[Point], x: Cost) -> None:
    """Axes, limits with room for labels, ticks at 1, 2 and 5 times a power of ten, a light grid."""

    low, high = min(p.cheapest for p in points), max(p.dearest for p in points)
    room = max((high / low) ** 0.10, 1.3)
    axes.set_xscale("log")
    axes.set_xlim(low / room ** (1.0 if len(points) < 12 else 1.6), high * room**1.6)
    top = 100 * max(p.highest for p in points)
    bottom = 100 * min(p.lowest for p in points)
    span = max(top - bottom, 0.1 * top, 0.5)
    floor = bottom - 0.14 * span
    axes.set_ylim(-0.03 * (top + span) if floor < 0.25 * top else floor, top + 0.12 * span)
    wide = high / low * room**2.6 > 300
    tick_by_decades(axes.xaxis, (1.0, 3.0) if wide else (1.0, 2.0, 5.0))
    axes.yaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
    axes.set_xlabel(_AXES[x], fontsize=11)
    axes.set_ylabel("ACER (%)   lower is better", fontsize=11)
    style_axes(axes)


def _shown(point: Point, x: Cost) -> str:
    """A point's cost beside its model's name."""
    if x == "latency":
        ends = dict.fromkeys(f"{cost:.2g}" for cost in (point.cheapest, point.dearest))
        return f"{' to '.join(ends)} ms"
    return count_range(round(point.cheapest), round(point.dearest))


def _draw_front(axes: Axes, points: Sequence[Point], front: Sequence[int]) -> Floats:
    """The step line, the region it dominates; returns the line's segments in pixels (N, 4)."""
    left, right = axes.get_xlim()
    top = axes.get_ylim()[1]
    xs = [points[i].cost for i in front]
    ys = [100 * points[i].acer for i in front]
    corners = [(float(xs[0]), top)]
    for cost, error in zip(xs, ys, strict=True):
        corners += [(float(cost), corners[-1][1]), (float(cost), error)]
    corners.append((right, ys[-1]))
    line = np.array(corners)
    axes.fill_between(line[:, 0], line[:, 1], top, color=PALETTE["shade"], linewidth=0, zorder=0)
    solid = line[2:-1]  # the two ends say "nothing cheaper" and "nothing better": dashed
    ink = PALETTE["ink"]
    axes.plot(solid[:, 0], solid[:, 1], color=ink, linewidth=1.4, zorder=2, solid_joinstyle="miter")
    for part in (line[:3], line[-2:]):
        axes.plot(part[:, 0], part[:, 1], color=ink, linewidth=0.8, linestyle=(0, (2, 3)), zorder=2)
    axes.set_xlim(left, right)
    pixels = axes.transData.transform(line)
    return np.concatenate([pixels[:-1], pixels[1:]], axis=1)


def _bars(point: Point) -> Iterator[tuple[list[float], list[float], str]]:
    """The range over seeds of error, and that of cost, with the marker that ends it."""
    if point.seeds > 1:
        yield [point.cost] * 2, [100 * point.lowest, 100 * point.highest], "_"
    if point.cheapest < point.dearest:
        yield [point.cheapest, point.dearest], [100 * point.acer] * 2, "|"


def _draw_point(axes: Axes, point: Point, on_front: bool) -> None:
    for xs, ys, cap in _bars(point):
        axes.plot(xs, ys, color=colour_of(point.kind), linewidth=1.0, zorder=2.5)
        axes.plot(xs, ys, cap, color=colour_of(point.kind), markersize=6, zorder=2.5)
    axes.plot(
        [point.cost],
        [100 * point.acer],
        marker=KIND_MARKERS[point.kind],
        markersize=MARKER_SIZE[point.kind],
        color=colour_of(point.kind),
        markeredgecolor=PALETTE["ink"] if on_front else "white",
        markeredgewidth=1.2 if on_front else 0.7,
        zorder=4 if on_front else 3,
    )


def _legend(figure: Figure, points: Sequence[Point]) -> None:
    """One line above the axes, so that it never covers a point."""

    entries = []
    for kind, marker in KIND_MARKERS.items():
        if any(point.kind == kind for point in points):
            size = MARKER_SIZE[kind]
            entries.append(
                Line2D(
                    [], [], linestyle="", marker=marker, markersize=size, label=kind, color=colour_of(kind)
                )
            )
    entries.append(Line2D([], [], color=PALETTE["ink"], linewidth=1.4, label="Pareto front"))
    if any(True for point in points for _ in _bars(point)):
        entries.append(
            Line2D([], [], color=PALETTE["faint"], marker="_", linewidth=1.0, label="lowest to highest")
        )
    figure.legend(
        handles=entries, loc="upper left", bbox_to_anchor=(0.066, 0.945), ncols=len(entries), frameon=False,
        fontsize=10, handletextpad=0.5, columnspacing=1.8,
    )  # fmt: skip


def _footer(rows: Sequence[LeaderboardRow], points: Sequence[Point], x: Cost) -> str:
    """What the numbers are: counter, threshold rule, seeds and folds, commit."""
    parts = [_MEASURED.get(x, f"MACs counted by {rows[0].counter}")]
    parts.append("threshold: " + ", ".join(sorted({row.threshold_rule for row in rows})))
    seeds = sorted({point.seeds for point in points})
    folds = sorted({point.folds for point in points})
    for name, values in (("seeds", seeds), ("folds", folds)):
        parts.append(f"{name} a model: {'-'.join(str(v) for v in dict.fromkeys((values[0], values[-1])))}")
    commits = sorted({row.commit[:10] for row in rows if row.commit})
    if commits:
        shown = ", ".join(commits[:4]) + (f" and {len(commits) - 4} more" if len(commits) > 4 else "")
        parts.append(f"commit {shown}")
    return "   |   ".join(parts)


def _draw_labels(
    axes: Axes,
    renderer: Any,
    points: Sequence[Point],
    front: Sequence[int],
    curve: Floats,
    x: Cost,
) -> list[Box]:
    """Place a name and cost beside every marker, with a leader line where it had to move away."""

    size = 9.5 if len(points) <= 12 else 8.5 if len(points) <= 20 else 7.5
    names = [
        PointName(
            f"{point.model}  {_shown(point, x)}",
            point.cost,
            100 * point.acer,
            size,
            "bold" if index in front else "normal",
        )
        for index, point in enumerate(points)
    ]
    markers = []
    for point in points:
        markers.append(marker_box(axes, point.cost, 100 * point.acer, MARKER_SIZE[point.kind]))
        for xs, ys, _ in _bars(point):
            (left, low), (right, high) = axes.transData.transform(list(zip(xs, ys, strict=True)))
            across, up = (8, 2) if left == right else (2, 8)
            markers.append(Box(left - across, low - up, right + across, high + up))
    return name_points(axes, renderer, names, markers, lines=curve)
