"""A run's life from open to finish, written down once: `carry_through`.

A search, a training, a trial: each is a `Resumable`, which says what happens in each phase. When
the phases come, what is logged, when it is saved, how a signal ends it and how it goes on is said here.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from autofas.config.run import RunConfig
from autofas.data.batches.batch import Batch
from autofas.data.batches.loader import Loader
from autofas.runs.checkpoint import Schedule, random_state, restore_random_state, save_checkpoint
from autofas.runs.event_log import EventLog, require_event_log
from autofas.runs.progress import Clock, Progress
from autofas.runs.resume import (
    begin,
    check_progress,
    open_run,
    require_same_identity,
    restoring,
    saved_if_interrupted,
)
from autofas.runs.run_folder import Run
from autofas.runtime import ranks
from autofas.runtime.device import prepare
from autofas.runtime.interruption import deferred
from autofas.storage.files import require_space

Result = TypeVar("Result")
Config = TypeVar("Config", bound=RunConfig)


class Resumable(ABC, Generic[Result]):
    """Work in a run folder that may stop between any two of its batches and go on from there.

    The phases, in the order `carry_through` calls them: `open`; `load` where it goes on; then for every round
    `do_round`, which takes its batches from `batches`, and `save`; `finish`. Work without rounds needs `open`
    and `finish` alone.
    """

    verb: str
    """The command that continues the work, and the folder its runs are in."""

    unit = "epoch"
    """What a round is called in the log."""

    run: Run
    identity: dict[str, dict[str, Any]]
    """What the bits depend on besides the configuration: set in `open`, compared where the work goes on."""

    def __init__(self, config: RunConfig, device: torch.device) -> None:
        self.config, self.device = config, device
        self.done, self.seconds = 0, 0.0  # rounds, and the time spent in the batches of the current one
        self.results: list[dict[str, Any]] = []  # a row a round
        self.identity = {}
        self.schedule = Schedule(config.checkpoint_steps, config.checkpoint_minutes)

    @property
    def name(self) -> str | None:
        """Name of a new run's folder."""
        return self.config.name

    @property
    def facts(self) -> dict[str, str]:
        """What env.json says of how the work is computed, besides device and threads."""
        return {}

    @property
    def rounds(self) -> int:
        """How many rounds there are: epochs or trials."""
        return 0

    @abstractmethod
    def open(self, *, fresh: bool) -> None:
        """Read the data and build all that a round needs; not `fresh`: `load` comes next."""

    @abstractmethod
    def finish(self) -> Result:
        """Write what the work was for, after the last round."""

    def do_round(self) -> dict[str, Any]:
        """Do the next round; its row of results.csv, with its `seconds`."""
        raise NotImplementedError

    def told(self, row: dict[str, Any]) -> str:
        """What the log's line says of a round's row, between its number and its seconds."""
        raise NotImplementedError

    def curves(self) -> Mapping[str, float]:
        """What TensorBoard shows of the round just done besides its row, by name."""
        return {}

    def live_maps(self) -> Mapping[str, Tensor]:
        """Maps (N, m, n) in [0, 1] that TensorBoard shows after a round, by what they are of."""
        return {}

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds of this kind of work; `save` adds what every kind has."""
        raise NotImplementedError

    def load(self, state: dict[str, Any]) -> None:
        """Take over a checkpoint's state; whatever error its content causes becomes a line of its own."""
        raise NotImplementedError

    def place(self) -> tuple[int, int]:
        """Rounds done, and batches of the current one."""
        return self.done, 0

    def described_place(self) -> str:
        """The place in words."""
        return "{} {}, batch {}".format(self.unit, *self.place())

    def state_bytes(self) -> int:
        """Bytes of a checkpoint, roughly; 0 where that is not worth asking for room."""
        return 0

    def saves_after(self, rounds: int) -> bool:
        """True if a checkpoint is written after so many rounds."""
        return True

    def write_tables(self) -> None:
        """Write the rounds done as tables."""
        self.run.write_results(self.results)

    def batches(self, loader: Loader) -> Iterator[Batch]:
        """The rest of a round's batches; between two a run is saved when due, and stops at a signal."""
        started = time.perf_counter() - self.seconds
        what = f"{self.unit} {self.done + 1}/{self.rounds}"
        progress = Progress(what, self.run.echo, terminal_only=True)  # a pipe gets a line a round
        # after an epoch's last batch the loader already stands at the next one's first
        for batch in loader if self.place()[1] < len(loader) else ():
            yield batch
            self.seconds = time.perf_counter() - started
            if self.schedule.due():
                self.save()
            progress(self.place()[1], len(loader))
            ranks.check()
        progress.close()

    def save(self) -> None:
        """Write a checkpoint, on rank 0, and count from now."""
        if self.run.writes:
            save_checkpoint(self.run.path, {**self._common_state(), **self.state()})
        self.schedule.saved(self.place())

    def save_if_new(self) -> None:
        """Save where a signal has stopped the work, unless the last save was at this very place."""
        if not self.schedule.holds(self.place()):
            self.save()

    def restore(self, state: dict[str, Any], accept_changed: Sequence[str]) -> None:
        """Go on from a checkpoint; raises RunError if it is of other data, code or ranks."""
        require_same_identity(self.run, state.get("identity", {}), self.identity, accept_changed)
        check_progress(state, self.unit, self.rounds)
        self.load(state)
        self.done, self.results = int(state["epoch"]), state["results"]
        self.seconds = float(state.get("seconds", 0.0))
        restore_random_state(state["random"])
        self.write_tables()
        self.schedule.saved(self.place())
        self.run.note(f"resumed after {self.described_place()}")

    def _common_state(self) -> dict[str, Any]:
        return {
            "epoch": self.done,
            "seconds": self.seconds,
            "results": self.results,
            "random": random_state(),
            "log_bytes": self.run.log_bytes(),
            "identity": self.identity,
        }


