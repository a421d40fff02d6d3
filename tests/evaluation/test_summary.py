"""Means over folds and seeds by hand; one fold has no spread, missing folds are named."""

from typing import Any

import numpy as np
import pytest

from autofas.errors import MetricError
from autofas.evaluation.figures import Metrics
from autofas.evaluation.summary import summarize, summary_rows
from tests.evaluation.evaluation_files import made_metrics


def values_of(fold: int | None, acer: float | None, seed: int = 0, **changes: Any) -> Metrics:
    figures = {
        "acer": acer, "threshold": 0.1 * (fold or 0), "undefined": {} if acer is not None else {"acer": "why"}
    }  # fmt: skip
    return made_metrics(figures, fold=fold, seed=seed, run=f"run{fold}-{seed}", **changes)


def test_six_folds_by_hand() -> None:
    acers = [0.1, 0.2, 0.3, 0.1, 0.2, 0.3]
    (found,) = summarize([values_of(fold, acer) for fold, acer in enumerate(acers, start=1)])
    acer = found.figures["video"]["acer"]
    assert acer.mean == pytest.approx(0.2)
    assert acer.std == pytest.approx(np.std(acers, ddof=0))
    assert (found.ddof, found.over, found.missing_folds) == (0, "folds", [])
    assert [row.threshold for row in found.thresholds] == [0.1 * fold for fold in range(1, 7)]
    assert "each fold its own" in found.threshold_provenance


def test_seeds_are_averaged_after_folds() -> None:
    runs = [
        values_of(fold, acer, seed)
        for seed in (0, 1)
        for fold, acer in ((1, 0.1 + seed / 2), (2, 0.3 + seed / 2))
    ]
    (found,) = summarize(runs)
    acer = found.figures["video"]["acer"]
    assert (acer.mean, acer.std) == (pytest.approx(0.45), pytest.approx(0.25))
    assert found.over == "folds then seeds"
    assert found.missing_folds == [3, 4, 5, 6]


def test_one_run_has_no_spread() -> None:
    (found,) = summarize([values_of(1, 0.1)])
    acer = found.figures["video"]["acer"]
    assert (acer.mean, acer.std, acer.undefined) == (0.1, None, "one run has no spread")
    assert found.missing_folds == [2, 3, 4, 5, 6]


def test_a_fold_without_the_figure_leaves_the_mean_undefined() -> None:
    (found,) = summarize([values_of(1, 0.1), values_of(2, None)])
    acer = found.figures["video"]["acer"]
    assert (acer.mean, acer.std) == (None, None)
    assert "why" in acer.undefined


def test_a_fold_twice_and_uneven_seeds_are_errors() -> None:
    with pytest.raises(MetricError, match="fold 1 appears twice with seed 0"):
        summarize([values_of(1, 0.1), values_of(1, 0.2)])
    with pytest.raises(MetricError, match=r"protocol \S+ appears twice with seed 0"):
        summarize([values_of(None, 0.1), values_of(None, 0.2)])
    with pytest.raises(MetricError, match="fewer folds"):
        summarize([values_of(1, 0.1), values_of(2, 0.1), values_of(1, 0.1, seed=1)])


def test_networks_recipes_and_protocols_are_not_mixed() -> None:
    runs = [values_of(1, 0.1), values_of(1, 0.2, recipe_sha256="y"), values_of(1, 0.3, model="n")]
    assert len(summarize([*runs, values_of(1, 0.1, protocol="3")])) == 4


def test_rows_carry_ddof_and_origin() -> None:
    rows = summary_rows(summarize([values_of(1, 0.1), values_of(2, 0.3)]))
    acer = next(row for row in rows if (row["level"], row["figure"]) == ("video", "acer"))
    assert (acer["mean"], acer["ddof"], acer["folds"], acer["missing_folds"]) == (0.2, 0, "1 2", "3 4 5 6")
    assert all(row["threshold_provenance"] and row["threshold_rule"] for row in rows)
