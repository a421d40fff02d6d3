"""The front by hand and by brute force, label placement, and the picture."""

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.transforms import Bbox
from PIL import Image

from autofas.analysis.label_placement import Box, place_labels
from autofas.analysis.leaderboard import LeaderboardRow
from autofas.analysis.palette import PALETTE
from autofas.analysis.pareto import pareto_front, points_of
from autofas.analysis.pareto_plot import ParetoPicture, pareto_picture, plot_pareto
from autofas.errors import DataError


def test_front_by_hand() -> None:
    costs = [1, 2, 3, 4, 2]
    errors = [5, 3, 4, 1, 3]
    assert pareto_front(costs, errors) == [0, 1, 4, 3]  # 2 is beaten by 1; 1 and 4 are equal in both


def test_front_equal_costs_and_equal_errors() -> None:
    assert pareto_front([1, 1], [2, 3]) == [0]
    assert pareto_front([1, 2], [3, 3]) == [0]
    assert pareto_front([7], [7]) == [0]
    assert pareto_front([], []) == []
    assert pareto_front([2, 2, 2], [1, 1, 1]) == [0, 1, 2]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=14))
def test_front_against_brute_force(points: list[tuple[int, int]]) -> None:
    def dominated(p: tuple[int, int]) -> bool:
        return any(q[0] <= p[0] and q[1] <= p[1] and q != p for q in points)

    front = pareto_front([p[0] for p in points], [p[1] for p in points])
    assert sorted(front) == [i for i, p in enumerate(points) if not dominated(p)]
    assert [points[i][0] for i in front] == sorted(points[i][0] for i in front)


def test_front_against_brute_force_on_floats() -> None:
    generator = np.random.default_rng(3)
    cost, error = generator.normal(size=(2, 300))
    better = (cost[:, None] <= cost) & (error[:, None] <= error) & ~np.eye(300, dtype=bool)
    assert sorted(pareto_front(cost, error)) == list(np.flatnonzero(~better.any(axis=0)))


@pytest.mark.parametrize("bad", [([1, 2], [1]), ([1], [float("nan")]), ([[1]], [[1]])])
def test_front_refuses(bad: tuple[list[float], list[float]]) -> None:
    with pytest.raises(ValueError):
        pareto_front(*bad)


