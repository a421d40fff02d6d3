"""Interleaved timing: every call takes its turn, and only turns after the warm-up count."""

import pytest

from autofas.deploy.timing import interleaved
from autofas.errors import ConfigError


def test_calls_take_turns_and_the_clock_is_read_around_each(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("autofas.deploy.timing.time.perf_counter", lambda: now[0])
    order = []

    def taking(name, seconds):
        def call():
            order.append(name)
            now[0] += next(seconds)

        return call

    calls = {"a": taking("a", iter([9, 1, 2, 3])), "b": taking("b", iter([9, 4, 4, 8]))}
    found = interleaved(calls, warmup=1, repeats=3)
    assert order == ["a", "b"] * 4
    assert found["a"].latency_ms == pytest.approx(2000)
    assert found["a"].iqr_ms == pytest.approx(1000)
    assert found["b"].latency_ms == pytest.approx(4000)
    assert found["b"].iqr_ms == pytest.approx(2000)


def test_nothing_timed_is_refused():
    with pytest.raises(ConfigError, match="time at least one"):
        interleaved({}, repeats=0)
