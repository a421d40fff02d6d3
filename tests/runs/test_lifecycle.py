"""A run's life on work that only counts: the order of its phases, and that stopping changes nothing."""

import os
import random
import signal
from itertools import count
from typing import ClassVar

import pytest
import torch

from autofas.config.run import RunConfig
from autofas.errors import RunError
from autofas.runs.checkpoint import load_checkpoint
from autofas.runs.lifecycle import Resumable, carry_through
from autofas.runtime.interruption import Interrupted, handling

CPU = torch.device("cpu")


class Batches:
    """A loader of four batches an epoch that stands at the next one's first after the last."""

    def __init__(self):
        self.at = 0

    def __len__(self):
        return 4

    def __iter__(self):
        while True:
            self.at = (self.at + 1) % 4
            yield self.at
            if self.at == 0:
                return


class Counting(Resumable[list]):
    """Adds up random numbers, two epochs of four batches; `phases` is what it was asked to do."""

    verb = "search"
    phases: list[str]
    spoil: ClassVar = {}  # what to do in a phase before it begins

    def __init__(self, config, device):
        super().__init__(config, device)
        type(self).phases = []
        self.numbers = []

    rounds = 2

    def enter(self, phase):
        self.phases.append(phase)
        self.spoil.get(phase, lambda: None)()

    def open(self, *, fresh):
        self.enter("open" if fresh else "open to go on")
        self.loader = Batches()
        self.run.log("opened")

    def do_round(self):
        self.enter("round")
        for _ in self.batches(self.loader):
            self.enter("step")
            self.numbers.append(random.random())
        row = {"epoch": self.done + 1, "sum": sum(self.numbers), "seconds": self.seconds}
        self.numbers = []
        return row

    def place(self):
        return self.done, len(self.numbers)

    def told(self, row):
        return f"sum {row['sum']:.6f}"

    def save(self):
        self.enter("save")
        super().save()

    def state(self):
        return {"numbers": self.numbers, "at": self.loader.at}

    def load(self, state):
        self.enter("load")
        self.numbers, self.loader.at = list(state["numbers"]), state["at"]

    def finish(self):
        self.enter("finish")
        return [row["sum"] for row in self.results]


def spoiled(**acts):
    return type("Spoiled", (Counting,), {"spoil": acts})


def config(tmp_path, **changes):
    return RunConfig(runs_dir=str(tmp_path), threads=1, device="cpu", **changes)


def log(folder):
    """The log without times."""
    return [line.split()[2:5] for line in (folder / "log.txt").read_text().splitlines()]


def test_the_phases_come_in_order(tmp_path):
    carry_through(Counting, config(tmp_path, checkpoint_steps=3), quiet=True, notes=["a note"])
    one_round = ["round", *["step"] * 3, "save", "step", "save"]
    assert Counting.phases == [
        "open",
        *one_round,
        "round",
        "step",
        "step",
        "step",
        "save",
        "step",
        "save",
        "finish",
    ]
    assert [line[0] for line in log(tmp_path / "search" / "exp")] == ["note:", "opened", "epoch", "epoch"]


@pytest.mark.parametrize("batch", range(1, 9))
def test_stopped_at_any_batch_it_goes_on_as_if_it_had_not_been(tmp_path, batch):
    whole = carry_through(Counting, config(tmp_path, name="whole"))
    steps = count(1)
    stop = spoiled(step=lambda: next(steps) == batch and os.kill(os.getpid(), signal.SIGINT))
    with handling(), pytest.raises(Interrupted) as stopped:
        carry_through(stop, config(tmp_path, name="stopped"))
    folder = tmp_path / "search" / "stopped"
    assert stop.phases.count("step") == batch  # the batch is finished, and none begun after it
    assert str(folder) in stopped.value.hint
    assert carry_through(Counting, config(tmp_path, name="stopped"), resume=str(folder)) == whole
    assert Counting.phases[:2] == ["open to go on", "load"]
    assert Counting.phases.count("step") == 8 - batch
    assert log(folder) == log(tmp_path / "search" / "whole")


def fall():
    raise RunError("fallen")


@pytest.mark.parametrize(("phase", "kept"), [("open", False), ("step", True)])
def test_a_run_that_could_not_begin_leaves_no_folder(tmp_path, phase, kept):
    runs = tmp_path / "runs"
    with pytest.raises(RunError, match="fallen"):
        carry_through(spoiled(**{phase: fall}), config(runs))
    assert (runs / "search" / "exp").exists() == kept
    assert runs.exists() == kept  # nor the folders made on the way


def test_a_run_that_could_not_begin_leaves_folders_that_others_are_in(tmp_path):
    (tmp_path / "search").mkdir()
    with pytest.raises(RunError, match="fallen"):
        carry_through(spoiled(open=fall), config(tmp_path))
    assert list(tmp_path.iterdir()) == [tmp_path / "search"]


def test_a_row_of_results_is_never_ahead_of_its_checkpoint(tmp_path):
    saves = count(1)
    with pytest.raises(RunError, match="fallen"):
        carry_through(spoiled(save=lambda: next(saves) == 2 and fall()), config(tmp_path))
    folder = tmp_path / "search" / "exp"
    assert load_checkpoint(folder, pytest.fail)["epoch"] == 1
    assert (folder / "results.csv").read_text().count("\n") == 2


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("epoch", 3, "epoch 3 of 2"),
        ("epoch", True, "epoch True of 2"),
        ("results", [{"epoch": 2}], "rows of other epochs than 1 to 1"),
        ("results", [{"epoch": 1, "sum": None}], "something other than text and numbers"),
    ],
)
def test_a_checkpoint_that_this_run_cannot_have_saved_is_refused(tmp_path, monkeypatch, key, value, line):
    from autofas.runs import resume

    saves = count(1)
    with pytest.raises(RunError, match="fallen"):
        carry_through(spoiled(save=lambda: next(saves) == 2 and fall()), config(tmp_path))
    folder = tmp_path / "search" / "exp"
    real = resume.load_checkpoint
    monkeypatch.setattr(resume, "load_checkpoint", lambda *given: {**real(*given), key: value})
    with pytest.raises(RunError, match=f"the checkpoint does not fit this run .*{line}"):
        carry_through(Counting, config(tmp_path), resume=str(folder))
