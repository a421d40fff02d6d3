"""Who does which point: every one once, as many as were asked for, those of dead workers again."""

from dataclasses import replace

import pytest

from autofas.search.trials import claims as module
from autofas.search.trials.claims import Claims, decided, finished, is_lost
from autofas.search.trials.points import key_of
from autofas.search.trials.workers import Watch, own_name
from tests.search.trials.studies import MemoryStudy, Trial

POINTS = [{"a": number} for number in range(9)]
ME = own_name()
DEAD = replace(ME, since="1")
ELSEWHERE = replace(ME, place="elsewhere", pid=7)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(module, "POLL_S", 0.0)


def test_a_worker_does_what_was_asked_for_and_no_more():
    study = MemoryStudy(POINTS)
    claims = Claims(study, 3, ME)
    done = []
    while (trial := claims.next()) is not None:
        done.append(trial.params)
        study.end(trial)
    assert done == POINTS[:3]
    assert study.asked == [(0, None, 0), (1, None, 0), (2, None, 0)]


def test_a_pruned_trial_counts_and_the_end_of_a_space_ends_the_study():
    study = MemoryStudy(POINTS[:2])
    claims = Claims(study, 5, ME)
    study.end(claims.next(), "PRUNED")
    study.end(claims.next())
    assert claims.next() is None


def test_a_point_that_another_has_is_passed_over():
    study = MemoryStudy([POINTS[0], POINTS[0], POINTS[1], POINTS[0], POINTS[2]])
    claims = Claims(study, 3, ME)
    study.end(claims.next())
    second = claims.next()
    assert second.params == POINTS[1]
    assert study.asked == [(0, None, 0), (1, None, 0), (2, None, 1)]
    study.end(second)
    study.end(claims.next())
    assert [t.user_attrs.get("void") for t in study.kept] == [None, "duplicate", None, "duplicate", None]
    assert decided(study.kept) == 5


def test_of_two_that_come_together_at_most_one_does_a_point():
    # both have written their keys before either looks
    study = MemoryStudy([])
    first, second = (Trial(number, POINTS[0]) for number in range(2))
    study.kept = [first, second]
    second.set_user_attr("key", key_of(POINTS[0]))
    second.set_user_attr("worker", str(ELSEWHERE))
    assert not Claims(study, 5, ME).claimed(first)
    assert first.user_attrs["void"] == "duplicate"
    assert first.state.name == "FAIL"
    assert Claims(study, 5, ELSEWHERE).claimed(second)  # the first has given way


def test_of_two_that_would_be_the_last_the_earlier_goes_on():
    study = MemoryStudy([])
    done = Trial(0, POINTS[0], "COMPLETE", key="0", row={})
    first, second = Trial(1, POINTS[1]), Trial(2, POINTS[2])
    study.kept = [done, first, second]
    assert not Claims(study, 2, ME).claimed(second)  # the first has not even named its point
    assert second.user_attrs["void"] == "surplus"
    assert Claims(study, 2, ELSEWHERE).claimed(first)
    assert decided(study.kept) == 2  # the surplus one decides nothing


def test_a_dead_workers_point_is_done_again_and_first():
    study = MemoryStudy(POINTS)
    lost = Claims(study, 3, DEAD).next()
    claims = Claims(study, 3, ME)
    again = claims.next()
    assert again.params == lost.params
    assert again.user_attrs["again"] == lost.number
    assert is_lost(lost)
    study.end(again)
    study.end(claims.next())
    study.end(claims.next())
    assert claims.next() is None
    assert [t.params for t in study.kept if finished(t)] == POINTS[:3]
    assert [index for index, _, _ in study.asked] == [0, 1, 1, 2]  # as without the death


def test_two_that_find_a_lost_point_do_it_once():
    study = MemoryStudy(POINTS)
    Claims(study, 2, DEAD).next()
    one = Claims(study, 2, ME).next()
    two = Claims(study, 2, ELSEWHERE).next()
    assert (one.params, two.params) == (POINTS[0], POINTS[1])


def test_a_worker_that_died_before_it_named_a_point_loses_nothing():
    study = MemoryStudy(POINTS)
    nameless = study.ask(0, None, 0)
    nameless.set_user_attr("worker", str(DEAD))
    study.points = iter(POINTS)
    claims = Claims(study, 1, ME)
    trial = claims.next()
    assert trial.params == POINTS[0]
    assert study.asked[-1] == (0, None, 0)
    assert nameless.state.name == "FAIL"
    assert not is_lost(nameless)


def test_the_last_one_is_waited_for_and_done_by_who_waits_if_it_dies():
    study = MemoryStudy(POINTS)
    other = Claims(study, 1, ELSEWHERE).next()
    claims, waits = Claims(study, 1, ME, Watch(lease_s=0.0)), []

    trial = claims.next(lambda: waits.append(1))
    assert waits  # at first it was waited for
    assert trial.params == other.params
    assert other.state.name == "FAIL"


def test_a_word_now_and_then_keeps_a_trial_its_workers():
    study = MemoryStudy(POINTS)
    other = Claims(study, 2, ELSEWHERE).next()
    claims = Claims(study, 2, ME, Watch(lease_s=0.0))
    for beat in range(3):
        other.set_user_attr("beat", beat)
        claims.sweep()
    assert other.state.name == "RUNNING"
    claims.sweep()
    assert other.state.name == "FAIL"


def test_points_beyond_the_limits_are_told_and_not_counted():
    study = MemoryStudy(POINTS, beyond=POINTS[:2])
    claims = Claims(study, 1, ME)
    trial = claims.next()
    assert trial.params == POINTS[2]
    assert study.asked == [(0, None, 0), (1, None, 1), (2, None, 2)]
    study.end(trial)
    assert claims.next() is None
