"""What a search step costs: the plain supernet of the papers against the fused one.

    python -m benchmarks.search_step                       # CPU, every size, one thread and all
    python -m benchmarks.search_step --device cuda --batch 64
    python -m benchmarks.search_step --growth              # against batch, cells, channels, input side

A step is one architecture step and one weight step (first order), on the same macro-architecture, K and
batch. On a CPU every figure comes from a process of its own, the implementations take turns, and the median
of the rounds is shown with its range; memory is the process's peak resident size, the interpreter and torch
included, and beside it the part above what the process held before its first step. On a GPU both run in one
process and memory is the allocator's peak. The plain supernet takes the step as published: alphas' gradient
by a full backward pass, weights' by another.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch

from autofas.analysis.tables import markdown_table
from autofas.config import OptimizerConfig
from autofas.data.loader import Batch
from autofas.models.space import Space, load_space
from autofas.models.supernet import Supernet
from autofas.models.supervisions import PixelwiseBCE
from autofas.runs import commit, machine
from autofas.search.engine import BilevelEngine, Order

WEIGHTS = OptimizerConfig(lr=0.025, weight_decay=3e-4, grad_clip=5.0)
ARCH = OptimizerConfig(name="adam", lr=3e-4, schedule="constant", betas=(0.5, 0.999), weight_decay=1e-3)
CASES = {
    # name: space, input side, batch, K
    "darts-112": ("darts6", 112, 4, 4),
    "quick": ("small", 64, 32, 4),
    "paper": ("auto_fas", 108, 8, 4),
}


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
    """The step as published, on the plain supernet."""

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


def engine_of(implementation: str, space: Space, partial: int, device: str, order: Order = "first") -> Any:
    """A fresh engine; `plain`, or `fused` in one of its orders."""
    torch.manual_seed(0)
    if implementation == "plain":
        from benchmarks.reference_supernet import ReferenceSupernet

        return PlainEngine(ReferenceSupernet(space, partial).to(device))
    net = Supernet(space, partial).to(device)
    graphs = implementation == "fused, graphs"
    return BilevelEngine(net, PixelwiseBCE(), WEIGHTS, ARCH, order, cuda_graphs=graphs)


def batch_of(size: int, batch: int, device: str) -> Batch:
    """A random batch with both classes."""
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(batch, 3, size, size, generator=generator).to(device)
    return Batch(
        {"color": images}, {"label": (torch.arange(batch) % 2).float().to(device)}, torch.arange(batch)
    )


def measure(task: dict[str, Any]) -> dict[str, float]:
    """Median seconds a step and peak memory in MB, in this process."""
    device = task["device"]
    torch.set_num_threads(task["threads"])
    space = space_of(task["space"], task.get("cells"), task.get("channels"))
    engine = engine_of(task["implementation"], space, task["partial"], device, task.get("order", "first"))
    left, right = (batch_of(task["size"], task["batch"], device) for _ in range(2))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    seconds = []
    for step in range(task["steps"] + task["warmup"]):
        if device == "cuda":
            torch.cuda.synchronize()
            if step == task["warmup"]:
                torch.cuda.reset_peak_memory_stats()
        started = time.perf_counter()
        engine.arch_step(left, right)
        engine.weight_step(right)
        if device == "cuda":
            torch.cuda.synchronize()
        if step >= task["warmup"]:
            seconds.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    if device == "cuda":
        before, peak = 0.0, torch.cuda.max_memory_allocated() / 1e6
    return {"seconds": sorted(seconds)[len(seconds) // 2], "peak_mb": peak, "step_mb": peak - before}


def in_a_process(task: dict[str, Any]) -> dict[str, float]:
    """`measure` in a process of its own."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(task["threads"]))
    command = [sys.executable, "-m", "benchmarks.search_step", "--task", json.dumps(task)]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(shown.stdout.strip().splitlines()[-1])


