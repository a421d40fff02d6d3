"""Names beside the points of a picture, each with a leader where it had to move away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.transforms import IdentityTransform
from numpy.typing import ArrayLike

from autofas.analysis.label_placement import Box, place_labels
from autofas.analysis.palette import PALETTE

LEADER_POINTS = 9.0
"""How far from its point, in typographic points, a name stands before a leader joins the two."""


@dataclass(frozen=True)
class PointName:
    """Words for a point at (x, y) in the data's units, their size in typographic points and their weight."""

    words: str
    x: float
    y: float
    size: float = 8.0
    weight: str = "normal"


def marker_box(axes: Axes, x: float, y: float, size: float) -> Box:
    """The square in pixels that a marker of `size` typographic points takes at (x, y) in the data's units."""
    across, up = axes.transData.transform((x, y))
    half = _figure(axes).dpi / 72 * size / 2
    return Box(across - half, up - half, across + half, up + half)


def name_points(
    axes: Axes,
    renderer: Any,
    names: Sequence[PointName],
    obstacles: Sequence[Box],
    *,
    lines: ArrayLike = (),
    gap: float = 5.0,
    beyond: float = -4.0,
) -> list[Box]:
    """Set names clear of each other and of `obstacles`, on a canvas that was drawn; their boxes in pixels.

    `lines` (M, 4) are segments in pixels better left uncovered, `gap` the least distance of a name from its
    point in typographic points, `beyond` the pixels that names may reach over the right and the upper edge.
    """
    figure = _figure(axes)
    texts = []
    for name in names:
        text = figure.text(0, 0, name.words, fontsize=name.size, weight=name.weight)
        text.set_transform(IdentityTransform())
        text.set_path_effects([withStroke(linewidth=2.0, foreground="white", alpha=0.8)])
        texts.append(text)
    extents = [text.get_window_extent(renderer) for text in texts]
    anchors = [tuple(axes.transData.transform((name.x, name.y))) for name in names]
    frame = axes.get_window_extent(renderer)
    bounds = Box(frame.x0 + 4, frame.y0 + 4, frame.x1 + beyond, frame.y1 + beyond)
    sizes = [(extent.width + 4, extent.height + 2) for extent in extents]
    scale = figure.dpi / 72
    boxes = place_labels(anchors, sizes, bounds, obstacles=obstacles, lines=lines, gap=gap * scale)
    for text, extent, box, (x, y) in zip(texts, extents, boxes, anchors, strict=True):
        text.set_position((box.x0 + 2 - extent.x0, box.y0 + 1 - extent.y0))
        end = box.nearest(x, y)
        if np.hypot(end[0] - x, end[1] - y) > LEADER_POINTS * scale:
            leader = Line2D([x, end[0]], [y, end[1]], color=PALETTE["faint"], linewidth=0.8, zorder=1.5)
            leader.set_transform(IdentityTransform())
            leader.set_clip_on(False)
            axes.add_artist(leader)
    return boxes


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure
