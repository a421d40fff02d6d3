"""The Pareto front of cost against error, and the models of a leaderboard as its points.

A model is on the front if no other one is at least as good in both and better in one. Points come from
leaderboard rows, never from typed numbers. Left out: fronts of more than two aims.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from autofas.analysis.leaderboard import LeaderboardRow
from autofas.errors import DataError

Cost = Literal["params", "macs", "latency"]
Latencies = Mapping[tuple[str, str, int], float]
"""Milliseconds by (model, input, params): `latency_table.latencies_of`."""


def pareto_front(costs: ArrayLike, errors: ArrayLike) -> list[int]:
    """Indices of the points on the front, both aims minimised, cheapest first, ties by index.

    `costs`, `errors`: (N,). Points equal in both stay together; a point of equal cost and higher error does
    not stay. Raises ValueError for unequal lengths or a value that is not a number.
    """
    cost, error = np.asarray(costs, float), np.asarray(errors, float)
    if cost.ndim != 1 or cost.shape != error.shape:
        raise ValueError(f"costs {cost.shape} and errors {error.shape} must be two vectors of one length")
    if np.isnan(cost).any() or np.isnan(error).any():
        raise ValueError("a point without a cost or an error (NaN) has no place on a front")
    front: list[int] = []
    for index in np.lexsort((error, cost)):  # by cost, then error; the sort is stable
        last = front[-1] if front else None
        same = last is not None and cost[index] == cost[last] and error[index] == error[last]
        if last is None or error[index] < error[last] or same:
            front.append(int(index))
    return front


@dataclass(frozen=True)
class Point:
    """One model of a plot: mean cost of its networks and mean ACER over its seeds (each the mean over its
    folds), with their ranges."""

    model: str
    kind: str
    cost: float
    cheapest: float
    dearest: float
    acer: float
    lowest: float
    highest: float
    seeds: int
    folds: int


def points_of(rows: Sequence[LeaderboardRow], x: Cost, latencies: Latencies | None = None) -> list[Point]:
    """A point for each model of the rows; raises DataError if the rows cannot share a plot.

    `latencies` holds what `x` latency puts on the axis.
    """
    if not rows:
        raise DataError("no leaderboard row to plot; evaluate a model first")
    places = sorted({f"{row.dataset} protocol {row.protocol}" for row in rows})
    if len(places) > 1:
        raise DataError(f"one plot cannot hold {' and '.join(places)}; choose rows of one protocol")
    counters = sorted({row.counter for row in rows})
    if x == "macs" and len(counters) > 1:
        raise DataError(f"MACs by the counters {' and '.join(counters)} cannot share an axis; choose one")
    groups: dict[tuple[str | int, ...], list[LeaderboardRow]] = {}
    for row in rows:
        groups.setdefault(row.make, []).append(row)
    points = []
    for group in groups.values():
        by_seed: dict[int | None, list[float]] = {}
        for row in group:
            by_seed.setdefault(row.seed, []).append(row.acer)
        means = [float(np.mean(values)) for values in by_seed.values()]
        first = group[0]
        costs = [_cost(row, x, latencies) for row in group]
        if min(costs) == 0:
            raise DataError(f"{first.model} has 0 {x}, which a logarithmic axis cannot show")
        mean = float(np.mean(means))
        folds = len({row.fold for row in group})
        cost = float(np.mean(costs)), min(costs), max(costs)
        acer = mean, min(means), max(means)
        points.append(Point(first.model, first.kind, *cost, *acer, len(means), folds))
    return points


def _cost(row: LeaderboardRow, x: Cost, latencies: Latencies | None) -> float:
    if x == "latency":
        return (latencies or {})[(row.model, row.input, row.params)]
    return row.params if x == "params" else row.macs
