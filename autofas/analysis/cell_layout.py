"""Where the nodes, arrows and labels of a cell's drawing go, in pixels; numpy alone.

Nodes stand in columns from left to right: the two inputs, the intermediate nodes in order, the output. Which
of three heights each takes, how far each arrow bends and where along it the label sits are chosen, in this
order, so that arrows miss nodes, keep apart from each other, and no label covers a label or a node.
Left out: cells with several outputs.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autofas.analysis.label_placement import Box, Floats
from autofas.models.genotype import FIRST_NODE, Cell

COLUMN = 245.0
ROW = 215.0
RADIUS = 36.0
MARGIN = 80.0
BENDS = (0.0, 55.0, -55.0, 110.0, -110.0, 170.0, -170.0, 240.0, -240.0)
SAMPLES = 20
KEPT_LAYOUTS = 3


@dataclass(frozen=True)
class Arrow:
    """One arrow: the nodes it joins, its quadratic Bezier (3, 2) from border to border, its label's box."""

    source: int
    target: int
    curve: Floats
    label: Box | None


@dataclass(frozen=True)
class CellLayout:
    """A drawing of width x height pixels: node centres by number and the arrows, those of edges first."""

    width: float
    height: float
    nodes: dict[int, tuple[float, float]]
    arrows: list[Arrow]


def layout_cell(cell: Cell, label_sizes: Sequence[tuple[float, float]]) -> CellLayout:
    """Place a cell's nodes 0.., its output (numbered after the last node), its edges and their labels.

    `label_sizes`: (width, height) in pixels for each of `cell.edges`; the concatenation's arrows have none.
    """
    output = max(edge.node for edge in cell.edges) + 1
    pairs = [(edge.input, edge.node) for edge in cell.edges] + [(node, output) for node in cell.concat]
    ranked = sorted(_height_patterns(output - FIRST_NODE), key=lambda rows: _tangle(rows, pairs, output))
    outcomes = []
    for rows in ranked[:KEPT_LAYOUTS]:
        centres = _centres(rows, output)
        curves, cost = _bend(centres, pairs)
        labels, label_cost = _place(centres, curves, label_sizes)
        outcomes.append((cost + label_cost, centres, curves, labels))
    _, centres, curves, labels = min(outcomes, key=lambda outcome: outcome[0])
    drawn = _bezier(np.stack(curves), np.linspace(0, 1, SAMPLES))[..., 1]
    low = min(float(drawn.min()) - MARGIN / 2, float(centres[:, 1].min()) - MARGIN)
    high = max(float(drawn.max()) + MARGIN / 2, float(centres[:, 1].max()) + MARGIN)
    shift = np.array([0.0, -low])
    boxes: list[Box | None] = [Box(b.x0, b.y0 - low, b.x1, b.y1 - low) for b in labels]
    boxes += [None] * (len(pairs) - len(boxes))
    arrows = [
        Arrow(source, target, _trim(curve + shift), box)
        for (source, target), curve, box in zip(pairs, curves, boxes, strict=True)
    ]
    nodes = {index: (float(x), float(y - low)) for index, (x, y) in enumerate(centres)}
    return CellLayout(float(centres[-1, 0]) + MARGIN, high - low, nodes, arrows)


def _height_patterns(count: int) -> list[tuple[int, ...]]:
    """Every choice of heights -1, 0, 1 for the intermediate nodes in which neighbours differ."""
    patterns = itertools.product((0, 1, -1), repeat=count)
    return [p for p in patterns if all(a != b for a, b in itertools.pairwise(p))]


def _centres(rows: Sequence[int], output: int) -> Floats:
    """Centres (N, 2) of the inputs, the intermediate nodes and the output."""
    places = [(0.0, 0.72), (0.0, -0.72)]
    places += [(index + 1.0, float(row)) for index, row in enumerate(rows)]
    places.append((output - FIRST_NODE + 1.0, 0.0))
    return np.array([(MARGIN + column * COLUMN, row * ROW) for column, row in places])