def carry_through(
    make: Callable[[Config, torch.device], Resumable[Result]],
    config: Config,
    *,
    resume: str | None = None,
    accept_changed: Sequence[str] = (),
    quiet: bool = True,
    notes: Sequence[str] = (),
) -> Result:
    """Make the work, open its run folder, begin or go on, do the rounds that are left, finish.

    `resume`, `accept_changed` and `notes` are those of `train`. An error or a signal before the first batch
    leaves no new folder behind; a signal after it waits for the end of the batch, saves, and says how to go
    on. Raises an AutofasError in one line for whatever a user can cause.
    """
    require_event_log(config)
    device, threads = prepare(config.device, config.threads, config.seed)
    work = make(config, device)
    with open_run(config, work.verb, work.name, resume, not quiet) as run:
        work.run = run
        with run.beginning():
            state, changed = begin(run, config, device, threads, accept_changed, notes, work.facts)
            with run.silenced(state is not None):
                for note in run.notes():
                    run.log(f"note: {note}")
                work.open(fresh=state is None)
            if state is not None:
                with restoring(run):
                    work.restore(state, accept_changed)
            if changed:
                run.change(config, changed)
        if run.writes and work.state_bytes():
            require_space(run.path, 3 * work.state_bytes(), "the run")
        with saved_if_interrupted(run, work.verb, work.save_if_new), deferred():
            events = EventLog(run.path, work.done) if config.tensorboard and run.writes else None
            with closing(events) if events else nullcontext():
                _do_rounds(work, events)
            return work.finish()


def _do_rounds(work: Resumable[Any], events: EventLog | None) -> None:
    """The rounds that are left, each with its row, its line in the log, its events and its checkpoint."""
    clock = Clock(work.rounds - work.done)
    while work.done < work.rounds:
        row = work.do_round()
        work.results.append(row)
        work.run.log(
            f"{work.unit} {work.done + 1}/{work.rounds}  {work.told(row)}  "
            f"{row['seconds']:.1f} s, {clock.left()} left"
        )
        if events:
            events.write(work.done + 1, row, work.curves(), work.live_maps())
        work.done, work.seconds = work.done + 1, 0.0
        if work.saves_after(work.done):
            work.save()
        work.write_tables()  # after the checkpoint: a row there is never lost
        ranks.check()
