"""The process in which one implementation of the search step is timed or profiled.

    python -m benchmarks.step_process '{"implementation": "fused", "space": "darts6", "size": 112, "batch": 4,
        "partial": 4, "threads": 1, "device": "cpu", "steps": 5, "warmup": 2}'

prints one JSON object; benchmarks.search_step starts it. Nothing here is imported that a search does not
import too. Memory is read from /proc (Linux): `getrusage` would count what the parent held when it forked.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from autofas.config.optimizer import OptimizerConfig
from autofas.data.batches.batch import Batch
from autofas.models.space import Space, load_space
from autofas.models.supernet import Supernet
from autofas.models.supervisions import PixelwiseBCE
from autofas.search.engine import BilevelEngine, Order

WEIGHTS = OptimizerConfig(lr=0.025, weight_decay=3e-4, grad_clip=5.0)
ARCH = OptimizerConfig(name="adam", lr=3e-4, schedule="constant", betas=(0.5, 0.999), weight_decay=1e-3)


class Meter:
    """Seconds of every step and memory in MB (10^6 bytes): entered before a step, left after it.

    `base_mb` is what the process holds before its first step: interpreter, torch, the network and its
    optimisers, both batches. `peak_mb` is the most it held since it began; on a GPU both are the
    allocator's, and the peak is that of the steps after the warm-up.
    """

    def __init__(self, device: str, warmup: int) -> None:
        self.on_gpu, self.warmup = device == "cuda", warmup
        self.base_mb = 0.0
        self.seconds: list[float] = []
        self.cpu_seconds: list[float] = []

    def __enter__(self) -> None:
        if self.on_gpu:
            torch.cuda.synchronize()
        if not self.seconds:
            self.base_mb = torch.cuda.memory_allocated() / 1e6 if self.on_gpu else resident_mb("VmRSS")
        if self.on_gpu and len(self.seconds) == self.warmup:
            torch.cuda.reset_peak_memory_stats()
        self._started = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        if self.on_gpu:
            torch.cuda.synchronize()
        self.seconds.append(time.perf_counter() - self._started[0])
        self.cpu_seconds.append(time.process_time() - self._started[1])

    def figures(self) -> dict[str, float]:
        """Medians of the steps after the warm-up, and memory."""
        peak = torch.cuda.max_memory_allocated() / 1e6 if self.on_gpu else resident_mb("VmHWM")
        return {
            "seconds": median(self.seconds[self.warmup :]),
            "cpu_seconds": median(self.cpu_seconds[self.warmup :]),
            "base_mb": self.base_mb,
            "peak_mb": peak,
        }


def resident_mb(field: str) -> float:
    """This process's resident memory in MB: `VmRSS` now, `VmHWM` at its highest."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError(f"/proc/self/status has no {field}")


