"""Where the demo's seconds go: faces, search, trainings, judging, picture; an earlier version beside it.

    python -m benchmarks.demo_time --rounds 3 --threads 2 --out results
    python -m benchmarks.demo_time --before /path/to/earlier/.venv/bin/python --out results

Each round runs the verbs of the demo's first seed in the demo's order, in a process of its own with an empty
cache, so that the faces are generated too. Versions take turns; the median of the rounds is shown, seconds on
the clock and of the processor. `--before` is the interpreter of an environment that has an earlier version.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

BASELINES = ("feathernet_b",)
PARTS = (
    "start and imports", "generated faces and search", "random genotype", "train searched", "train random",
    *(f"train {name}" for name in BASELINES), "evaluate", "picture",
)  # fmt: skip
TITLE = "## The demo's seconds by part"


def once(folder: Path, threads: int, started: float) -> dict[str, tuple[float, float]]:
    """(seconds, CPU seconds) by part of one demo in this process; `started` is when it was asked for."""
    from autofas.cli import main

    shared = ["--dataset", "synthetic", "--preset", "quick", "--runs-dir", str(folder)]
    alike = ["--seed", "0", "--threads", str(threads), "--quiet"]
    found: dict[str, tuple[float, float]] = {}

    def call(part: str, words: Sequence[str]) -> None:
        timed(part, lambda: main(list(words)))

    def timed(part: str, act: Callable[[], Any]) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        code = act()
        if code:
            raise SystemExit(f"{part}: exit code {code}")
        found[part] = (time.perf_counter() - wall, time.process_time() - cpu)

    timed("start and imports", _imports)
    found["start and imports"] = (time.time() - started, time.process_time())
    call("generated faces and search", ["search", *shared, *alike, "--name", "searched"])
    call("random genotype", ["search", *shared, *alike, "--name", "random", "--strategy", "random"])
    runs = []
    for name in ("searched", "random"):
        genotype = str(folder / "search" / name / "genotype.json")
        call(f"train {name}", ["train", *shared, *alike, "--genotype", genotype])
        runs.append(str(folder / "train" / name))
    for name in BASELINES:
        call(f"train {name}", ["train", *shared, *alike, "--baseline", name])
        runs.append(str(folder / "train" / name))
    call("evaluate", ["evaluate", "--quiet", "--threads", str(threads), "--run", *runs])
    call("picture", ["pareto", *runs, "--leaderboard", str(folder / "leaderboard.csv")])
    return found


def _imports() -> None:
    import torch  # noqa: F401


def measure(python: str, threads: int) -> dict[str, tuple[float, float]]:
    """One demo of the version that `python` has installed, in a process and a cache of its own."""
    with tempfile.TemporaryDirectory() as place:
        environment = os.environ | {"AUTOFAS_CACHE": f"{place}/cache", "OMP_NUM_THREADS": str(threads)}
        out = Path(place) / "parts.json"
        words = [python, str(Path(__file__).resolve()), "--once", str(out), "--threads", str(threads)]
        subprocess.run(
            [*words, "--started", repr(time.time())],
            env=environment,
            cwd=place,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return {part: (values[0], values[1]) for part, values in json.loads(out.read_text()).items()}


def page(rounds: dict[str, list[dict[str, tuple[float, float]]]], threads: int, command: str) -> str:
    """A row a part, a pair of columns a version, the sum at the end."""
    from autofas.runs.provenance import commit, machine

    medians = {
        version: {
            part: tuple(statistics.median(each[part][kind] for each in made) for kind in (0, 1))
            for part in PARTS
        }
        for version, made in rounds.items()
    }
    many = len(next(iter(rounds.values())))
    lines = [TITLE, "", f"`{command}`, commit {commit() or '-'}, {machine()}, threads {threads}, "
             f"median of {many} round{'s' * (many > 1)}", ""]  # fmt: skip
    heads = [f"{version} {kind}" for version in medians for kind in ("s", "CPU s")]
    lines += [f"| part | {' | '.join(heads)} |", f"|---|{'--:|' * len(heads)}"]
    for part in PARTS:
        cells = [f"{medians[version][part][kind]:.1f}" for version in medians for kind in (0, 1)]
        lines.append(f"| {part} | {' | '.join(cells)} |")
    sums = [
        f"**{statistics.median(sum(part[kind] for part in one.values()) for one in made):.0f}**"
        for made in rounds.values()
        for kind in (0, 1)
    ]
    lines.append(f"| **the whole demo** | {' | '.join(sums)} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write demo_time.md and demo_time.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--before", metavar="PYTHON", help="of an environment with an earlier version")
    parser.add_argument("--out", type=Path, help="folder for demo_time.md and demo_time.json")
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.once is not None:
        with tempfile.TemporaryDirectory() as runs:
            args.once.write_text(json.dumps(once(Path(runs), args.threads, args.started)))
        return 0
    pythons = {"before": args.before} if args.before else {}
    pythons["now"] = sys.executable
    rounds: dict[str, list[dict[str, tuple[float, float]]]] = {version: [] for version in pythons}
    for number in range(args.rounds):
        for version, python in pythons.items():
            print(f"round {number + 1}: {version}", file=sys.stderr, flush=True)
            rounds[version].append(measure(python, args.threads))
    before = " --before PYTHON" if args.before else ""
    command = f"python -m benchmarks.demo_time --rounds {args.rounds} --threads {args.threads}{before}"
    text = page(rounds, args.threads, command)
    print(text)
    if args.out is not None:
        from autofas.storage.files import write_json, write_text

        write_text(args.out / "demo_time.md", text)
        write_json(args.out / "demo_time.json", rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
