"""Studies as tables: rows, the front of any number of aims, the best."""

import pytest

from autofas.search.trials.table import best_row, front_rows, nondominated, trial_rows
from tests.search.trials.studies import Trial


def row(**values):
    return {
        "trial": 0, "state": "complete", "error": 0.5, "params": 10, "macs": 10, "failed": "", **values
    }  # fmt: skip


def test_a_front_of_three_aims_by_hand():
    table = [[1, 5, 5], [2, 4, 5], [2, 5, 4], [2, 5, 5], [1, 5, 5], [0, 9, 9]]
    assert nondominated(table) == [5, 0, 4, 1, 2]
    assert nondominated([[3.0]]) == [0]
    with pytest.raises(ValueError, match="table of numbers"):
        nondominated([[float("nan"), 1]])


def test_rows_are_of_trials_that_have_ended():
    kept = [
        Trial(0, {"a": 1}, "COMPLETE", key="1", row={"error": 0.1, "failed": ""}, worker="here/x|77|5"),
        Trial(1, {"a": 2}, "FAIL", key="2", row={"error": 0.2}),
        Trial(2, {"a": 3}, "RUNNING", key="3"),
        Trial(3, {"a": 2}, "PRUNED", key="2", row={"error": 0.3, "synflow": 1.0, "failed": ""}, again=1),
        Trial(4, {"a": 4}, "COMPLETE", key="4", row={"error": 1.0}, void="beyond"),
    ]
    rows = trial_rows(kept)
    assert [(one["trial"], one["state"], one["again"], one["point"]) for one in rows] == [
        (0, "complete", "", "1"),
        (3, "pruned", 1, "2"),
    ]
    assert rows[0]["worker"] == "here:77"
    assert rows[0]["synflow"] == ""
    assert rows[0].keys() == rows[1].keys()


def test_the_best_has_the_least_error_and_of_two_alike_the_fewer_parameters():
    rows = [row(trial=0, error=0.2, params=30), row(trial=1, error=0.2, params=20), row(trial=2, error=0.3)]
    assert best_row(rows, ("error",))["trial"] == 1
    early = row(trial=3, error=0.1, state="pruned")
    assert best_row([*rows, early], ("error",))["trial"] == 1
    assert best_row([early], ("error",))["trial"] == 3
    larger = [row(trial=4, synflow=1.0), row(trial=5, synflow=2.0)]
    assert best_row(larger, ("synflow", "params"))["trial"] == 5  # more flow is better


def test_a_front_holds_neither_pruned_nor_failed_trials():
    rows = [
        row(trial=0, error=0.2, params=20),
        row(trial=1, error=0.3, params=10),
        row(trial=2, error=0.3, params=20),
        row(trial=3, error=0.0, params=1, state="pruned"),
        row(trial=4, error=0.0, params=1, failed="not finite"),
    ]
    assert [one["trial"] for one in front_rows(rows, ("error", "params"))] == [1, 0]
    assert [one["trial"] for one in front_rows(rows, ("error",))] == [1, 0]  # parameters beside it