def median(values: list[float]) -> float:
    """The middle value, the upper one of two."""
    return sorted(values)[len(values) // 2]


Steps = Callable[[Batch, Batch, int, Meter], None]
"""Takes that many steps on a batch of the architecture half and one of the weight half."""


def space_of(name: str, cells: int | None = None, channels: int | None = None) -> Space:
    """A space by name; `darts6` is DARTS' layout with the six operations of Auto-FAS."""
    space = load_space("darts" if name == "darts6" else name)
    if name == "darts6":
        space = space.model_copy(update={"name": name, "operations": load_space("auto_fas").operations})
    layout = space.layout
    if cells is not None:
        kinds = ["reduction" if i in (cells // 3, 2 * cells // 3) else "normal" for i in range(cells)]
        layout = layout.model_copy(update={"cells": tuple(kinds)})
    if channels is not None:
        layout = layout.model_copy(update={"channels": channels})
    return space.model_copy(update={"layout": layout})


class PlainEngine:
    """The step as published, on the plain supernet: alphas' gradient by one full backward pass, weights' by
    another."""

    def __init__(self, net: torch.nn.Module) -> None:
        self.net, self.arch = net, net.arch_parameters()
        arch = {id(parameter) for parameter in self.arch}
        self.weights = [parameter for parameter in net.parameters() if id(parameter) not in arch]
        self.weight_optimizer = torch.optim.SGD(self.weights, lr=0.025, momentum=0.9, weight_decay=3e-4)
        self.arch_optimizer = torch.optim.Adam(self.arch, lr=3e-4, betas=(0.5, 0.999), weight_decay=1e-3)

    def arch_step(self, batch: Batch, _: Batch) -> torch.Tensor:
        self.arch_optimizer.zero_grad()
        loss = PixelwiseBCE().loss(self.net(batch.images["color"]), batch.targets)
        loss.backward()
        self.arch_optimizer.step()
        return loss

    def weight_step(self, batch: Batch) -> torch.Tensor:
        self.weight_optimizer.zero_grad()
        loss = PixelwiseBCE().loss(self.net(batch.images["color"]), batch.targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 5.0)
        self.weight_optimizer.step()
        return loss


def alternate(engine: PlainEngine | BilevelEngine) -> Steps:
    """An architecture step and a weight step, in turn."""

    def steps(arch_batch: Batch, weight_batch: Batch, count: int, meter: Meter) -> None:
        for _ in range(count):
            with meter:
                engine.arch_step(arch_batch, weight_batch)
                engine.weight_step(weight_batch)

    return steps


def plain(space: Space, partial_channels: int, device: str) -> Steps:
    """The papers' equations edge by edge; edge normalisation belongs to partial channels (PC-DARTS)."""
    from tests.models.reference_supernet import ReferenceSupernet

    net = ReferenceSupernet(space, partial_channels, edge_normalization=partial_channels > 1)
    return alternate(PlainEngine(net.to(device)))


def fused(
    space: Space,
    partial_channels: int,
    device: str,
    order: Order = "first",
    recompute: bool = False,
    kernels: bool = False,
    **options: Any,
) -> Steps:
    """The product's supernet and engine, in torch or with the compiled kernels."""
    net = Supernet(space, partial_channels, partial_channels > 1, recompute, kernels).to(device)
    return alternate(BilevelEngine(net, PixelwiseBCE(), WEIGHTS, ARCH, order, **options))


def nni_darts(space: Space, partial_channels: int, device: str) -> Steps:
    """NNI's DARTS strategy, where NNI is installed."""
    from benchmarks.nni_darts import strategy_steps

    return strategy_steps(space, partial_channels, device)


# an option of the engine or the supernet is measured by an entry here and its name in
# benchmarks.search_step.implementations
IMPLEMENTATIONS: dict[str, Callable[[Space, int, str], Steps]] = {
    "plain": plain,
    "fused": fused,
    "fused, graphs": partial(fused, cuda_graphs=True),
    "fused, bfloat16": partial(fused, precision="bfloat16"),
    "fused, recomputed": partial(fused, recompute=True),
    "kernels": partial(fused, kernels=True),
    "fused, second": partial(fused, order="second"),
    "kernels, second": partial(fused, order="second", kernels=True),
    "fused, second-exact": partial(fused, order="second-exact"),
    "NNI DARTS": nni_darts,
}


def batch_of(size: int, batch: int, device: str, seed: int) -> Batch:
    """A random batch with both classes."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(batch, 3, size, size, generator=generator).to(device)
    return Batch(
        {"color": images}, {"label": (torch.arange(batch) % 2).float().to(device)}, torch.arange(batch)
    )


def run(task: dict[str, Any]) -> dict[str, Any]:
    """The figures of one task, or its profile where the task says `profile`."""
    torch.set_num_threads(task["threads"])
    torch.manual_seed(0)
    device = task["device"]
    space = space_of(task["space"], task.get("cells"), task.get("channels"))
    steps = IMPLEMENTATIONS[task["implementation"]](space, task["partial"], device)
    batches = [batch_of(task["size"], task["batch"], device, seed) for seed in (1, 2)]
    meter = Meter(device, task["warmup"])
    steps(*batches, task["warmup"] + task["steps"], meter)
    found: dict[str, Any] = meter.figures()
    if device == "cuda":
        from benchmarks.step_traffic import floor_of

        seen = steps
        if task["implementation"] == "fused, graphs":
            # torch's dispatcher does not see what a graph replays; its kernels are those of "fused"
            seen = fused(space, task["partial"], device)
        found |= floor_of(lambda: seen(*batches, 1, meter), 1, device)
    if task.get("profile"):
        from benchmarks.step_profile import profiled

        found["profile"] = profiled(lambda: steps(*batches, task["steps"], meter), task["steps"])
    return found


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.argv[1]))))
