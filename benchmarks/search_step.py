"""What a search step costs: plain supernet, NNI's DARTS, fused supernet in torch, compiled kernels.

    python -m benchmarks.search_step --second-order --out results   # every case, one thread and all
    python -m benchmarks.search_step --pair --rounds 11 --threads 1 --out results   # first orders alone
    python -m benchmarks.search_step --pair --generic --out results                 # the same without AVX
    python -m benchmarks.search_step --growth --out results         # by batch, cells, channels, input side
    python -m benchmarks.search_step --profile --out results        # where a step's time goes
    python -m benchmarks.search_step --device cuda --batch 64

A step is one architecture step and one weight step (first order), on the same macro-architecture, K and
batch; it reads two batches, one of each half. Every figure comes from a process of its own
(benchmarks.step_process) with the same environment, the implementations take turns, and the median of the
rounds is shown with its range. With --out, a run cut short goes on where it was when it is started again from
the same commit. `CPU s` is the processor time of a step: where one thread's is far below
`s a step`, the machine was busy with something else, and the ratio by CPU seconds is the one to read.

Memory on a CPU is the process's resident size in MB (10^6 bytes): `base` before the first step, with
interpreter, torch and network, `peak` its highest, `step` the difference. On a GPU it is the allocator's.
The plain supernet takes its steps by torch.optim, as the published code does, whose first object imports
torch._dynamo: 82 MB of its base. Fused and kernels compute the same updates without it, so `step` is what
compares the supernets alone. Allocator and oneDNN's caches stay at their defaults for every row alike.

On a GPU each row also says what its kernels move (benchmarks.step_traffic), how long that takes at the
bandwidth of a copy, the floor, and the floor's share of the step, the utilisation.

The plain supernet takes the step as published: alphas' gradient by a full backward pass, weights' by another.
NNI's DARTS has K = 1 alone (benchmarks.nni_darts: how to install it); where it is not installed its row is
left out and the page says so.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from autofas.models.kernels import library
from autofas.runs.provenance import commit, machine
from autofas.storage.files import write_json, write_text
from benchmarks.step_tables import NNI, SECOND, Row, case_page, growth_page, profile_page, with_ratios

Task = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A search space, its input side in pixels, its batch and the K to measure it with."""

    space: str
    size: int
    batch: int
    partial: tuple[int, ...] = (4,)
    nni: bool = False
    """NNI's space has this layout."""


CASES = {
    "darts-112": Case("darts6", 112, 4, (4, 1), nni=True),
    "quick": Case("small", 64, 32),
    "paper": Case("auto_fas", 108, 8),
}

GENERIC = {
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    library.INSTRUCTIONS: "generic",
}
"""Environment in which torch, oneDNN, MKL and the kernels leave AVX alone."""

GROWTH_BASE = {"batch": 4, "cells": 8, "channels": 16, "size": 112}
"""darts-112, spelled out."""
GROWTH = {
    "batch (images)": ("batch", (2, 4, 8)),
    "cells": ("cells", (4, 8, 16)),
    "channels of the first cell": ("channels", (8, 16, 32)),
    "input side (pixels)": ("size", (80, 112, 160)),
}


def nni_missing() -> str | None:
    """Why NNI's DARTS cannot be measured in this environment, or None."""
    missing = [name for name in ("nni", "pytorch_lightning") if find_spec(name) is None]
    return f"{' and '.join(missing)} not installed, see benchmarks/nni_darts.py" if missing else None


def nni_note() -> str:
    """What the page says of the third party."""
    missing = nni_missing()
    if missing:
        return f"NNI: not measured ({missing})."
    return f"NNI {version('nni')} under PyTorch Lightning {version('pytorch_lightning')}."


def implementations(case: Case, partial: int, device: str, second_order: bool) -> list[str]:
    """What is measured on a case with one K."""
    names = ["plain", "fused", "fused, recomputed"]
    if device == "cuda":
        names += ["fused, bfloat16", "fused, graphs"]
    elif library.available():
        names.append("kernels")
    if second_order and partial == case.partial[0]:
        names += [name for name in SECOND if name.split(",")[0] in names]
    if case.nni and partial == 1 and nni_missing() is None:
        names.append(NNI)
    return names


