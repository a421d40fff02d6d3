"""The Pareto front by hand and by brute force; points that average folds within seeds."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autofas.analysis.leaderboard import LeaderboardRow
from autofas.analysis.pareto import pareto_front, points_of
from autofas.errors import DataError
from tests.analysis.leaderboard_rows import row_of


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


def test_points_average_folds_within_seeds() -> None:
    rows = [
        row_of("a", 10, acer, seed=seed, fold=fold)
        for seed, fold, acer in [(0, 1, 0.1), (0, 2, 0.3), (1, 1, 0.2), (1, 2, 0.6)]
    ]
    (point,) = points_of(rows, "params")
    assert (point.lowest, point.highest, point.acer) == pytest.approx((0.2, 0.4, 0.3))
    assert (point.seeds, point.folds, point.cost) == (2, 2, 10)
    assert points_of(rows, "macs")[0].cost == 1000


def test_a_search_with_several_seeds_is_one_point_with_the_range_of_its_sizes() -> None:
    rows = [row_of("found", params, 0.1, kind="searched", seed=seed) for seed, params in enumerate((10, 30))]
    (point,) = points_of(rows, "params")
    assert (point.cost, point.cheapest, point.dearest, point.seeds) == (20, 10, 30, 2)
    (point,) = points_of(rows, "latency", {("found", "3x64x64", 10): 1.0, ("found", "3x64x64", 30): 2.0})
    assert (point.cost, point.cheapest, point.dearest) == (1.5, 1.0, 2.0)
    apart = [row_of("a", params, 0.1, seed=seed) for seed, params in enumerate((10, 30))]
    assert [(one.cheapest, one.dearest) for one in points_of(apart, "params")] == [(10, 10), (30, 30)]


@pytest.mark.parametrize(
    ("rows", "x", "message"),
    [
        ([], "params", "no leaderboard row"),
        (
            [row_of("a", 1, 0.1), row_of("a", 1, 0.1, protocol="2")],
            "params",
            "protocol 1 and synthetic protocol 2",
        ),
        ([row_of("a", 1, 0.1), row_of("b", 1, 0.1, counter="thop")], "macs", "autofas and thop"),
        ([row_of("a", 0, 0.1)], "params", "0 params"),
    ],
)
def test_rows_that_cannot_share_a_plot(rows: list[LeaderboardRow], x: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        points_of(rows, x)  # type: ignore[arg-type]
