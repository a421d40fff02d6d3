"""What a second thread gains the kernels, beside what a second process gains: the machine's own ceiling.

    python -m benchmarks.step_threads --rounds 11 --out results

A round takes, for every case, the kernels' step on one thread with the other core idle, on two threads, and
on one thread in two processes at once. Two processes share nothing but the machine, so what they compute
together, in units of one alone, is what two cores can give at the time: two where cores are their own, less
where they share caches, memory or a clock with each other or with a neighbour. Every figure comes from a
process of its own (benchmarks.step_process); medians over the rounds and their ranges.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from autofas.analysis.text_tables import markdown_table
from autofas.runs.provenance import commit, machine
from autofas.storage.files import write_json, write_text
from benchmarks.search_step import CASES, Task, in_a_process, task_of

Measure = Callable[[Task], dict[str, Any]]


def measured_round(name: str, steps: int, measure: Measure = in_a_process) -> dict[str, float]:
    """Seconds of a step in one round: on one thread, on two, and the mean of two processes at once."""
    alone, pair = (
        task_of(name, "kernels", CASES[name].partial[0], threads, device="cpu", steps=steps, warmup=2)
        for threads in (1, 2)
    )
    one, two = measure(alone)["seconds"], measure(pair)["seconds"]
    with ThreadPoolExecutor(2) as pool:
        both = [found["seconds"] for found in pool.map(measure, (alone, alone))]
    return {"one": one, "two": two, "beside": statistics.fmean(both)}


def summary(rounds: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Medians of a case: seconds on one and two threads, the gain of two threads and that of two processes.

    Gains are taken within a round, so that a machine that slows down does so for both sides.
    """
    gains = {"threads": "two", "processes": "beside"}
    found: dict[str, Any] = {key: statistics.median(it[key] for it in rounds) for key in ("one", "two")}
    for name, key in gains.items():
        share = 1 if name == "threads" else 2
        values = [share * it["one"] / it[key] for it in rounds]
        found[name] = {"median": statistics.median(values), "range": [min(values), max(values)]}
    return found


def page(found: dict[str, dict[str, Any]], caption: str) -> str:
    """The table, a row a case."""
    header = ("case", "1 thread s", "2 threads s", "2 threads gain", "range", "2 processes gain", "range")
    cells = []
    for name, row in found.items():
        line = [name, f"{row['one']:.3f}", f"{row['two']:.3f}"]
        for gain in (row["threads"], row["processes"]):
            line += [f"{gain['median']:.2f}x", "{:.2f}-{:.2f}".format(*gain["range"])]
        cells.append(line)
    about = (
        "A step is one architecture and one weight step with the kernels. The gain of two processes is what\n"
        "they compute together in units of one alone: more than that no second thread can gain."
    )
    table = markdown_table(header, cells, numeric=header[1:])
    return f"## A second thread, and a second process\n\n{caption}\n\n{about}\n\n{table}\n"


def main() -> None:
    """Measure, print; write search_step_threads.md and .json where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--steps", type=int, default=5, help="steps a process, after two to warm up")
    parser.add_argument("--out", type=Path, help="folder for search_step_threads.md and its .json")
    args = parser.parse_args()
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in args.cases}
    for number in range(args.rounds):
        for name, found in rounds.items():
            found.append(measured_round(name, args.steps))
        print(f"round {number + 1}", file=sys.stderr)
    table = {name: summary(found) for name, found in rounds.items()}
    command = f"python -m benchmarks.step_threads --rounds {args.rounds} --steps {args.steps} --out results"
    caption = f"`{command}`, commit {commit()[:12]}, {machine()}"
    text = page(table, caption)
    print(text)
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        write_text(args.out / "search_step_threads.md", text)
        write_json(args.out / "search_step_threads.json", {"commit": commit(), "rounds": rounds, **table})


if __name__ == "__main__":
    main()
