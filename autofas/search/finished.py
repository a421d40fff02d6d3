"""A finished search by alphas, opened again for what its supernet still knows."""

from pathlib import Path
from typing import Any

import torch

from autofas.config.search import SearchConfig
from autofas.data.opening import OpenedDatasets
from autofas.errors import ConfigError
from autofas.models.genotype import Cell
from autofas.models.space import Space
from autofas.runs.checkpoint import load_checkpoint
from autofas.runs.lifecycle import Resumable, carry_through
from autofas.search.bilevel import BilevelSearch
from autofas.search.curvature import overshoot


def finished_state(folder: Path, config: SearchConfig, work: Resumable[Any], what: str) -> dict[str, Any]:
    """The last checkpoint of a finished search of the data that `work` has opened.

    Raises ConfigError, which begins with `what`, where it is not finished or was of other data.
    """
    state = load_checkpoint(folder, work.run.warn)
    if state is None or not (state["epoch"] >= config.epochs or overshoot(config, state["results"])):
        done = 0 if state is None else state["epoch"]
        raise ConfigError(f"{what} has {done} of its {config.epochs} epochs; finish it, or take another")
    before, now = state["identity"].get("data", {}), work.identity.get("data", {})
    changed = [key for key in sorted({*before, *now}) if before.get(key) != now.get(key)]
    if changed:
        raise ConfigError(f"{what} was searched on other data ({', '.join(changed)} differ)")
    return state


class Reopened(Resumable[tuple[Cell, Cell]]):
    """A finished search without a folder of its own, for its cells by perturbation."""

    verb = "derive"

    def __init__(self, folder: Path, search: BilevelSearch) -> None:
        super().__init__(search.config, search.device)
        self.folder, self.search = folder, search

    def open(self, *, fresh: bool) -> None:
        search = self.search
        search.run = self.run
        search.open(fresh=fresh)
        state = finished_state(self.folder, search.config, search, str(self.folder))
        search.load(state)
        search.done, search.results = int(state["epoch"]), state["results"]

    def finish(self) -> tuple[Cell, Cell]:
        return self.search.perturbed()


def cells_by_perturbation(
    folder: Path, config: SearchConfig, space: Space, *, quiet: bool
) -> tuple[Cell, Cell]:
    """The normal and the reduction cell of a finished search's folder by DARTS-PT.

    `config` is the search's own. Raises ConfigError where the search has not finished or its data changed.
    """
    opened = OpenedDatasets()

    def make(config: SearchConfig, device: torch.device) -> Reopened:
        return Reopened(folder, BilevelSearch(config, space, device, opened))

    return carry_through(
        make, config.model_copy(update={"runs_dir": None, "tensorboard": False}), quiet=quiet
    )
