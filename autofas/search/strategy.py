"""What the strategies of a search share: the halves of the training split, and the genotype at the end."""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from autofas.config.search import SearchConfig
from autofas.data.batches.groups import Groups, groups_of
from autofas.data.batches.loader import Loader
from autofas.data.catalog import protocol_label
from autofas.data.opening import OpenedDatasets
from autofas.data.protocols.partition import missing_instruments, split_halves
from autofas.models.genotype import Cell, Genotype, genotype_from_cells, save_genotype
from autofas.models.space import Space
from autofas.runs.lifecycle import Resumable
from autofas.runs.progress import progress
from autofas.runs.provenance import commit
from autofas.runs.resume import identity
from autofas.runs.training_batches import training_loader, whole_batch
from autofas.search.history import Floats


@dataclass(frozen=True)
class SearchResult:
    """What a search ends with: the genotype, alphas before and after every epoch, a row an epoch.

    `path` is the run folder, None where nothing was written.
    """

    genotype: Genotype
    history: list[dict[str, Floats]]
    results: list[dict[str, Any]]
    path: Path | None


class Strategy(Resumable[SearchResult]):
    """A way to search: `open` divides the training split into halves, `choose` ends with two cells."""

    verb = "search"
    config: SearchConfig

    def __init__(
        self, config: SearchConfig, space: Space, device: torch.device, datasets: OpenedDatasets
    ) -> None:
        super().__init__(config, device)
        self.space, self.datasets = space, datasets
        self.history: list[dict[str, Floats]] = []

    @abstractmethod
    def choose(self) -> tuple[tuple[Cell, Cell], str]:
        """The normal and the reduction cell that the search ends with, and the rule that chose them."""

    def open(self, *, fresh: bool) -> None:
        """Read the training split and divide it by subject: a half for the weights, one for the alphas."""
        config = self.config
        size = config.input_size or self.space.layout.input_size
        with progress("opening the data set", shown=self.run.echo) as report:
            dataset = self.datasets.divided(config.data, report)
        dataset.need_both_classes("train")
        weight_rows, arch_rows = split_halves(dataset.split("train"), 1 - config.arch_share, config.seed)
        for rows in (weight_rows, arch_rows):
            whole_batch(config, rows)  # too few are told before anything is decoded
        groups = groups_of(weight_rows, config.balance_by) if config.balance_by else None
        halves = {"the weights' half of train": weight_rows, "the architecture's half of train": arch_rows}
        for note in (*dataset.notes, *missing_instruments(halves)):
            self.run.log(f"note: {note}")
        with progress("preparing faces", shown=self.run.echo) as report:
            store = self.datasets.crops(config.data, size, report)
        self.identity = identity(dataset, store)
        self.run.log(
            f"{dataset.name}: {len(weight_rows)} frames of {weight_rows['subject'].nunique()} subjects "
            f"for the weights, {len(arch_rows)} of {arch_rows['subject'].nunique()} subjects "
            "for the architecture"
        )

        def loader(rows: Any, seed: int, groups: Groups | None = None) -> Loader:
            return training_loader(config, store, rows, seed=seed, device=self.device, groups=groups)

        self.weight_loader = loader(weight_rows, 2 * config.seed, groups)
        self.arch_loader = loader(arch_rows, 2 * config.seed + 1)
        torch.manual_seed(config.seed)

    def finish(self) -> SearchResult:
        """Write the genotype of the chosen cells."""
        cells, rule = self.choose()
        config, run = self.config, self.run
        provenance: dict[str, str | int | float | bool | None] = {
            **({"run": run.name} if run.name else {}),
            "command": "search",
            "strategy": config.strategy,
            "dataset": config.data.dataset,
            "protocol": protocol_label(config.data.dataset, config.data.protocol),
            "seed": config.seed,
            "epochs": config.epochs if self.history else 0,
            "commit": commit(),
        }
        genotype = genotype_from_cells(self.space, *cells, rule, provenance)
        if run.writes:
            save_genotype(genotype, run.path / "genotype.json")
            run.log(f"genotype: {run.path / 'genotype.json'}")
        return SearchResult(genotype, self.history, self.results, run.path if run.has_folder else None)