def _tangle(rows: Sequence[int], pairs: Sequence[tuple[int, int]], output: int) -> tuple[float, float]:
    """Straight arrows that pass a foreign node or cross each other, and their length: less reads better."""
    centres = _centres(rows, output)
    faults, length = 0.0, 0.0
    steps = np.linspace(0, 1, SAMPLES)[:, None]
    for a, b in pairs:
        path = centres[a] + steps * (centres[b] - centres[a])
        foreign = np.delete(centres, [a, b], axis=0)
        near = np.linalg.norm(path[:, None] - foreign[None], axis=-1).min(axis=0)
        faults += 2.0 * float((near < RADIUS + 12).sum())
        length += float(np.linalg.norm(centres[b] - centres[a]))
    for (a, b), (c, d) in itertools.combinations(pairs, 2):
        if len({a, b, c, d}) == 4 and _straights_cross(centres[[a, b, c, d]]):
            faults += 1.0
    return faults, length


def _straights_cross(ends: Floats) -> bool:
    p, q, r, s = ends

    def side(a: Floats, b: Floats, c: Floats) -> float:
        return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    return side(p, q, r) * side(p, q, s) < 0 and side(r, s, p) * side(r, s, q) < 0


def _bezier(curve: Floats, t: Floats) -> Floats:
    """Points (..., len(t), 2) of quadratic curves (..., 3, 2)."""
    t = t[:, None]
    a, b, c = (curve[..., None, k, :] for k in range(3))
    return np.asarray((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c)


def _bend(centres: Floats, pairs: Sequence[tuple[int, int]]) -> tuple[list[Floats], float]:
    """A curve (3, 2) from centre to centre for each pair, bent to miss nodes and other curves; its cost."""
    starts, ends = centres[[a for a, _ in pairs]], centres[[b for _, b in pairs]]
    way = ends - starts
    normal = np.stack([-way[:, 1], way[:, 0]], axis=1) / np.linalg.norm(way, axis=1, keepdims=True)
    middles = (starts + ends)[:, None] / 2 + normal[:, None] * np.array(BENDS)[None, :, None]  # (E, C, 2)
    wide = np.broadcast_to
    curves = np.stack(
        [wide(starts[:, None], middles.shape), middles, wide(ends[:, None], middles.shape)], axis=2
    )  # (E, C, 3, 2)
    paths = _bezier(curves, np.linspace(0, 1, SAMPLES))  # (E, C, S, 2)
    count = len(pairs)
    own = np.zeros((count, len(BENDS)))
    between = np.zeros((count, len(BENDS), count, len(BENDS)))
    for i, pair in enumerate(pairs):
        foreign = np.delete(centres, list(pair), axis=0)
        gap = np.linalg.norm(paths[i][:, :, None] - foreign, axis=-1).min(axis=1)  # (C, N - 2)
        own[i] = 900.0 * (gap < RADIUS + 14).sum(axis=1) + 0.3 * np.abs(BENDS)
        own[i] += 30.0 * np.maximum(0, np.abs(paths[i][..., 1]).max(axis=1) - 1.45 * ROW)
        for j in range(i):
            shared = [centres[n] for n in set(pair) & set(pairs[j])]
            # x and y apart, here and in _place: numpy is slow to reduce an axis of two
            x, y = (paths[i][:, None, :, None, k] - paths[j][None, :, None, :, k] for k in (0, 1))
            close: NDArray[np.bool_] = np.asarray(x * x + y * y < 20.0**2)
            for centre in shared:  # arrows that meet in a node come close there by right
                away = np.linalg.norm(paths[i] - centre, axis=-1) > 2.6 * RADIUS
                close &= away[:, None, :, None]
            between[i, :, j] = 25.0 * np.any(close, axis=3).sum(axis=2)
            between[j, :, i] = between[i, :, j].T
    chosen = own.argmin(axis=1)
    rows = np.arange(count)
    for _ in range(8):
        before = chosen.copy()
        for i in range(count):
            cost = own[i] + between[i][:, rows, chosen].sum(axis=1)
            chosen[i] = int(cost.argmin())
        if (chosen == before).all():
            break
    pairwise = between[rows, chosen][:, rows, chosen].sum() / 2
    return [curves[i, chosen[i]] for i in range(count)], float(own[rows, chosen].sum() + pairwise)


def _place(
    centres: Floats, curves: Sequence[Floats], sizes: Sequence[tuple[float, float]]
) -> tuple[list[Box], float]:
    """A box for each label on its own curve (the first len(sizes) ones), clear of labels and nodes."""
    t = np.linspace(0.14, 0.86, 25)
    spots, costs = [], []
    lines = [_bezier(curve, np.linspace(0, 1, 4 * SAMPLES)) for curve in curves]
    for i, size in enumerate(sizes):
        half = np.array(size) / 2
        middle = _bezier(curves[i], t)  # (T, 2)
        offsets = np.array([[0.0, 0.0], [0.0, 1.0], [0.0, -1.0], [0.0, 2.0], [0.0, -2.0]]) * (size[1] + 4) / 2
        middle = (middle[None] + offsets[:, None]).reshape(-1, 2)
        boxes = np.concatenate([middle - half, middle + half], axis=1)
        cost = np.tile(40.0 * np.abs(t - 0.45), len(offsets)) + np.repeat(
            [0.0, 60.0, 60.0, 160.0, 160.0], len(t)
        )
        reach = np.clip(centres, boxes[:, None, :2], boxes[:, None, 2:]) - centres
        cost += 1e4 * (np.linalg.norm(reach, axis=-1) < RADIUS + 5).sum(axis=1)
        for j, line in enumerate(lines):
            if j != i:
                x, y = (
                    (line[:, k] >= boxes[:, k, None] - 3) & (line[:, k] <= boxes[:, 2 + k, None] + 3)
                    for k in (0, 1)
                )
                cost += 120.0 * np.any(x & y, axis=1)
        spots.append(boxes)
        costs.append(cost)
    chosen = [int(cost.argmin()) for cost in costs]
    total = 0.0
    for _ in range(8):
        before, total = list(chosen), 0.0
        for i in range(len(sizes)):
            taken = np.array([spots[j][chosen[j]] for j in range(len(sizes)) if j != i]).reshape(-1, 4)
            low = np.maximum(spots[i][:, None, :2] - 5, taken[None, :, :2])
            high = np.minimum(spots[i][:, None, 2:] + 5, taken[None, :, 2:])
            cost = costs[i] + 1e5 * (low < high).all(axis=-1).sum(axis=1)
            chosen[i] = int(cost.argmin())
            total += float(cost[chosen[i]])
        if chosen == before:
            break
    return [Box(*map(float, spots[i][k])) for i, k in enumerate(chosen)], total


def _trim(curve: Floats) -> Floats:
    """The part of a curve between the borders of its two nodes, as a curve (3, 2) again."""
    t = np.linspace(0, 1, 4001)  # finer than a pixel on the longest arrow
    path = _bezier(curve, t)
    out = np.linalg.norm(path - curve[0], axis=1) >= RADIUS
    back = np.linalg.norm(path - curve[2], axis=1) >= RADIUS + 3
    first, last = float(t[out.argmax()]), float(t[len(t) - 1 - back[::-1].argmax()])
    ends = _bezier(curve, np.array([first, last]))
    # The blossom of the curve at (first, last) is the control point of the part between them.
    a = curve[0] + first * (curve[1] - curve[0])
    b = curve[1] + first * (curve[2] - curve[1])
    return np.stack([ends[0], a + last * (b - a), ends[1]])
