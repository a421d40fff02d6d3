"""Where labels go so that none covers another: a small deterministic placement in pixel coordinates.

Each label chooses among boxes at several distances and directions around its anchor, and among places all
over the picture; the choices are made in turn and revised against all others until none changes. This is
done in several orders; in the cheapest outcome, neighbours then choose anew in pairs. Numpy alone; left
out: a provably best placement.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DIRECTIONS = 16
CANDIDATES = 320
NEIGHBOURS = 200.0
TRIED_TOGETHER = 6
DISTANCES = (1.0, 1.8, 3.0, 4.5, 6.5, 9.0, 12.0, 16.0)

# The unit is a pixel of distance between label and anchor; what must not happen costs more than any detour.
COST_OUTSIDE = 1e6
COST_LABEL = 1e5
COST_MARKER = 3e3
COST_LEADER_ON_LABEL = 500.0
COST_LEADERS_CROSS = 300.0
COST_LEADER_ON_MARKER = 200.0
COST_LINE = 400.0


class Box(NamedTuple):
    """An axis-aligned rectangle in pixels."""

    x0: float
    y0: float
    x1: float
    y1: float

    def overlaps(self, other: "Box") -> bool:
        """True if the two share an area (touching edges do not count)."""
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1

    def nearest(self, x: float, y: float) -> tuple[float, float]:
        """The point of the box closest to (x, y)."""
        return min(max(x, self.x0), self.x1), min(max(y, self.y0), self.y1)


def place_labels(
    anchors: ArrayLike,
    sizes: ArrayLike,
    bounds: Box,
    *,
    obstacles: ArrayLike = (),
    lines: ArrayLike = (),
    gap: float = 10.0,
    padding: float = 3.0,
) -> list[Box]:
    """A box for each label of `sizes` (N, 2: width, height) near its anchor (N, 2: x, y), within `bounds`.

    `obstacles` (M, 4) are boxes to keep clear of (markers), `lines` (M, 4: x0, y0, x1, y1) segments better
    left uncovered, `gap` the least distance of a label from its anchor and `padding` the least distance
    between labels, all in pixels. Where no clear place is left, the least bad one is taken.
    """
    points = np.asarray(anchors, float).reshape(-1, 2)
    if not len(points):
        return []
    blocked = np.asarray(obstacles, float).reshape(-1, 4)
    segments = np.asarray(lines, float).reshape(-1, 4)
    labels = [
        _Label(point, size, bounds, gap, blocked, segments)
        for point, size in zip(points, np.asarray(sizes, float).reshape(-1, 2), strict=True)
    ]
    outcomes = [_settle(labels, order, padding) for order in _orders(points)]
    chosen, _ = min(outcomes, key=lambda outcome: outcome[1])
    chosen = _improve_pairs(labels, chosen, padding)
    return [Box(*map(float, label.boxes[k])) for label, k in zip(labels, chosen, strict=True)]


class _Label:
    """The boxes (K, 4) a label may take, their leaders' ends (K, 2), and the cost (K,) of each by itself."""

    def __init__(
        self, point: Floats, size: Floats, bounds: Box, gap: float, blocked: Floats, segments: Floats
    ) -> None:
        self.point = point
        self.boxes, distance = _candidates(point, size, bounds, gap)
        self.ends = np.clip(point, self.boxes[:, :2], self.boxes[:, 2:])
        inside = (self.boxes[:, :2] >= bounds[:2]) & (self.boxes[:, 2:] <= bounds[2:])
        outside = ~inside.all(axis=1)
        own = ((blocked[:, :2] <= point) & (blocked[:, 2:] >= point)).all(axis=1)
        foreign = blocked[~own]  # a leader has to start on its own marker
        self.cost = (
            distance
            + COST_OUTSIDE * outside
            + COST_MARKER * _share(self.boxes, blocked, 1.0).sum(axis=1)
            + COST_LEADER_ON_MARKER * _runs_through(point[None], self.ends, foreign).sum(axis=1)
            + COST_LINE * _runs_through(segments[:, :2], segments[:, 2:], self.boxes).sum(axis=0)
        )
        best = np.argsort(self.cost, kind="stable")[:CANDIDATES]
        self.boxes, self.ends, self.cost = self.boxes[best], self.ends[best], self.cost[best]


def _cost_beside(labels: Sequence[_Label], index: int, others: Mapping[int, int], padding: float) -> Floats:
    """Cost (K,) each box of a label adds beside `others`, placed labels with the box they took; symmetric."""
    label = labels[index]
    boxes = np.array([labels[i].boxes[k] for i, k in others.items()]).reshape(-1, 4)
    ends = np.array([labels[i].ends[k] for i, k in others.items()]).reshape(-1, 2)
    anchors = np.array([labels[i].point for i in others]).reshape(-1, 2)
    cost = COST_LABEL * _share(label.boxes, boxes, padding).sum(axis=1)
    cost += COST_LEADER_ON_LABEL * _runs_through(label.point[None], label.ends, boxes).sum(axis=1)
    cost += COST_LEADER_ON_LABEL * _runs_through(anchors, ends, label.boxes).sum(axis=0)
    cost += COST_LEADERS_CROSS * _cross(label.point, label.ends, anchors, ends).sum(axis=1)
    return np.asarray(cost)


