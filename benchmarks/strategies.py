"""The same budget of trials with every strategy: the best so far by seconds, the front, the best judged anew.

    python -m benchmarks.strategies --trials 40 --epochs 4 --seeds 0 1 2 --work RUNS --out results/trials
    python -m benchmarks.strategies ... --nni PYTHON      # NNI's evolution too, by a Python that has NNI

Each search is `autofas search --dataset synthetic --preset quick --strategy ... --trials N` in a process of
its own on one thread; strategies of a seed take turns, seed by seed. A seed draws the halves of the people,
so errors compare within a seed, and the first quarter of the trials is the same for every strategy but
NNI's. The least of many errors is a lucky one: each search's best network is trained again by trials of seeds
that no search has seen, other halves and other weights, and that is the figure to compare. What is in RUNS
is not done again.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autofas.analysis.text_tables import count, markdown_table
from autofas.runs.provenance import commit, machine
from autofas.storage.files import write_text
from benchmarks.rows import append, read_rows

STRATEGIES = ("random", "tpe", "nsga2", "evolution")
NNI = "NNI evolution"
JUDGED_FROM = 1000
"""Seeds of the trials that judge begin here; those of searches stay below."""
JUDGEMENTS = 3
WORST_ERROR = 0.5
"""The corner of the front's area: chance."""
BEGIN, END = "<!-- strategies -->\n", "<!-- end of strategies -->\n"
Row = dict[str, str]
Call = Callable[[Sequence[str]], None]


