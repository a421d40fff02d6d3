"""A worker: its lines, what it does when it is stopped, and what it says of a space that is done."""

from types import SimpleNamespace

import pytest

pytest.importorskip("optuna", reason="the extra [trials] is not installed")
from autofas.search.trials import worker as module
from autofas.search.trials.bench import Outcome
from autofas.search.trials.claims import Claims
from autofas.search.trials.worker import Worker
from autofas.search.trials.workers import own_name
from tests.search.trials.studies import MemoryStudy


class Study(MemoryStudy):
    """One that keeps what it is told."""

    def prunes(self, trial, epoch, error):
        return error > 0.5

    def tell(self, trial, row, values, *, pruned):
        if trial.state.name != "RUNNING":
            return False
        self.end(trial, "PRUNED" if pruned else "COMPLETE", **row)
        return True


class Bench:
    """Trials whose error is their point's."""

    def run(self, point, after_epoch, beat):
        beat()
        error = point["a"] / 10
        pruned = after_epoch(1, SimpleNamespace(auc=1 - error))
        row = {"error": error, "params": 1000, "epochs": 1, "seconds": 0.1, "failed": ""}
        return Outcome(row, pruned)

    def values(self, row):
        return [row["error"]]


def worker(study, wanted, bench=None):
    lines = []
    return Worker(study, Claims(study, wanted, own_name()), bench or Bench(), lines.append), lines


def test_it_works_until_the_study_is_done_and_says_a_line_a_trial():
    study = Study([{"a": number} for number in (4, 9, 1, 3)])
    one, lines = worker(study, 3)
    assert one.run() == 3
    assert [trial.state.name for trial in study.kept] == ["COMPLETE", "PRUNED", "COMPLETE"]
    assert lines[0].startswith("trial 0  1/3  error 40.00 %  1.00K parameters  best 40.00 %")
    assert "ended after 1 epochs" in lines[1]
    assert "best 10.00 %" in lines[2]


def test_a_stop_gives_the_trial_back():
    study = Study([{"a": 1}, {"a": 2}])

    class Stopped(Bench):
        def run(self, *given):
            raise KeyboardInterrupt

    one, _ = worker(study, 1, Stopped())
    with pytest.raises(KeyboardInterrupt):
        one.run()
    assert study.kept[0].state.name == "FAIL"
    again, _ = worker(study, 1)
    assert again.run() == 1
    assert study.kept[1].params == {"a": 1}


def test_a_trial_that_was_taken_over_is_said():
    study = Study([{"a": 1}])

    class Slow(Bench):
        def run(self, *given):
            outcome = super().run(*given)
            if len(study.kept) == 1:
                study.fail(0)
            return outcome

    one, lines = worker(study, 1, Slow())
    one.run()
    assert "trial 0 was taken for dead meanwhile" in lines[0]
    assert [trial.state.name for trial in study.kept] == ["FAIL", "COMPLETE"]


def test_a_space_without_new_points_is_said():
    one, lines = worker(Study([{"a": 1}]), 5)
    assert one.run() == 1
    assert "1 trials in place of 5" in lines[-1]


def test_a_word_is_said_now_and_then(monkeypatch):
    now, study = [0.0], Study([{"a": 1}])
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    trial = study.ask(0, None, 0)
    pace = module._Pace(trial)
    pace()
    assert "beat" not in trial.user_attrs
    now[0] += module.BEAT_S
    pace()
    pace()
    assert trial.user_attrs["beat"] == 1
