"""Labels: beside their points, clear of obstacles, lines, edges and each other."""

from itertools import combinations

import numpy as np
import pytest

from autofas.analysis.label_placement import Box, place_labels

BOUNDS = Box(0, 0, 1400, 900)


def _inside(box: Box) -> bool:
    return box.x0 >= 0 and box.y0 >= 0 and box.x1 <= BOUNDS.x1 and box.y1 <= BOUNDS.y1


def test_a_single_label_sits_right_beside_its_point() -> None:
    (box,) = place_labels([(100, 100)], [(50, 10)], BOUNDS, gap=10)
    assert box.x1 - box.x0 == pytest.approx(50)
    x, y = box.nearest(100, 100)
    assert np.hypot(x - 100, y - 100) == pytest.approx(10, abs=1.0)
    assert box.x0 > 100
    assert place_labels([], [], BOUNDS) == []


def test_a_label_avoids_obstacles_lines_and_edges() -> None:
    wall = Box(105, 0, 400, 200)
    (box,) = place_labels([(100, 100)], [(50, 10)], BOUNDS, obstacles=[wall])
    assert not box.overlaps(wall)
    (corner,) = place_labels([(1395, 895)], [(80, 20)], BOUNDS)
    assert _inside(corner)
    (off_line,) = place_labels([(100, 100)], [(50, 20)], BOUNDS, lines=[(100, 100, 1400, 100)], gap=10)
    assert off_line.y0 > 100 or off_line.y1 < 100 or off_line.x1 < 100


@pytest.mark.parametrize("count", [3, 12, 25])
@pytest.mark.parametrize("spread", [3.0, 200.0])
def test_no_two_labels_overlap(count: int, spread: float) -> None:
    generator = np.random.default_rng(count)
    anchors = np.clip(generator.normal([300, 300], spread, (count, 2)), 5, 890)
    sizes = np.stack([generator.uniform(80, 190, count), np.full(count, 20.0)], axis=1)
    markers = np.concatenate([anchors - 7, anchors + 7], axis=1)
    boxes = place_labels(anchors, sizes, BOUNDS, obstacles=markers)
    assert all(_inside(box) for box in boxes)
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    assert not [box for box in boxes for marker in markers if box.overlaps(Box(*marker))]
    if count == 12:  # the same input gives the same places
        assert boxes == place_labels(anchors, sizes, BOUNDS, obstacles=markers)