def call(words: Sequence[str]) -> None:
    """Run a command on one thread; ends the benchmark where it fails."""
    done = subprocess.run(
        words, env=dict(os.environ, OMP_NUM_THREADS="1"), stdout=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        raise SystemExit(f"exit code {done.returncode}: {' '.join(map(str, words))}")


def search_words(strategy: str, seed: int, args: argparse.Namespace) -> list[str]:
    """The command line of one search; its run is called as `run_of` says."""
    own = ["--strategy", strategy]
    python = sys.executable
    if strategy == NNI:
        python, own = args.nni, ["--strategy", "evolution", "--engine", "nni"]
    return [
        python, "-m", "autofas", "search", "--dataset", "synthetic", "--preset", "quick", "--space", "small",
        "--set", "arch_split=subject", *own,
        "--trials", str(args.trials), "--epochs", str(args.epochs), "--seed", str(seed), "--threads", "1",
        "--runs-dir", str(args.work), "--name", run_of(strategy, seed, args).name, "--quiet",
    ]  # fmt: skip


def run_of(strategy: str, seed: int, args: argparse.Namespace) -> Path:
    """The run folder of a search."""
    return Path(args.work) / "search" / f"{strategy.replace(' ', '-')}-{args.trials}x{args.epochs}-seed{seed}"


def searched(strategy: str, seed: int, args: argparse.Namespace, run_command: Call = call) -> list[Row]:
    """The trials of a search, done now unless its genotype is there."""
    folder = run_of(strategy, seed, args)
    if not (folder / "genotype.json").is_file():
        words = search_words(strategy, seed, args)
        if (folder / "config.yaml").is_file() and strategy != NNI:
            words = [*words[:4], "--resume", str(folder), "--quiet"]
        run_command(words)
    return read_rows(folder / "results.csv")


def judged(strategy: str, seed: int, args: argparse.Namespace, run_command: Call = call) -> list[float]:
    """AUC on the architecture half of the search's best network, trained anew with each judging seed."""
    place = Path(args.work) / "judged.csv"
    run, found = run_of(strategy, seed, args), []
    for fresh in range(JUDGED_FROM, JUDGED_FROM + JUDGEMENTS):
        known = {(row["run"], row["seed"]): float(row["auc"]) for row in read_rows(place)}
        if (run.name, str(fresh)) not in known:
            name = f"{run.name}-judged{fresh}"
            run_command([
                sys.executable, "-m", "autofas", "trial", "--dataset", "synthetic", "--preset", "quick",
                "--set", "arch_split=subject", "--genotype", str(run / "genotype.json"),
                "--epochs", str(args.epochs), "--seed", str(fresh),
                "--threads", "1", "--runs-dir", str(args.work), "--name", name, "--quiet",
            ])  # fmt: skip
            value = float(read_rows(Path(args.work) / "trial" / name / "results.csv")[-1]["arch_auc"])
            append(place, {"run": run.name, "seed": fresh, "auc": value})
            known[run.name, str(fresh)] = value
        found.append(known[run.name, str(fresh)])
    return found


def best_so_far(rows: Sequence[Mapping[str, str]], key: str = "cpu_seconds") -> list[tuple[float, float]]:
    """After each trial: the seconds that all so far have taken, and the least error among them."""
    spent, best, found = 0.0, 1.0, []
    for row in rows:
        spent += float(row[key])
        best = min(best, float(row["error"]))
        found.append((spent, best))
    return found


def front_area(rows: Sequence[Mapping[str, str]], most_params: float) -> float:
    """The share of the rectangle of errors below chance and sizes below `most_params` that the front covers.

    Hypervolume in two dimensions, in [0, 1]; higher = better.
    """
    points = sorted((float(row["params"]), float(row["error"])) for row in rows)
    area, least = 0.0, WORST_ERROR
    for params, error in points:
        if error < least and params < most_params:
            area += (least - error) * (most_params - params)
            least = error
    return area / (WORST_ERROR * most_params)


def summary(found: Mapping[tuple[str, int], Mapping[str, Any]], strategies: Sequence[str]) -> str:
    """The table: a row a strategy, means over the seeds and their range."""
    most = max(float(row["params"]) for one in found.values() for row in one["rows"])
    header = (
        "strategy", "trials", "CPU s", "AUC after a quarter", "after half", "at the end", "range",
        "judged anew", "range", "parameters of the best", "front's area",
    )  # fmt: skip
    cells = []
    for strategy in strategies:
        own = [one for (name, _), one in sorted(found.items()) if name == strategy]
        if not own:
            continue
        curves = [best_so_far(one["rows"]) for one in own]
        ends = [100 * (1 - curve[-1][1]) for curve in curves]
        anew = [100 * statistics.fmean(one["judged"]) for one in own]
        best = [min(one["rows"], key=lambda row: float(row["error"])) for one in own]
        at = [
            statistics.fmean(100 * (1 - curve[max(0, int(len(curve) * share) - 1)][1]) for curve in curves)
            for share in (0.25, 0.5)
        ]
        cells.append([
            strategy, str(len(own[0]["rows"])), f"{statistics.fmean(curve[-1][0] for curve in curves):.0f}",
            *(f"{value:.1f}" for value in at), f"{statistics.fmean(ends):.1f}", _range(ends),
            f"{statistics.fmean(anew):.1f}", _range(anew),
            count(round(statistics.fmean(float(row["params"]) for row in best))),
            f"{statistics.fmean(front_area(one['rows'], most) for one in own):.3f}",
        ])  # fmt: skip
    return markdown_table(header, cells, numeric=header[1:])


def _range(values: Sequence[float]) -> str:
    return f"{min(values):.1f}-{max(values):.1f}"


def draw(found: Mapping[tuple[str, int], Mapping[str, Any]], strategies: Sequence[str], place: Path) -> None:
    """The best so far against CPU seconds, a line a strategy: the mean of its seeds, their range shaded."""
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from autofas.analysis.axes import style_axes

    figure = Figure(figsize=(10, 6.25), dpi=160, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    style_axes(axes)
    looks = zip(
        ("#777777", "#0072B2", "#009E73", "#D55E00", "#5B3A9B"), ("-", "--", "-.", "-", ":"), strict=True
    )
    for strategy, (colour, dash) in zip((*STRATEGIES, NNI), looks, strict=True):
        curves = [best_so_far(one["rows"]) for (name, _), one in sorted(found.items()) if name == strategy]
        if strategy not in strategies or not curves:
            continue
        length = min(map(len, curves))
        seconds = np.mean([[at for at, _ in curve[:length]] for curve in curves], axis=0)
        errors = 100 * np.array([[error for _, error in curve[:length]] for curve in curves])
        axes.step(seconds, errors.mean(axis=0), dash, where="post", color=colour, label=strategy, linewidth=2)
        axes.fill_between(
            seconds, errors.min(axis=0), errors.max(axis=0), step="post", color=colour, alpha=0.08
        )
    axes.set_xlabel("CPU seconds of trials")
    axes.set_ylabel("least error so far, 100 % - AUC, on the architecture half")
    axes.legend(frameon=False, fontsize=10)
    figure.savefig(place)


def page(table: str, args: argparse.Namespace) -> str:
    """The part of README.md that this benchmark writes."""
    words = "`python -m benchmarks.strategies " + " ".join(
        ["--trials", str(args.trials), "--epochs", str(args.epochs), "--seeds", *map(str, args.seeds)]
    )
    return (
        f"{BEGIN}## The same budget with every strategy\n\n![Least error so far against CPU seconds]"
        f"(strategies.png)\n\n{table}\n\nAUC in percent on the architecture half of generated faces; means "
        f"over {len(args.seeds)} seeds, and their range. `judged anew`: the best network of each search, "
        f"trained again with {JUDGEMENTS} seeds that no search has seen. `front's area`: of the rectangle "
        "of errors below chance and sizes below the largest network's, the share that the front covers; "
        f"higher is better.\n\n{words} --work RUNS --out results/trials`, commit {commit()}, {machine()}; "
        f"other work ran beside it, so CPU seconds.\n{END}"
    )


def replaced(text: str, part: str) -> str:
    """A page with this benchmark's part in its place, at the end where it has none."""
    before, begin, rest = text.partition(BEGIN)
    return before + part + (rest.partition(END)[2] if begin else "")


def main(argv: Sequence[str] | None = None) -> int:
    """Search, judge, print the table, write page and picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=4, help="the budget of a trial")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--nni", metavar="PYTHON", help="a Python that has autofas and NNI 3.0")
    parser.add_argument("--work", type=Path, default=Path("runs/strategies"), help="searches and trials")
    parser.add_argument("--out", type=Path, help="folder of README.md and strategies.png")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    strategies = (*STRATEGIES, NNI) if args.nni else STRATEGIES
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for seed in args.seeds:
        for strategy in strategies:
            rows = searched(strategy, seed, args)
            found[strategy, seed] = {"rows": rows, "judged": judged(strategy, seed, args)}
            ended = best_so_far(rows)[-1]
            told = f"{len(rows)} trials, {ended[0]:.0f} CPU s, error {100 * ended[1]:.1f} %"
            print(f"{strategy}, seed {seed}: {told}", file=sys.stderr, flush=True)
    table = summary(found, strategies)
    print(table)
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        readme = args.out / "README.md"
        before = readme.read_text(encoding="utf-8") if readme.is_file() else "# Searches by trials\n\n"
        write_text(readme, replaced(before, page(table, args)))
        draw(found, strategies, args.out / "strategies.png")
    if args.json:
        print(json.dumps([{"strategy": name, "seed": seed, **one} for (name, seed), one in found.items()]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
