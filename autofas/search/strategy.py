"""What the strategies of a search share: the halves of the training split, and how a search ends."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from autofas.config.search import SearchConfig
from autofas.data.batches.loader import Loader
from autofas.data.catalog import protocol_label
from autofas.data.opening import OpenData, open_data
from autofas.data.protocols.partition import split_halves
from autofas.models.genotype import Genotype, genotype_from_cells, save_genotype
from autofas.models.space import Space
from autofas.runs.progress import log_progress
from autofas.runs.provenance import commit
from autofas.runs.resume import identity
from autofas.runs.run_folder import Run
from autofas.runtime import ranks
from autofas.search.history import Floats


@dataclass(frozen=True)
class SearchResult:
    """What a search ends with: the genotype, alphas before and after every epoch, a row an epoch."""

    genotype: Genotype
    history: list[dict[str, Floats]]
    results: list[dict[str, Any]]
    path: Path


class SearchJob:
    """The training split of a run, divided by subject into the two halves of a search."""

    def __init__(self, config: SearchConfig, space: Space, run: Run, device: torch.device) -> None:
        self.config, self.space, self.run, self.device = config, space, run, device
        self.history: list[dict[str, Floats]] = []
        self.results: list[dict[str, Any]] = []
        size = config.input_size or space.layout.input_size
        with log_progress(run, "reading frames") as progress:
            data = open_data(config.data, size, progress=progress)
        for note in data.dataset.notes:
            run.log(f"note: {note}")
        self.data = data
        self.identity = identity(data)
        self.weight_loader, self.arch_loader = self._loaders(data, device)
        torch.manual_seed(config.seed)

    def _loaders(self, data: OpenData, device: torch.device) -> tuple[Loader, Loader]:
        config, train = self.config, data.dataset.split("train")
        weight_rows, arch_rows = split_halves(train, 1 - config.arch_share, config.seed)
        self.run.log(
            f"{data.dataset.name}: {len(weight_rows)} frames of {weight_rows['subject'].nunique()} subjects "
            f"for the weights, {len(arch_rows)} of {arch_rows['subject'].nunique()} subjects "
            "for the architecture"
        )

        def loader(rows: Any, seed: int) -> Loader:
            return Loader(
                data.store,
                rows,
                batch_size=ranks.share(min(config.batch_size, len(rows)), "a batch"),
                augment=config.augment,
                seed=seed,
                balance=config.balance,
                drop_last=True,
                modalities=config.data.modalities,
                device=device,
                prefetch=2 if config.data.workers else 0,
                rank=ranks.rank(),
                world_size=ranks.world_size(),
            )

        return loader(weight_rows, 2 * config.seed), loader(arch_rows, 2 * config.seed + 1)


def finish(
    config: SearchConfig,
    space: Space,
    run: Run,
    cells: tuple[Any, Any],
    rule: str,
    history: list[dict[str, Floats]],
    results: list[dict[str, Any]],
) -> SearchResult:
    """Write the genotype of two cells into the run folder."""
    provenance: dict[str, str | int | float | bool | None] = {
        "run": run.path.name,
        "command": "search",
        "strategy": config.strategy,
        "dataset": config.data.dataset,
        "protocol": protocol_label(config.data.dataset, config.data.protocol),
        "seed": config.seed,
        "epochs": config.epochs if history else 0,
        "commit": commit(),
    }
    genotype = genotype_from_cells(space, *cells, rule, provenance)
    if run.writes:
        save_genotype(genotype, run.path / "genotype.json")
    run.log(f"genotype: {run.path / 'genotype.json'}")
    return SearchResult(genotype, history, results, run.path)