def test_front_needs_neither_torch_nor_matplotlib() -> None:
    code = (
        "import sys, autofas.analysis.pareto; print([m for m in ('torch', 'matplotlib') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


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


def _row(model: str, params: int, acer: float, **changes: object) -> LeaderboardRow:
    values: dict[str, object] = {
        "model": model, "kind": "hand-designed", "dataset": "synthetic", "protocol": "1", "apcer": acer,
        "bpcer": acer, "acer": acer, "threshold_rule": "dev-eer", "params": params, "macs": 100 * params,
        "counter": "autofas", "input": "3x64x64", "seed": 0, "commit": "0123456789abcdef",
    }  # fmt: skip
    return LeaderboardRow.model_validate(values | changes)


def _crowd(count: int) -> list[LeaderboardRow]:
    generator = np.random.default_rng(5)
    kinds = ["searched", "hand-designed", "random"]
    rows = []
    for i in range(count):
        clustered = i % 2
        params = int(270_000 + 9_000 * i) if clustered else int(10 ** generator.uniform(5.3, 7.4))
        acer = float(0.03 + 0.003 * generator.normal() if clustered else generator.uniform(0.01, 0.09))
        for seed in range(1 + i % 3):
            rows.append(_row(f"network-{i}", params, acer + 0.002 * seed, kind=kinds[i % 3], seed=seed))
    return rows


@pytest.mark.parametrize("count", [1, 3, 12, 25])
@pytest.mark.parametrize("x", ["params", "macs"])
def test_picture_labels_do_not_overlap(count: int, x: str) -> None:
    picture = pareto_picture(_crowd(count), x)  # type: ignore[arg-type]
    assert len(picture.points) == len(picture.labels) == count
    assert not [pair for pair in combinations(picture.labels, 2) if pair[0].overlaps(pair[1])]
    # The boxes are those of the texts as drawn, so nothing overlaps on the page either.
    renderer = picture.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    names = {point.model for point in picture.points}
    drawn = [
        t.get_window_extent(renderer) for t in picture.figure.texts if t.get_text().split("  ")[0] in names
    ]
    assert len(drawn) == count
    for extent in drawn:
        assert any(
            b.x0 - 1 <= extent.x0 and extent.x1 <= b.x1 + 1 and b.y0 - 1 <= extent.y0 for b in picture.labels
        )
        _within_axes(picture, extent)


def _within_axes(picture: ParetoPicture, extent: Bbox) -> None:
    frame = picture.figure.axes[0].get_window_extent()
    assert extent.x0 >= frame.x0
    assert extent.y0 >= frame.y0
    assert extent.x1 <= frame.x1
    assert extent.y1 <= frame.y1


@pytest.mark.parametrize("place", ["cheapest", "dearest", "best", "worst"])
def test_a_long_name_at_any_edge_stays_inside_the_axes(place: str) -> None:
    name = "feathernet_with_a_name_that_is_long_72x72"
    params = {"cheapest": 20_000, "dearest": 40_000_000}.get(place, 900_000)
    acer = {"best": 0.0, "worst": 0.5}.get(place, 0.05)
    rows = [_row(name, params, acer), *_crowd(7)]
    picture = pareto_picture(rows)
    renderer = picture.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    texts = [
        text for text in picture.figure.texts if "network-" in text.get_text() or name in text.get_text()
    ]
    assert len(texts) == 8
    for text in texts:
        _within_axes(picture, text.get_window_extent(renderer))


@pytest.mark.parametrize("protocol", ["none", "None"])
def test_a_set_without_a_protocol_names_none(protocol: str) -> None:
    figure = pareto_picture([_row("a", 1000, 0.1, protocol=protocol)]).figure
    texts = [text.get_text() for text in figure.texts]
    assert "synthetic: ACER against parameters" in texts
    assert not [text for text in texts if "rotocol" in text]


def test_plot_is_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "pareto.png"
    picture = plot_pareto(_crowd(6), path)
    with Image.open(path) as image:
        assert image.size == (1600, 1000)
        colours = {pixel for _, pixel in image.convert("RGB").getcolors(2**20) or []}
    for kind in ("searched", "hand-designed", "random"):
        assert tuple(bytes.fromhex(PALETTE[kind][1:])) in colours
    texts = " ".join(text.get_text() for text in picture.figure.texts)
    assert "synthetic, protocol 1" in texts
    assert "commit 0123456789" in texts
    assert "MACs counted by autofas" in " ".join(
        t.get_text() for t in pareto_picture(_crowd(2), "macs").figure.texts
    )


def test_points_average_folds_within_seeds() -> None:
    rows = [
        _row("a", 10, acer, seed=seed, fold=fold)
        for seed, fold, acer in [(0, 1, 0.1), (0, 2, 0.3), (1, 1, 0.2), (1, 2, 0.6)]
    ]
    (point,) = points_of(rows, "params")
    assert (point.lowest, point.highest, point.acer) == pytest.approx((0.2, 0.4, 0.3))
    assert (point.seeds, point.folds, point.cost) == (2, 2, 10)
    assert points_of(rows, "macs")[0].cost == 1000


@pytest.mark.parametrize(
    ("rows", "x", "message"),
    [
        ([], "params", "no leaderboard row"),
        (
            [_row("a", 1, 0.1), _row("a", 1, 0.1, protocol="2")],
            "params",
            "protocol 1 and synthetic protocol 2",
        ),
        ([_row("a", 1, 0.1), _row("b", 1, 0.1, counter="thop")], "macs", "autofas and thop"),
        ([_row("a", 0, 0.1)], "params", "0 params"),
    ],
)
def test_rows_that_cannot_share_a_plot(rows: list[LeaderboardRow], x: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        points_of(rows, x)  # type: ignore[arg-type]
