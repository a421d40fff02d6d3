"""The two small runs of the campaign, and what must be the same at their ends."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from benchmarks.faults.child import Ended, log_without_times, run

FACES = {
    "train_users": 2, "dev_users": 1, "test_users": 1, "frames_per_video": 1, "size": 32,
}  # fmt: skip
UNTIMED = ("seconds", "dev_seconds")


def arguments(verb: str, runs: Path, cache: Path, workers: int, name: str = "run") -> list[str]:
    """The command line of the small search or training."""
    sets = {
        "input_size": 16, "checkpoint_steps": 2, "augment": "basic", "data.workers": workers,
        "data.cache_dir": str(cache),
        **{f"data.synthetic.{key}": value for key, value in FACES.items()},
    }  # fmt: skip
    if verb == "search":
        sets |= {"space": "small", "warmup_epochs": 1, "batch_size": 20}
        own = ["--epochs", "3"]
    else:
        sets |= {"batch_size": 20, "drop_path": 0.2, "input_size": 32}
        own = ["--epochs", "3", "--genotype", str(runs.parent / "genotype.json")]
    words = [verb, "--quiet", "--runs-dir", str(runs), "--name", name, "--threads", "1", "--device", "cpu"]
    for key, value in sets.items():
        words += ["--set", f"{key}={value}"]
    return [*words, *own]


@dataclass
class Outcome:
    """Everything of a finished run that may not depend on how often it was interrupted."""

    results: list[dict[str, str]]
    alphas: str
    log: list[str]
    genotype: dict[str, Any] | None
    state: dict[str, torch.Tensor]
    weights: dict[str, torch.Tensor]

    def differences(self, other: "Outcome") -> list[str]:
        """What is not the same, bit for bit."""
        found = [
            name
            for name in ("results", "alphas", "log", "genotype")
            if getattr(self, name) != getattr(other, name)
        ]
        for name in ("state", "weights"):
            left, right = getattr(self, name), getattr(other, name)
            same = left.keys() == right.keys() and all(
                torch.equal(left[key].nan_to_num(), right[key].nan_to_num()) for key in left
            )
            found += [] if same else [name]
        return found


def outcome(folder: Path) -> Outcome:
    """Read a finished run's folder."""
    genotype = folder / "genotype.json"
    values = json.loads(genotype.read_text()) if genotype.exists() else None
    if values:
        values.pop("provenance")
    alphas, weights = folder / "alphas.csv", folder / "weights" / "best.safetensors"
    state = torch.load(folder / "checkpoint-last" / "state.pt", weights_only=True)
    for name in ("seconds", "log_bytes", "identity", "results"):
        state.pop(name)
    return Outcome(
        results(folder),
        alphas.read_text() if alphas.exists() else "",
        log_without_times(folder / "log.txt"),
        values,
        dict(_tensors(state)),
        load_file(weights) if weights.exists() else {},
    )


def results(folder: Path) -> list[dict[str, str]]:
    """Rows of results.csv without the columns that are times; none where there is no file yet."""
    path = folder / "results.csv"
    if not path.exists():
        return []
    with open(path, newline="") as stream:
        return [{k: v for k, v in row.items() if k not in UNTIMED} for row in csv.DictReader(stream)]


def _tensors(value: Any, name: str = "") -> Any:
    """Every tensor and number in nested dicts and lists, by its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _tensors(inner, f"{name}.{key}")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _tensors(inner, f"{name}.{number}")
    elif isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, bool | int | float):
        yield name, torch.tensor(value, dtype=torch.float64)


class Bench:
    """A folder with the generated faces, a genotype, and the uninterrupted runs to compare with."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache = folder, folder / "cache"
        self._known: dict[tuple[str, int], tuple[Outcome, float]] = {}

    def prepare(self) -> None:
        """Make what every case needs: the genotype and the four uninterrupted runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        words = ["search", "--quiet", "--strategy", "random", "--space", "small", "--runs-dir"]
        ended = run([*words, str(self.folder / "genotype"), "--name", "g"], self.folder / "stderr")
        assert ended.code == 0, ended.stderr
        made = self.folder / "genotype" / "search" / "g" / "genotype.json"
        (self.folder / "genotype.json").write_bytes(made.read_bytes())
        for verb in ("search", "train"):
            for workers in (0, 2):
                self.reference(verb, workers)

    def arguments(self, verb: str, workers: int, case: str, name: str = "run") -> list[str]:
        """The command line of a case, its run folders in a folder of its own."""
        return arguments(verb, self.runs(case), self.cache, workers, name)

    def runs(self, case: str) -> Path:
        """The folder of a case's runs."""
        return self.folder / f"runs-{case}"

    def run_folder(self, verb: str, case: str, name: str = "run") -> Path:
        """Where a case's run is."""
        return self.runs(case) / verb / name

    def execute(self, words: list[str], case: str, prepare: Callable[[], None] | None = None) -> Ended:
        """A command line of a case to its end."""
        return run(words, self.folder / f"stderr-{case}", prepare)

    def reference(self, verb: str, workers: int) -> tuple[Outcome, float]:
        """The uninterrupted run's outcome and seconds."""
        if (verb, workers) not in self._known:
            case = f"reference-{workers}"
            folder, times = self.run_folder(verb, case), self.folder / f"seconds-{verb}-{workers}"
            if not times.exists():
                ended = self.execute(self.arguments(verb, workers, case), case)
                ended = self.execute(self.arguments(verb, workers, f"warm-{workers}"), case)
                assert ended.code == 0, ended.stderr
                times.write_text(str(ended.seconds))
            self._known[verb, workers] = outcome(folder), float(times.read_text())
        return self._known[verb, workers]
