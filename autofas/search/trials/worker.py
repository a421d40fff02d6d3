"""A worker: takes trials of a study until as many have ended as were asked for."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from autofas.search.brief_training import Judgement
from autofas.search.trials.bench import Bench
from autofas.search.trials.claims import Claims
from autofas.search.trials.engine import OptunaStudy
from autofas.search.trials.table import trial_rows
from autofas.search.trials.workers import BEAT_S


class Worker:
    """One process at a study; `told` gets a line a trial."""

    def __init__(self, study: OptunaStudy, claims: Claims, bench: Bench, told: Callable[[str], None]) -> None:
        self.study, self.claims, self.bench, self.told = study, claims, bench, told
        self.done = 0

    def run(self) -> int:
        """Do trials until the study has its number; how many this worker did."""
        while (trial := self.claims.next()) is not None:
            try:
                self._do(trial)
            except BaseException:  # a signal too: the trial is done again, by this run or another worker
                with suppress(Exception):
                    self.study.fail(trial.number)
                raise
            self.done += 1
        ended = len(trial_rows(self.study.trials()))
        if ended < self.claims.wanted:
            self.told(
                f"note: the space has no point left that is new; {ended} trials in place of "
                f"{self.claims.wanted}"
            )
        return self.done

    def _do(self, trial: Any) -> None:
        pace = _Pace(trial)

        def after_epoch(epoch: int, found: Judgement) -> bool:
            pace()
            return self.study.prunes(trial, epoch, 1 - found.auc)

        outcome = self.bench.run(dict(trial.params), after_epoch, pace)
        kept = self.study.tell(trial, outcome.row, self.bench.values(outcome.row), pruned=outcome.pruned)
        if not kept:
            self.told(f"note: trial {trial.number} was taken for dead meanwhile; another worker does it")
            return
        self.told(self._line(trial.number, outcome.row, outcome.pruned))

    def _line(self, number: int, row: dict[str, Any], pruned: bool) -> str:
        """What the log says of a trial."""
        from autofas.analysis.text_tables import count

        rows = trial_rows(self.study.trials())
        best = min((one["error"] for one in rows if one["state"] == "complete"), default=row["error"])
        ended = f"ended after {row['epochs']} epochs" if pruned else f"best {100 * best:.2f} %"
        return (
            f"trial {number}  {len(rows)}/{self.claims.wanted}  error {100 * row['error']:.2f} %  "
            f"{count(row['params'])} parameters  {ended}  {row['seconds']:.1f} s"
        )


class _Pace:
    """Writes a count into a trial as often as others need to see that it goes on."""

    def __init__(self, trial: Any) -> None:
        self._trial, self._count, self._last = trial, 0, time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self._last >= BEAT_S:
            self._count, self._last = self._count + 1, time.monotonic()
            self._trial.set_user_attr("beat", self._count)
