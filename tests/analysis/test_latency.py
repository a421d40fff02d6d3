"""Latency: the median of timed passes, with the conditions it was taken under."""

import pytest
import torch
from torch import Tensor, nn

from autofas.analysis.latency import latency
from autofas.errors import ConfigError


def test_latency_states_its_conditions() -> None:
    threads = torch.get_num_threads()
    found = latency(nn.Conv2d(3, 4, 3), torch.zeros(2, 3, 16, 16), threads=1, warmup=2, repeats=9)
    assert found.latency_ms > 0
    assert found.iqr_ms >= 0
    assert (found.threads, found.warmup, found.repeats, found.batch) == (1, 2, 9, 2)
    assert (found.input, found.device) == ("3x16x16", "cpu")
    assert "9 passes after 2 for warm-up" in str(found)
    assert torch.get_num_threads() == threads


def test_latency_is_the_median_of_timed_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    # A warm-up pass reads the clock once (no end is taken), then passes of 1, 2, 3, 4 and 100 ms.
    ticks = [0.0]
    for start, duration in enumerate([1, 2, 3, 4, 100]):
        ticks += [10.0 + start, 10.0 + start + duration / 1e3]
    calls: list[bool] = []

    class Net(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            calls.append(self.training)
            return x

    monkeypatch.setattr("autofas.analysis.latency.time.perf_counter", lambda: ticks.pop(0))
    found = latency(Net(), torch.zeros(1, 3), warmup=1, repeats=5)
    assert found.latency_ms == pytest.approx(3.0)
    assert found.iqr_ms == pytest.approx(2.0)
    assert calls == [False] * 6


@pytest.mark.parametrize(("name", "value"), [("threads", 0), ("warmup", -1), ("repeats", 0)])
def test_latency_refuses_empty_measurements(name: str, value: int) -> None:
    with pytest.raises(ConfigError, match=f"{name} {value}"):
        latency(nn.Identity(), torch.zeros(1, 3), **{name: value})
