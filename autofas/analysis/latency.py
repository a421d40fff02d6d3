"""How long one forward pass takes: a median with its spread, and the conditions it was taken under.

Wall-clock time of `model(inputs)` in eval mode after a warm-up. Left out: data loading, energy, and
compiled or quantised runtimes.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from autofas.analysis.macs import tensors_in
from autofas.analysis.profile import Batch, describe
from autofas.errors import ConfigError
from autofas.models.modes import evaluating


@dataclass(frozen=True)
class Latency:
    """Median and interquartile range of a forward pass in milliseconds, with the conditions."""

    latency_ms: float
    iqr_ms: float
    threads: int
    warmup: int
    repeats: int
    batch: int
    input: str
    device: str

    def __str__(self) -> str:
        return (
            f"{self.latency_ms:.2f} ms (IQR {self.iqr_ms:.2f}; {self.repeats} passes after {self.warmup} for "
            f"warm-up, batch {self.batch}, {self.input}, {self.device}, {self.threads} thread(s))"
        )


def latency(
    model: nn.Module, inputs: Batch, *, threads: int = 1, warmup: int = 10, repeats: int = 50
) -> Latency:
    """Time `repeats` passes over the whole batch `inputs` (B, C, H, W), or by modality, on their device.

    `threads`: CPU threads inside an operation, restored afterwards; the model's modes are restored too.
    Raises ConfigError for a count below one (warm-up: below zero).
    """
    for name, value, least in (("threads", threads, 1), ("warmup", warmup, 0), ("repeats", repeats, 1)):
        if value < least:
            raise ConfigError(f"{name} {value} is too small for a latency; give at least {least}")
    first = next(iter(tensors_in(inputs if isinstance(inputs, torch.Tensor) else dict(inputs))))
    times = []
    with _measuring(model, threads), torch.inference_mode():
        for turn in range(warmup + repeats):
            start = time.perf_counter()
            model(inputs)
            if first.is_cuda:
                torch.cuda.synchronize(first.device)
            if turn >= warmup:
                times.append((time.perf_counter() - start) * 1e3)
    low, median, high = np.percentile(times, [25, 50, 75])
    return Latency(
        latency_ms=float(median),
        iqr_ms=float(high - low),
        threads=threads,
        warmup=warmup,
        repeats=repeats,
        batch=first.shape[0],
        input=describe(inputs),
        device=str(first.device),
    )


@contextlib.contextmanager
def _measuring(model: nn.Module, threads: int) -> Iterator[None]:
    """Evaluation mode and a thread count, both put back as they were."""
    threads_before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with evaluating(model):
            yield
    finally:
        torch.set_num_threads(threads_before)
