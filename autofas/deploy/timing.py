"""Latency of several things in one interleaved run: each turn calls every one once, so that a machine that
slows down slows all of them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autofas.errors import ConfigError


@dataclass(frozen=True)
class Timing:
    """Median and interquartile range of a call in milliseconds (wall clock), over `repeats` calls."""

    latency_ms: float
    iqr_ms: float
    repeats: int

    def __str__(self) -> str:
        return f"{self.latency_ms:.2f} ms (IQR {self.iqr_ms:.2f})"


def interleaved(
    calls: Mapping[str, Callable[[], Any]], *, warmup: int = 10, repeats: int = 50
) -> dict[str, Timing]:
    """The timing of every call by its name, after `warmup` turns. Raises ConfigError for fewer than one."""
    if warmup < 0 or repeats < 1:
        raise ConfigError(f"{repeats} timed calls after {warmup} for warm-up are too few; time at least one")
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(warmup + repeats):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn >= warmup:
                times[name].append((time.perf_counter() - start) * 1e3)
    found = {}
    for name, taken in times.items():
        low, median, high = np.percentile(taken, [25, 50, 75])
        found[name] = Timing(float(median), float(high - low), repeats)
    return found
