"""The two small runs of the campaign, and what must be the same at their ends."""

import csv
import hashlib
import json
import re
import shutil
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from autofas.runs import checkpoint
from autofas.search.bilevel import BilevelSearch
from autofas.training.train import Training
from tests.campaigns.faults.child import Child, Ended, Prepare, log_without_times, without_pictures
from tests.campaigns.faults.family import Seen
from tests.campaigns.faults.hooks import at_call, count, kill_me

FACES = {
    "train_users": 2, "dev_users": 1, "test_users": 1, "frames_per_video": 1, "size": 32,
}  # fmt: skip
VERBS, WORKERS = ("search", "train"), (0, 2)
STEPS, EPOCHS = 2, 3
"""checkpoint_steps of the small runs, and their epochs."""
PREPARE_S = 600.0
"""What making the faces and the uninterrupted runs may take on a busy machine."""
SPACE = """schema_version: 1
name: tiny
operations: [none, max_pool_3x3, skip_connect, sep_conv_3x3]
layout:
  input_size: 16
  stem:
    - {channels: 8, stride: 2}
  channels: 8
  channel_factor: 1
  cells: [normal, reduction]
  intermediate_nodes: 2
"""
UNTIMED = ("seconds", "dev_seconds")


def arguments(verb: str, runs: Path, cache: Path, workers: int, name: str = "run") -> list[str]:
    """The command line of the small search or training."""
    folder = runs.parent
    sets = {
        "input_size": 16, "checkpoint_steps": STEPS, "augment": "basic", "data.workers": workers,
        "data.cache_dir": str(cache), "batch_size": 20,
        **{f"data.synthetic.{key}": value for key, value in FACES.items()},
    }  # fmt: skip
    if verb == "search":
        sets |= {"space": str(folder / "space.yaml"), "warmup_epochs": 1}
        own = []
    else:
        sets |= {"drop_path": 0.2}
        own = ["--genotype", str(folder / "genotype.json")]
    words = [verb, "--quiet", "--runs-dir", str(runs), "--name", name, "--threads", "1", "--device", "cpu"]
    for key, value in sets.items():
        words += ["--set", f"{key}={value}"]
    return [*words, "--epochs", str(EPOCHS), *own]


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


def resumed_place(folder: Path) -> tuple[int, int]:
    """Epochs, and batches of the next one, after which a run was last resumed; zeros where from the start."""
    path = folder / "resumed.txt"
    found = re.findall(r"resumed after epoch (\d+), batch (\d+)", path.read_text() if path.exists() else "")
    return (int(found[-1][0]), int(found[-1][1])) if found else (0, 0)


def place_of(checkpoint_folder: Path) -> tuple[int, int]:
    """Epochs, and batches of the next one, that a checkpoint holds."""
    state = torch.load(checkpoint_folder / "state.pt", weights_only=True)
    return state["epoch"], len(state.get("weight_losses", state.get("losses")))