def compared(case: Case, args: argparse.Namespace) -> list[tuple[int, str]]:
    """K and implementation of every row of a case."""
    if args.pair:
        return [(case.partial[0], name) for name in ("plain", "fused", "kernels")]
    return [
        (partial, name)
        for partial in case.partial
        for name in implementations(case, partial, args.device, args.second_order)
    ]


def in_a_process(task: Task) -> dict[str, Any]:
    """The figures of benchmarks.step_process; where that fails, its last line ends the benchmark."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(task["threads"]))
    if task.get("instructions") == "generic":
        environment |= GENERIC
    command = [sys.executable, "-m", "benchmarks.step_process", json.dumps(task)]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if shown.returncode:
        last = (shown.stderr.strip().splitlines() or ["nothing on stderr"])[-1]
        raise SystemExit(f"{task['implementation']} on {task['case']}: exit code {shown.returncode}: {last}")
    return json.loads(shown.stdout.strip().splitlines()[-1])


@dataclass(frozen=True)
class Journal:
    """What processes have measured, a line each, so that a run cut short goes on where it was."""

    path: Path | None
    commit: str

    def measured(self, task: Task, number: int) -> dict[str, Any]:
        """The result of a task in a round, from the file or from a process of its own."""
        key = {"commit": self.commit, "round": number, "task": task}
        if self.path is not None and self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                known = json.loads(line)
                if known["key"] == key:
                    return known["result"]
        result = in_a_process(task)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"key": key, "result": result}) + "\n")
        return result


NO_JOURNAL = Journal(None, "")


def interleaved(tasks: Sequence[Task], rounds: int, journal: Journal = NO_JOURNAL) -> list[Row]:
    """Every task once a round, in turn; medians over the rounds, and the range of the seconds."""
    found: list[list[dict[str, Any]]] = [[] for _ in tasks]
    for number in range(rounds):
        for task, results in zip(tasks, found, strict=True):
            results.append(journal.measured(task, number))
        print(f"{tasks[0]['case']}: round {number + 1} of {rounds}", file=sys.stderr)
    rows = []
    for task, results in zip(tasks, found, strict=True):
        seconds = [result["seconds"] for result in results]
        row = dict(task)
        for name in results[0]:
            row[name] = sorted(result[name] for result in results)[len(results) // 2]
        row["seconds_range"] = [min(seconds), max(seconds)]
        row["images_per_second"] = 2 * task["batch"] / row["seconds"]
        row["step_mb"] = row["peak_mb"] - row["base_mb"]
        if "floor_seconds" in row:
            row["utilisation"] = row["floor_seconds"] / row["seconds"]
        rows.append(row)
    return rows


def task_of(name: str, implementation: str, partial: int, threads: int, **common: Any) -> Task:
    """What the process of one implementation on one case is told; `common` is `common_of` the arguments."""
    case = CASES[name]
    return {
        "case": name, "implementation": implementation, "space": case.space, "size": case.size,
        "batch": case.batch, "partial": partial, "threads": threads, **common,
    }  # fmt: skip


def common_of(args: argparse.Namespace) -> Task:
    """What every process of a run is told."""
    common = {"device": args.device, "steps": args.steps, "warmup": 2 if args.device == "cpu" else 5}
    common |= {"instructions": "generic"} if args.generic else {}
    return common | ({"batch": args.batch} if args.batch else {})


def measure_cases(args: argparse.Namespace, caption: str, journal: Journal) -> tuple[list[Row], str]:
    """Every case with every number of threads, all of a case in turn: the rows and the page."""
    rows: list[Row] = []
    pages = []
    for name in args.cases:
        case = CASES[name]
        tasks = [
            task_of(name, implementation, partial, threads, **common_of(args))
            for threads in sorted(set(args.threads))
            for partial, implementation in compared(case, args)
        ]
        found = with_ratios(interleaved(tasks, args.rounds, journal))
        pages.append(case_page(found, caption, [nni_note()] if case.nni and not args.pair else []))
        rows += found
    return rows, "\n".join(pages)


def measure_growth(args: argparse.Namespace, caption: str, journal: Journal) -> tuple[list[Row], str]:
    """Plain and fused around `darts-112` with one thread, a quantity at a time."""
    settings = [GROWTH_BASE]
    for key, values in GROWTH.values():
        settings += [{**GROWTH_BASE, key: value} for value in values if value != GROWTH_BASE[key]]
    tasks = [
        task_of("darts-112", implementation, 4, 1, **common_of(args) | setting)
        for setting in settings
        for implementation in ("plain", "fused")
    ]
    rows = interleaved(tasks, args.rounds, journal)
    pages = []
    for title, (key, values) in GROWTH.items():
        wanted = [{**GROWTH_BASE, key: value} for value in values]
        chosen = [row for setting in wanted for row in rows if setting.items() <= row.items()]
        pages.append(growth_page(title, key, chosen, rows[1], caption))
    return rows, "\n".join(pages)


def measure_profile(args: argparse.Namespace, caption: str) -> tuple[list[Row], str]:
    """Where the time of a plain and of a fused step goes, with one thread."""
    rows: list[Row] = []
    pages = []
    for name in args.cases:
        tasks = [
            task_of(name, implementation, CASES[name].partial[0], 1, **common_of(args), profile=True)
            for implementation in ("plain", "fused")
        ]
        found = [{**task, **in_a_process(task)} for task in tasks]
        pages.append(profile_page(found, caption))
        rows += found
    return rows, "\n".join(pages)


def gpu_name() -> str:
    """The GPU's name, asked for in a process of its own: this one holds no torch."""
    command = [sys.executable, "-c", "import torch; print(torch.cuda.get_device_name())"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Parse, measure, print; write a page and a JSON file where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--batch", type=int, help="instead of the case's batch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5, help="steps a process, after two to warm up")
    parser.add_argument("--threads", type=int, nargs="+", help="default: one, and all of the machine")
    parser.add_argument("--second-order", action="store_true", help="second orders too")
    parser.add_argument("--generic", action="store_true", help="without AVX, kernels and torch alike")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--pair", action="store_true", help="plain, fused, kernels: many rounds in less time")
    which.add_argument("--growth", action="store_true", help="how time and memory grow, one thread")
    which.add_argument("--profile", action="store_true", help="where a step's time goes, one thread")
    parser.add_argument(
        "--out", type=Path, help="folder for the page, search_step[_pair|_growth|_profile].md, and its .json"
    )
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.pair and args.second_order:
        parser.error("--pair measures first orders alone, without --second-order")
    if args.threads is None:
        args.threads = [1, len(os.sched_getaffinity(0))] if args.device == "cpu" else [1]
    where = machine() if args.device == "cpu" else f"{gpu_name()}, {machine()}"
    facts = {
        "command": " ".join(["python -m benchmarks.search_step", *sys.argv[1:]]),
        "commit": commit(),
        "torch": version("torch"),
        "machine": where,
    }
    threads = [1] if args.growth or args.profile else sorted(set(args.threads))
    caption = (
        f"`{facts['command']}`, commit {facts['commit']}, torch {facts['torch']}, {where}, "
        f"threads {' and '.join(map(str, threads))}, "
    )
    caption += (
        f"{args.steps} profiled steps"
        if args.profile
        else f"median of {args.rounds} processes of {args.steps} steps"
    )
    name = "search_step" if args.device == "cpu" else "search_step_cuda"
    name += "_growth" if args.growth else "_profile" if args.profile else "_pair" if args.pair else ""
    name += "_generic" if args.generic else ""
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
    journal = Journal(args.out and args.out / f"{name}.rounds.jsonl", facts["commit"])
    if args.profile:
        rows, page = measure_profile(args, caption)
    else:
        rows, page = (measure_growth if args.growth else measure_cases)(args, caption, journal)
    print(page)
    if args.out:
        write_text(args.out / f"{name}.md", page)
        write_json(args.out / f"{name}.json", {**facts, "rows": rows})
        journal.path.unlink(missing_ok=True)
    if args.json:
        print(json.dumps({**facts, "rows": rows}))


if __name__ == "__main__":
    main()
