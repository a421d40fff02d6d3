"""Which point a worker does next: every point once, as many as were asked for, those of dead workers again.

Nothing but the study decides, so a worker may be killed between any two of its operations:

- a trial whose worker is dead is failed by whoever notices; a failed trial that says no reason is a lost one;
- a lost point that no other trial has is proposed again, by whoever comes first;
- a worker writes the point's key into its trial before it looks at the others', and gives way to any other
  trial with that key: of two that come together at most one goes on;
- trials are counted by their numbers, so of two that would be the last the earlier goes on.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from autofas.runtime import ranks
from autofas.search.trials.points import Point, key_of
from autofas.search.trials.workers import Watch, WorkerName, known_dead

POLL_S = 0.5
FORGETS_KEY_S = 60.0
"""After how long a trial that has been begun but names no point is taken for one of a dead worker."""


class Proposed(Protocol):
    """A new trial of the engine: its number and its point, and where notes of it are kept."""

    @property
    def number(self) -> int: ...
    @property
    def params(self) -> dict[str, Any]: ...
    def set_user_attr(self, key: str, value: Any) -> None: ...


class Kept(Protocol):
    """A trial as the study has it."""

    @property
    def number(self) -> int: ...
    @property
    def state(self) -> Any: ...
    @property
    def params(self) -> dict[str, Any]: ...
    @property
    def user_attrs(self) -> dict[str, Any]: ...


class Study(Protocol):
    """What claims ask of a study."""

    def trials(self) -> Sequence[Kept]:
        """Every trial, by number."""
        ...

    def ask(self, index: int, fixed: Point | None, tries: int) -> Proposed | None:
        """A new trial: the fixed point, or the strategy's after `index` points and `tries` vain ones; None
        where the space has no more."""
        ...

    def passes_over(self, trial: Any) -> bool:
        """Tell the strategy of a trial's point that is beyond the limits, and return True; else False."""
        ...

    def fail(self, number: int) -> None:
        """Fail a trial, unless it has ended meanwhile."""
        ...


def finished(trial: Kept) -> bool:
    """True if a trial has come to its end: it counts as one of those asked for."""
    return trial.state.name in ("COMPLETE", "PRUNED") and "void" not in trial.user_attrs


def at_work(trial: Kept) -> bool:
    """True if somebody is at it."""
    return trial.state.name == "RUNNING" and "void" not in trial.user_attrs


def is_lost(trial: Kept) -> bool:
    """True if its worker was killed: it has a point, and failed without a reason."""
    return trial.state.name == "FAIL" and "void" not in trial.user_attrs and "key" in trial.user_attrs


def decided(trials: Sequence[Kept]) -> int:
    """How many points the strategy has decided: what a seed's next point depends on beside the results.

    Trials of a point that was lost and is done again, and those that came too late, decide nothing.
    """
    return sum(
        "key" in t.user_attrs and "again" not in t.user_attrs and t.user_attrs.get("void") != "surplus"
        for t in trials
    )


def lost_points(trials: Sequence[Kept]) -> list[Kept]:
    """The lost trials whose points nobody else has done or is at, the earliest first."""
    taken = {t.user_attrs.get("key") for t in trials if not is_lost(t) and "void" not in t.user_attrs}
    found: dict[str, Kept] = {}
    for trial in trials:
        if is_lost(trial) and trial.user_attrs["key"] not in taken:
            found.setdefault(trial.user_attrs["key"], trial)
    return list(found.values())


class Claims:
    """One worker's way to its next trial. `wanted` is how many trials the study is to have."""

    def __init__(self, study: Study, wanted: int, name: WorkerName, watch: Watch | None = None) -> None:
        self.study, self.wanted, self.name = study, wanted, name
        self.watch = watch or Watch()
        self._unnamed = Watch(FORGETS_KEY_S)

    def next(self, waiting: Callable[[], None] = lambda: None) -> Proposed | None:
        """The worker's next trial; None once all that were asked for have ended, or the space has no more.

        While others are at the last ones it waits, in case one of them dies, and calls `waiting`.
        """
        tries = 0
        while True:
            self.sweep()
            trials = self.study.trials()
            if sum(map(finished, trials)) >= self.wanted:
                return None
            lost = lost_points(trials)
            if not lost and sum(finished(t) or at_work(t) for t in trials) >= self.wanted:
                waiting()
                ranks.check()
                time.sleep(POLL_S)
                continue
            fixed = dict(lost[0].params) if lost else None
            trial = self.study.ask(decided(trials), fixed, tries)
            if trial is None:
                return None
            if lost:
                trial.set_user_attr("again", lost[0].number)
            if self.claimed(trial):
                return trial
            tries += not lost

    def claimed(self, trial: Proposed) -> bool:
        """Take a new trial, or void and fail it where its point is another's or enough are there."""
        trial.set_user_attr("worker", str(self.name))
        key = key_of(trial.params)
        trial.set_user_attr("key", key)  # before the others are looked at
        others = [t for t in self.study.trials() if t.number != trial.number and not is_lost(t)]
        if any(t.user_attrs.get("key") == key and self._holds(t) for t in others):
            reason = "duplicate"
        elif sum(finished(t) or (at_work(t) and t.number < trial.number) for t in others) >= self.wanted:
            reason = "surplus"
        else:
            return not self.study.passes_over(trial)
        trial.set_user_attr("void", reason)
        self.study.fail(trial.number)
        return False

    @staticmethod
    def _holds(trial: Kept) -> bool:
        """True if a trial keeps others from its point: done, beyond the limits, or somebody is at it."""
        return trial.user_attrs.get("void") in (None, "beyond")

    def sweep(self) -> None:
        """Fail the trials of workers that are dead."""
        for trial in self.study.trials():
            if trial.state.name == "RUNNING" and self._is_dead(trial):
                self.study.fail(trial.number)

    def _is_dead(self, trial: Kept) -> bool:
        named = trial.user_attrs.get("worker")
        name = WorkerName.parse(named) if isinstance(named, str) else None
        if name is None:
            return self._unnamed.silent(trial.number, None)
        if name == self.name:
            return False
        return known_dead(name) or self.watch.silent(trial.number, trial.user_attrs.get("beat"))