def interleaved(tasks: list[dict[str, Any]], rounds: int) -> list[dict[str, Any]]:
    """Every task once a round, in turn; medians and ranges over the rounds, ratios to the first task."""
    on_gpu = tasks[0]["device"] == "cuda"
    found: list[list[dict[str, float]]] = [[] for _ in tasks]
    for _ in range(rounds):
        for task, results in zip(tasks, found, strict=True):
            results.append(measure(task) if on_gpu else in_a_process(task))
    rows = []
    for task, results in zip(tasks, found, strict=True):
        seconds = sorted(result["seconds"] for result in results)
        rows.append(
            {
                **task,
                "seconds": seconds[len(seconds) // 2],
                "seconds_range": [seconds[0], seconds[-1]],
                "images_per_second": task["batch"] / seconds[len(seconds) // 2],
                "peak_mb": sorted(result["peak_mb"] for result in results)[len(results) // 2],
                "step_mb": sorted(result["step_mb"] for result in results)[len(results) // 2],
            }
        )
    first = rows[0]
    for row in rows:
        row["speedup"] = first["seconds"] / row["seconds"]
        row["memory_ratio"] = row["peak_mb"] / first["peak_mb"]
        row["step_memory_ratio"] = row["step_mb"] / first["step_mb"] if first["step_mb"] else None
    return rows


HEADER = (
    "case",
    "threads",
    "supernet",
    "s a step",
    "range",
    "images/s",
    "peak MB",
    "step MB",
    "speed",
    "memory",
)


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    cells = [
        [
            f"{row['name']} (batch {row['batch']}, {row['size']}x{row['size']})",
            str(row["threads"]) if row["device"] == "cpu" else "GPU",
            row["implementation"] + ("" if row.get("order", "first") == "first" else f", {row['order']}"),
            f"{row['seconds']:.3f}",
            "{:.3f}-{:.3f}".format(*row["seconds_range"]),
            f"{row['images_per_second']:.2f}",
            f"{row['peak_mb']:.0f}",
            f"{row['step_mb']:.0f}",
            f"{row['speedup']:.2f}x",
            f"{row['memory_ratio']:.2f}",
        ]
        for row in rows
    ]
    return markdown_table(HEADER, cells, numeric=HEADER[3:])


def main() -> None:
    """Parse, measure, print; write results/search_step.{md,json} where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", help=argparse.SUPPRESS)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--batch", type=int, help="instead of the case's batch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, len(os.sched_getaffinity(0))])
    parser.add_argument("--second-order", action="store_true", help="the fused supernet's second orders too")
    parser.add_argument("--growth", action="store_true", help="how time and memory grow, fused, one thread")
    parser.add_argument("--out", type=Path, help="folder for search_step.md and .json")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.task:
        print(json.dumps(measure(json.loads(args.task))))
        return
    fixed = {"device": args.device, "steps": args.steps, "warmup": 2 if args.device == "cpu" else 5}
    rows: list[dict[str, Any]] = []
    if args.growth:
        base = {"name": "darts-112", "space": "darts6", "size": 112, "batch": 4, "partial": 4, **fixed}
        changes = [{}, {"batch": 8}, {"cells": 4}, {"cells": 16}, {"channels": 32}, {"size": 160}]
        tasks = [{**base, "implementation": "fused", "threads": 1, **change} for change in changes]
        rows = interleaved(tasks, args.rounds)
        for row, change in zip(rows, changes, strict=True):
            row["name"] = f"darts-112 {change or ''}"
    else:
        for threads in sorted(set(args.threads)) if args.device == "cpu" else [1]:
            for name in args.cases:
                space, size, batch, partial = CASES[name]
                task = {
                    "name": name, "space": space, "size": size, "batch": args.batch or batch,
                    "partial": partial, "threads": threads, **fixed,
                }  # fmt: skip
                which = ["plain", "fused"] + (["fused, graphs"] if args.device == "cuda" else [])
                tasks = [{**task, "implementation": name} for name in which]
                if args.second_order:
                    orders = ("second", "second-exact")
                    tasks += [{**task, "implementation": "fused", "order": order} for order in orders]
                rows += interleaved(tasks, args.rounds)
                print(f"{name}, {threads} threads: done", file=sys.stderr)
    where = machine() if args.device == "cpu" else torch.cuda.get_device_name()
    command = "python -m benchmarks.search_step " + " ".join(sys.argv[1:])
    text = f"`{command}`, commit {commit()}, torch {torch.__version__}, {where}\n\n{table(rows)}\n"
    print(text)
    values = {
        "command": command,
        "commit": commit(),
        "torch": torch.__version__,
        "machine": where,
        "rows": rows,
    }
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "search_step.md").write_text(text)
        (args.out / "search_step.json").write_text(json.dumps(values, indent=2) + "\n")
    if args.json:
        print(json.dumps(values))


if __name__ == "__main__":
    main()