def checkpoint_hash(folder: Path) -> str:
    """SHA-256 of a run's newest checkpoint, empty where there is none."""
    path = folder / "checkpoint-last" / "state.pt"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


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
    """A folder with the faces, a genotype, the uninterrupted runs to compare with, and killed ones."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache = folder, folder / "cache"
        self._known: dict[tuple[str, int], tuple[Outcome, float]] = {}

    def prepare(self) -> None:
        """Make the space and the genotype, once."""
        made = self.folder / "genotype.json"
        if made.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "space.yaml").write_text(SPACE)
        words = ["search", "--quiet", "--strategy", "random", "--space", str(self.folder / "space.yaml")]
        ended = self.execute([*words, "--runs-dir", str(self.folder / "runs-genotype"), "--name", "g"], "g")
        assert ended.code == 0, ended.stderr
        shutil.copy(self.folder / "runs-genotype" / "search" / "g" / "genotype.json", made)

    def arguments(
        self, verb: str, workers: int, case: str, name: str = "run", cache: Path | None = None
    ) -> list[str]:
        """The command line of a case, its run folders in a folder of its own."""
        return arguments(verb, self.runs(case), cache or self.cache, workers, name)

    def new_cache(self, case: str, *, faces: bool) -> Path:
        """A cache folder of a case without crops, with the generated faces or without."""
        folder = self.folder / f"cache-{case}"
        if faces:
            shutil.copytree(self.cache / "synthetic", folder / "synthetic")
        return folder

    def resume(self, verb: str, folder: Path) -> list[str]:
        """The command line that goes on with a run."""
        return [verb, "--quiet", "--resume", str(folder)]

    def runs(self, case: str) -> Path:
        """The folder of a case's runs."""
        return self.folder / f"runs-{case}"

    def run_folder(self, verb: str, case: str, name: str = "run") -> Path:
        """Where a case's run is."""
        return self.runs(case) / verb / name

    def start(self, words: list[str], case: str, prepare: Prepare | None = None) -> Child:
        """Start a command line of a case; it draws no pictures."""

        def before() -> None:
            without_pictures()
            if prepare is not None:
                prepare()

        return Child(words, self.folder / f"stderr-{case}", before)

    def execute(self, words: list[str], case: str, prepare: Prepare | None = None) -> Ended:
        """A command line of a case to its end."""
        return self.start(words, case, prepare).wait()

    def clean(self, case: str) -> None:
        """Remove what a case that held has left."""
        for kind in ("runs", "cache"):
            shutil.rmtree(self.folder / f"{kind}-{case}", ignore_errors=True)
        for kind in ("stderr", "steps", "moment"):
            for path in (*self.folder.glob(f"{kind}-{case}"), *self.folder.glob(f"{kind}-{case}-*")):
                path.unlink()

    def seen(self, case: str, faults: Sequence[str], seconds: float, note: str = "") -> Seen:
        """What a case came to; what one that held has left is removed."""
        fault = "; ".join(filter(None, faults))
        if not fault:
            self.clean(case)
        return Seen(fault, seconds, note)

    def count_steps(self, case: str) -> None:
        """Have this process count every batch that is done, where a kill leaves the count."""
        done = count(self.folder / f"steps-{case}")

        def counting(step: Callable[..., Any]) -> Callable[..., Any]:
            def counted(*arguments: Any) -> Any:
                made = step(*arguments)
                done()
                return made

            return counted

        for work in (BilevelSearch, Training):
            work.step = counting(work.step)  # type: ignore[method-assign]

    def steps(self, case: str) -> int:
        """Batches that the processes of a case have done."""
        path = self.folder / f"steps-{case}"
        return path.stat().st_size if path.exists() else 0

    def steps_an_epoch(self, verb: str) -> int:
        """Batches an epoch of the small run."""
        self.reference(verb, 0)
        return self.steps(f"reference-{verb}-0") // EPOCHS

    def saves(self, verb: str) -> int:
        """Checkpoints that the small run writes: in each epoch by steps, and at its end."""
        return EPOCHS * (self.steps_an_epoch(verb) // STEPS + 1)

    def reference(self, verb: str, workers: int) -> tuple[Outcome, float]:
        """The uninterrupted run's outcome and seconds, made at the first call."""
        if (verb, workers) not in self._known:
            self.prepare()
            case = f"reference-{verb}-{workers}"
            folder, times = self.run_folder(verb, case), self.folder / f"seconds-{verb}-{workers}"
            if not times.exists():
                # the first run of all makes the faces and the crops
                for name in (case,) if self.cache.exists() else (f"warm-{verb}-{workers}", case):
                    words, counting = self.arguments(verb, workers, name), partial(self.count_steps, name)
                    ended = self.start(words, name, counting).wait(PREPARE_S)
                    assert ended.code == 0, ended.stderr
                times.write_text(str(ended.seconds))
            self._known[verb, workers] = outcome(folder), float(times.read_text())
        return self._known[verb, workers]

    def references(self, *workers: int, killed: bool = False) -> None:
        """Make the uninterrupted runs with these numbers of loader workers, and with `killed` killed ones."""
        for verb in VERBS:
            for number in workers:
                self.reference(verb, number)
                if killed:
                    self.killed(verb, number)

    def killed(self, verb: str, workers: int) -> Path:
        """A run killed in its fifth save, made at the first call: a checkpoint and the one before it."""
        self.prepare()
        case = f"killed-{workers}"
        folder = self.run_folder(verb, case)
        if not folder.exists():
            ended = self.execute(
                self.arguments(verb, workers, case),
                case,
                partial(at_call, checkpoint, "write_synced", 2 * 5, kill_me),
            )
            assert ended.code == -signal.SIGKILL, ended.stderr
        return folder

    def copy_killed(self, verb: str, workers: int, case: str) -> Path:
        """A copy of the killed run as a case's run."""
        folder = self.run_folder(verb, case)
        shutil.copytree(self.killed(verb, workers), folder)
        return folder

    def differences(self, verb: str, workers: int, folder: Path) -> str:
        """What in a finished run is not as in the uninterrupted one; empty if nothing."""
        try:
            return ", ".join(outcome(folder).differences(self.reference(verb, workers)[0]))
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            return f"cannot be read: {error!r}"
