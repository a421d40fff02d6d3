"""Workers of a study killed with SIGKILL while they work: is a trial lost, or a point done twice?

    python -m benchmarks.killed_workers --kills 10 --trials 24 --json
    python -m benchmarks.killed_workers --storage postgresql+psycopg:///autofas --kills 10

A search and one more worker, each a process, share a study; the worker is killed at a random moment again
and again, and a new one joins. At the end every point must stand once among the trials that have ended, and
as many as were asked for. Small generated faces and trials of one epoch: what is tested is who does which.
"""

import argparse
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

import autofas.search.trials.engine
import autofas.search.trials.trial_search  # noqa: F401 - so that a forked worker has it
from autofas.cli import main as main_of_autofas
from autofas.search.trials import storage
from autofas.search.trials.claims import finished, is_lost

FACES = "data.synthetic={train_users: 4, dev_users: 2, test_users: 2, frames_per_video: 1, size: 32}"
TINY = [
    "--space",
    "small",
    "--epochs",
    "1",
    "--set",
    "input_size=32",
    "--set",
    "batch_size=16",
    "--set",
    FACES,
]


def start(words: Sequence[str], log: Path) -> BaseProcess:
    """An autofas command in a process forked from this one, which has imported everything already."""
    process = get_context("fork").Process(target=_command, args=(list(words), log))
    process.start()
    return process


def _command(words: list[str], log: Path) -> None:
    """Run one command line; what it prints goes to the log."""
    with open(log, "ab") as stream:
        for number in (1, 2):
            os.dup2(stream.fileno(), number)
    sys.exit(main_of_autofas(words))


def opened(place: str, name: str, first: BaseProcess) -> Any:
    """The study, once the search has made it; raises SystemExit where that ends without."""
    while first.is_alive():
        if name in storage.study_names(place):
            return storage.load_study(place, name)
        time.sleep(0.2)
    raise SystemExit("the search ended without a study; see its log")


def campaign(args: argparse.Namespace) -> dict[str, Any]:
    """Run it; what the study holds at the end."""
    work, generator = args.work, random.Random(args.seed)
    work.mkdir(parents=True, exist_ok=True)
    name = f"killed-{int(time.time())}"
    words = ["search", "--strategy", args.strategy, "--trials", str(args.trials), "--study", name, *TINY]
    words += ["--runs-dir", str(work), "--name", name, "--threads", "1", "--seed", str(args.seed)]
    place = args.storage or str(work / f"{name}.journal")
    began = time.monotonic()
    first = start([*words, "--storage", place], work / "search.log")
    study = opened(place, name, first)
    joining = ["search", "--join", place, "--study", name, "--threads", "1"]
    kills, in_a_trial = 0, 0
    while kills < args.kills and first.is_alive():
        worker = start(joining, work / "joined.log")
        if not _named(study, worker, first):
            worker.join()
            break
        time.sleep(generator.uniform(0.0, args.most_s))
        in_a_trial += any(str(worker.pid) == _pid(t) for t in study.get_trials() if t.state.name == "RUNNING")
        worker.kill()
        worker.join()
        kills += 1
    first.join()
    trials = study.get_trials()
    ended = [trial for trial in trials if finished(trial)]
    keys = Counter(trial.user_attrs["key"] for trial in ended)
    return {
        "storage": storage.shown(place) if storage.is_url(place) else "journal file",
        "strategy": args.strategy,
        "exit code": first.exitcode,
        "kills": kills,
        "kills in a trial": in_a_trial,
        "asked for": args.trials,
        "ended": len(ended),
        "points": len(keys),
        "done twice": sum(count > 1 for count in keys.values()),
        "lost and done again": sum("again" in trial.user_attrs for trial in ended),
        "lost for good": len({t.user_attrs["key"] for t in trials if is_lost(t)} - set(keys)),
        "left running": sum(trial.state.name == "RUNNING" for trial in trials),
        "voided": dict(Counter(t.user_attrs["void"] for t in trials if "void" in t.user_attrs)),
        "wall seconds": round(time.monotonic() - began, 1),
    }


def _named(study: Any, worker: BaseProcess, first: BaseProcess) -> bool:
    """Wait until the worker has its first trial; False if it or the search ends before."""
    while worker.is_alive() and first.is_alive():
        if any(_pid(trial) == str(worker.pid) for trial in study.get_trials(deepcopy=False)):
            return True
        time.sleep(0.05)
    return False


def _pid(trial: Any) -> str:
    return str(trial.user_attrs.get("worker", "||")).split("|")[1]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the campaign and print what came of it; exit code 1 if a trial was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.killed_workers", description=__doc__)
    parser.add_argument("--storage", help="a database's URL (default: a journal file)")
    parser.add_argument("--strategy", default="evolution")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument(
        "--most-s", type=float, default=4.0, help="a worker is killed so long after its first trial at most"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, default=Path("runs/killed"))
    parser.add_argument("--json", action="store_true", help="one JSON line at the end")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)  # a forked process waits for ever for threads of its parent
    found = campaign(args)
    for key, value in found.items():
        print(f"{key:20}  {value}")
    if args.json:
        print(json.dumps(found))
    good = found["ended"] == found["points"] == found["asked for"] and not found["left running"]
    return 0 if good and not found["done twice"] and not found["lost for good"] else 1


if __name__ == "__main__":
    sys.exit(main())