def _orders(points: Floats) -> list[list[int]]:
    """The orders in which labels choose: most crowded first, then from each side of the picture."""
    distance = np.linalg.norm(points[:, None] - points[None], axis=-1)
    crowding = (distance < 150.0).sum(axis=1)
    x, y = points.T
    keys = [(y, x, -crowding), (x, y, crowding), (x, y), (-x, -y), (y, x), (-y, x)]
    return [[int(i) for i in np.lexsort(key)] for key in keys]


def _settle(labels: Sequence[_Label], order: Sequence[int], padding: float) -> tuple[list[int], float]:
    """The candidate each label ends with when they choose in that order, and the sum of their costs."""
    placed: dict[int, int] = {}
    for _ in range(6):
        before, total = dict(placed), 0.0
        for index in order:
            others = {i: k for i, k in placed.items() if i != index}
            cost = labels[index].cost + _cost_beside(labels, index, others, padding)
            placed[index] = int(np.argmin(cost))
            total += float(cost[placed[index]])
        if placed == before:
            break
    return [placed[i] for i in range(len(labels))], total


def _improve_pairs(labels: Sequence[_Label], chosen: list[int], padding: float) -> list[int]:
    """Let each two neighbouring labels choose together, which frees those that block each other."""
    placed = dict(enumerate(chosen))
    for i, j in itertools.combinations(range(len(labels)), 2):
        if np.linalg.norm(labels[i].point - labels[j].point) > NEIGHBOURS:
            continue
        rest = {k: box for k, box in placed.items() if k not in (i, j)}
        cost_i = labels[i].cost + _cost_beside(labels, i, rest, padding)
        cost_j = labels[j].cost + _cost_beside(labels, j, rest, padding)
        best = np.inf
        for k in [placed[i], *np.argsort(cost_i, kind="stable")[:TRIED_TOGETHER].tolist()]:
            if cost_i[k] + cost_j.min() >= best - 1e-6:
                continue
            together = cost_i[k] + cost_j + _cost_beside(labels, j, {i: k}, padding)
            if together.min() < best - 1e-6:
                best = float(together.min())
                placed[i], placed[j] = k, int(together.argmin())
    return [placed[i] for i in range(len(labels))]


def _candidates(point: Floats, size: Floats, bounds: Box, gap: float) -> tuple[Floats, Floats]:
    """Boxes (K, 4) around the point and over the whole picture, and the cost (K,) of their distance."""
    width, height = size
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    # To the right reads best; the small penalty only decides between equals.
    taste = 3.0 * (1.0 - np.cos(angles - 0.05))
    boxes, costs = [], []
    towards = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for distance in gap * np.array(DISTANCES):
        corner = point + towards * distance + (towards - 1.0) * size / 2
        for _ in range(3):  # a slanted direction meets the box's corner too early: push it out
            near = np.clip(point, corner, corner + size)
            corner += towards * (distance - np.linalg.norm(near - point, axis=1))[:, None]
        boxes.append(np.concatenate([corner, corner + size], axis=1))
        costs.append(taste + distance - gap)
    xs = np.arange(bounds.x0, max(bounds.x1 - width, bounds.x0) + 1, max(width / 3, 20.0))
    ys = np.arange(bounds.y0, max(bounds.y1 - height, bounds.y0) + 1, max(0.8 * height, 10.0))
    x, y = (axis.ravel() for axis in np.meshgrid(xs, ys))
    boxes.append(np.stack([x, y, x + width, y + height], axis=1))
    near = np.clip(point, boxes[-1][:, :2], boxes[-1][:, 2:])
    costs.append(40.0 + np.linalg.norm(near - point, axis=1))
    total = np.concatenate(costs)
    # Superlinear: two labels a little away read better than one at hand and one at the picture's edge.
    return np.concatenate(boxes), total * (1.0 + total / 150.0)


def _share(a: Floats, b: Floats, padding: float) -> Bools:
    """Which boxes a (K, 4), grown by the padding, share an area with which boxes b (M, 4): (K, M)."""
    low = np.maximum(a[:, None, :2] - padding, b[None, :, :2])
    high = np.minimum(a[:, None, 2:] + padding, b[None, :, 2:])
    return np.asarray((low < high).all(axis=-1))


def _runs_through(starts: Floats, ends: Floats, boxes: Floats) -> Bools:
    """Which segments (K, 2)-(K, 2) touch which boxes (M, 4), by clipping against both slabs: (K, M)."""
    starts = np.broadcast_to(starts, ends.shape)
    way = ends - starts
    way = np.where(np.abs(way) < 1e-9, 1e-9, way)[:, None]  # (K, 1, 2)
    first = (boxes[None, :, :2] - starts[:, None]) / way  # (K, M, 2)
    second = (boxes[None, :, 2:] - starts[:, None]) / way
    enter = np.minimum(first, second).max(axis=-1)
    leave = np.maximum(first, second).min(axis=-1)
    return np.asarray(np.maximum(enter, 0.0) <= np.minimum(leave, 1.0))


def _cross(point: Floats, ends: Floats, starts: Floats, stops: Floats) -> Bools:
    """Which segments point-ends (K, 2) cross which segments starts-stops (M, 2): (K, M)."""

    def side(a: Floats, b: Floats, c: Floats) -> Floats:
        u, v = b - a, c - a
        return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]

    end, start, stop = ends[:, None], starts[None], stops[None]
    apart = side(point, end, start) * side(point, end, stop) < 0
    return np.asarray(apart & (side(start, stop, point) * side(start, stop, end) < 0))
