"""A search by trials as a run: a study, the workers at it, and at the end its table, its front and its best.

The study alone says what is done, so there are no checkpoints: `--resume` opens it again, and a worker that
joins it from elsewhere needs nothing of this run but the study.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from autofas.config.search import SearchConfig
from autofas.data.opening import OpenedDatasets
from autofas.errors import ConfigError, RunError
from autofas.models.genotype import Cell
from autofas.models.space import Space
from autofas.runtime import ranks
from autofas.search.layouts import Layouts
from autofas.search.strategy import SearchResult, Strategy
from autofas.search.trials import storage
from autofas.search.trials.bench import Bench
from autofas.search.trials.claims import Claims
from autofas.search.trials.files import write_trials
from autofas.search.trials.points import cells_of, laid_out, point_from_key
from autofas.search.trials.processes import crowding, other_workers
from autofas.search.trials.proposals import Proposals
from autofas.search.trials.table import Row, best_row, front_rows, trial_rows
from autofas.search.trials.worker import Worker
from autofas.search.trials.workers import own_name


class TrialSearch(Strategy):
    """Trials of networks whose points a strategy proposes, by this process and others.

    With `joined`, the storage and the name of a study, it is one more worker of that one.
    """

    unit = "trial"

    def __init__(
        self,
        config: SearchConfig,
        space: Space,
        device: torch.device,
        datasets: OpenedDatasets,
        accept_changed: Sequence[str] = (),
        joined: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(config, space, device, datasets)
        if ranks.world_size() > 1:
            raise ConfigError(
                f"strategy {config.strategy} shares work by --workers and --join; start it without torchrun"
            )
        self.accept_changed, self.joined = accept_changed, joined
        self.rows: list[Row] = []

    def finish(self) -> SearchResult:
        """Do the trials that are left, then write table, front and the best genotype."""
        with ExitStack() as stack:
            place, study = self._joined() if self.joined else self._own(stack)
            self.run.log(
                f"study {study.study_name} in {storage.shown(place)}: {self.config.wanted} trials of at most "
                f"{self.config.epochs} epochs"
            )
            if note := crowding(self.config):
                self.run.log(note)
            folder = self.run.path if self.run.has_folder else None
            with other_workers(self.config, place, study.study_name, folder):
                self._work(study)
            self.rows = trial_rows(list(study.get_trials(deepcopy=False)))
        front = front_rows(self.rows, self.config.objectives)
        self.results = self.rows
        write_trials(self, self.rows, front)
        return replace(super().finish(), front=front)

    def choose(self) -> tuple[tuple[Cell, Cell], str]:
        """The cells of the trial with the least error."""
        if not self.rows:
            raise RunError(f"study in {self.run.path}: no trial has ended, so there is no network to choose")
        best = best_row(self.rows, self.config.objectives)
        error = f"error {100 * best['error']:.2f} %, {best['params']:,} parameters"
        self.run.log(f"best: trial {best['trial']}, {error}")
        point = point_from_key(self.space, best["point"])
        self.found = laid_out(self.space, point)
        return cells_of(self.space, point), self.config.strategy

    def save_if_new(self) -> None:
        """Nothing to save: the study holds what has ended, and what was cut short is done again."""

    def described_place(self) -> str:
        return "the trials of its study"

    def _own(self, stack: ExitStack) -> tuple[str, Any]:
        """The place and the study of this run: a new one, or where it goes on the one that it had."""
        config, run = self.config, self.run
        name = config.study.name or f"{self.space.name}-{config.strategy}-seed{config.seed}"
        if config.study.storage is not None:
            place = config.study.storage
        elif run.has_folder:
            place = str(run.path / storage.JOURNAL)
        else:
            place = str(Path(stack.enter_context(TemporaryDirectory(prefix="autofas-"))) / storage.JOURNAL)
        if not run.made and name in storage.study_names(place):
            study = storage.load_study(place, name, config.study.pruner, config.epochs)
            self._require_same(storage.about(study, place), place)
            storage.describe(study, self._about())  # what a resumed run has changed holds for those that join
            return place, study
        return place, storage.create_study(place, config, name, self._about())

    def _joined(self) -> tuple[str, Any]:
        assert self.joined is not None
        place, name = self.joined
        study = storage.load_study(place, name, self.config.study.pruner, self.config.epochs)
        self._require_same(storage.about(study, place), place)
        return place, study

    def _about(self) -> dict[str, Any]:
        """What a worker needs that joins: how trials are run, the space, and which data they see."""
        values = self.config.model_dump(mode="json") | {"runs_dir": None, "name": None, "threads": None}
        values["tensorboard"] = False  # a trial has no folder
        values["data"]["cache_dir"] = None
        values["study"]["storage"] = None
        return {"config": values, "space": self.space.model_dump(mode="json"), "identity": self.identity}

    def _require_same(self, known: Mapping[str, Any], place: str) -> None:
        """Raise RunError where data or code are not those that the study was started with."""
        for part, values in self.identity.items():
            before = known["identity"].get(part, {})
            changed = [key for key in sorted({*before, *values}) if before.get(key) != values.get(key)]
            if changed and part not in self.accept_changed:
                raise RunError(
                    f"the study in {storage.shown(place)} was started with other {part} "
                    f"({', '.join(changed)} differ); use --accept-changed {part} to work at it anyway"
                )

    def _work(self, study: Any) -> None:
        """Be one of its workers until it has as many trials as were asked for."""
        from autofas.search.trials.engine import OptunaStudy  # needs the extra when it is imported

        config = self.config
        bench = Bench(self, config.objectives, config.study.proxy)
        choose = bench.best_by_proxy if config.study.proxy else None
        proposals = Proposals(config, self.space, self.layouts, choose)
        excess = partial(excess_of, self.space, self.layouts) if self.limits else None
        engine = OptunaStudy(study, config, proposals, bench, excess)
        Worker(engine, Claims(engine, config.wanted, own_name()), bench, self.run.log).run()


def excess_of(space: Space, layouts: Layouts, point: Mapping[str, int]) -> dict[str, float]:
    """By how much the network of a point exceeds each limit, as a share of it; positive is beyond."""
    return layouts.excess(laid_out(space, point), cells_of(space, point))
