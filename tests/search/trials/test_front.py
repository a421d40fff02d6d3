"""Fronts of several ways to search: plans that are kept, summaries by hand."""

import pytest

from autofas.errors import RunError
from autofas.search.trials.front import FrontPlan, FrontWork
from tests.search.trials.conftest import trials

PLAN = FrontPlan((0,), (), ("feathernet_a",), 2)


def work(tmp_path, data, plan=PLAN, **changes):
    return FrontWork(trials(tmp_path, data, strategy="nsga2", **changes), plan, tmp_path / "front", print)


def test_another_plan_needs_another_name(tmp_path, tiny_data):
    work(tmp_path, tiny_data)
    work(tmp_path, tiny_data, threads=2)  # which decides nothing
    for changed in ({"plan": FrontPlan((1,), (), (), 2)}, {"trials": 7}):
        with pytest.raises(RunError, match="it was begun with other arguments; choose another --name"):
            work(tmp_path, tiny_data, **changed)


def test_a_summary_by_hand(tmp_path, tiny_data):
    judged = [
        {"network": "a", "seed": 1000, "error": 0.1, "params": 5, "macs": 7},
        {"network": "a", "seed": "1001", "error": "0.4", "params": "5", "macs": "7"},
        {"network": "b", "seed": 1000, "error": 0.9, "params": 1, "macs": 1},
    ]
    found = work(tmp_path, tiny_data)._summary({"network": "a", "strategy": "nsga2"}, judged)
    assert found == {
        "network": "a", "strategy": "nsga2", "params": 5, "macs": 7, "error": 0.25, "low": 0.1, "high": 0.4,
        "seeds": 2,
    }  # fmt: skip


def test_what_has_a_row_is_not_judged_again(tmp_path, tiny_data, monkeypatch):
    one, done = work(tmp_path, tiny_data, FrontPlan((), (), ("feathernet_a",), 2)), []

    def judged(self, network, seed):
        done.append(seed)
        if len(done) == 2:
            raise KeyboardInterrupt
        return {"network": "feathernet_a", "seed": seed, "error": 0.5, "params": 5, "macs": 7, "seconds": 1.0}

    monkeypatch.setattr(FrontWork, "_judged", judged)
    with pytest.raises(KeyboardInterrupt):
        one.run()
    (row,) = one.run()
    assert done == [1000, 1001, 1001]
    assert (row["error"], row["seeds"], row["front"]) == (0.5, 2, 1)
