"""Gains of a second thread and of a second process, from seconds known by hand."""

import threading

import pytest

from benchmarks.step_threads import measured_round, page, summary


def test_two_processes_are_measured_at_once_and_threads_one_after_the_other():
    together, told = threading.Barrier(2, timeout=10), []

    def measure(task):
        told.append(task["threads"])
        if len(told) > 2:  # the last two wait for each other: one after the other they would never meet
            together.wait()
        return {"seconds": float(len(told[:2]) if len(told) < 3 else 4)}

    assert measured_round("quick", 3, measure) == {"one": 1.0, "two": 2.0, "beside": 4.0}
    assert told == [1, 2, 1, 1]


def test_gains_are_taken_within_a_round():
    fast, slow = {"one": 1.0, "two": 0.5, "beside": 1.25}, {"one": 4.0, "two": 2.0, "beside": 5.0}
    found = summary([fast, slow, {"one": 2.0, "two": 2.0, "beside": 2.0}])
    assert found["one"] == 2.0
    assert found["threads"] == {"median": 2.0, "range": [1.0, 2.0]}
    assert found["processes"]["median"] == pytest.approx(1.6)
    assert found["processes"]["range"] == [1.6, 2.0]
    assert "| quick" in page({"quick": found}, "how")
    assert "2.00x" in page({"quick": found}, "how")
