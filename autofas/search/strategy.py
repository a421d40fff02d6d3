"""What the strategies of a search share: the halves of the training split, and the genotype at the end."""

from abc import abstractmethod
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from autofas.config.search import SearchConfig
from autofas.data.batches.crop_store import FrameStore
from autofas.data.batches.groups import Groups, groups_of
from autofas.data.batches.loader import Loader
from autofas.data.catalog import protocol_label
from autofas.data.opening import OpenedDatasets
from autofas.data.protocols.halves import Halves, apart, search_halves
from autofas.data.protocols.partition import missing_instruments
from autofas.models.build import build
from autofas.models.genotype import Cell, Genotype, genotype_from_cells, save_genotype
from autofas.models.space import Space
from autofas.runs.lifecycle import Resumable
from autofas.runs.progress import progress
from autofas.runs.provenance import commit
from autofas.runs.resume import identity
from autofas.runs.training_batches import training_loader, whole_batch
from autofas.search.finalists import BriefTraining, Finalist
from autofas.search.history import Floats
from autofas.search.limits import limits_of
from autofas.search.verdict import Verdict, write_verdict


@dataclass(frozen=True)
class SearchResult:
    """What a search ends with: the genotype, alphas before and after every epoch, a row an epoch.

    `path` is the run folder, None where nothing was written; `verdict` says what the alphas decided, None
    where there are none.
    """

    genotype: Genotype
    history: list[dict[str, Floats]]
    results: list[dict[str, Any]]
    path: Path | None
    verdict: Verdict | None = None


class Strategy(Resumable[SearchResult]):
    """A way to search: `open` divides the training split into halves, `choose` ends with two cells."""

    verb = "search"
    config: SearchConfig

    def __init__(
        self, config: SearchConfig, space: Space, device: torch.device, datasets: OpenedDatasets
    ) -> None:
        super().__init__(config, device)
        self.space, self.datasets = space, datasets
        self.limits = limits_of(config, space)
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
        rows = dataset.split("train")
        halves = search_halves(rows, 1 - config.arch_share, config.seed, config.arch_split)
        weight_rows, arch_rows = halves
        for half in halves:
            whole_batch(config, half)  # too few are told before anything is decoded
        groups = groups_of(weight_rows, config.balance_by) if config.balance_by else None
        parts = {"the weights' half of train": weight_rows, "the architecture's half of train": arch_rows}
        missing = missing_instruments(parts) if config.arch_split != "pai" else ()
        for note in (*dataset.notes, *missing):
            self.run.log(f"note: {note}")
        with progress("preparing faces", shown=self.run.echo) as report:
            store = self.datasets.crops(config.data, size, report)
        self.identity = identity(dataset, store)
        self.run.log(
            f"{dataset.name}: {len(weight_rows)} frames of {weight_rows['subject'].nunique()} subjects "
            f"for the weights, {len(arch_rows)} of {arch_rows['subject'].nunique()} subjects "
            "for the architecture"
        )
        if config.arch_split != "subject":
            self.run.log(apart(halves, config.arch_split, len(rows)))

        self._make_loaders(store, halves, groups)
        torch.manual_seed(config.seed)

    def _make_loaders(self, store: FrameStore, halves: Halves, groups: Groups | None) -> None:
        """The loaders of both halves, and those that are made anew for every epoch or network."""
        config, (weight_rows, arch_rows) = self.config, halves
        self._training = partial(
            training_loader, config, store, weight_rows, device=self.device, groups=groups
        )
        self._plain = partial(
            Loader,
            store,
            arch_rows,
            batch_size=whole_batch(config, arch_rows),
            balance=config.balance,
            drop_last=True,
            modalities=config.data.modalities,
            device=self.device,
            prefetch=0,
        )
        self.weight_loader = self._training(seed=2 * config.seed)
        self.arch_loader = training_loader(
            config, store, arch_rows, seed=2 * config.seed + 1, device=self.device
        )

    def plain_loader(self) -> Loader:
        """An epoch of the architecture half as it is, not augmented, in batches as in the search."""
        return self._plain(seed=self.config.seed)

    def begin_brief(self, one: Finalist) -> BriefTraining:
        """A finalist's training on the weight half, from the search's seed."""
        config = self.config
        torch.manual_seed(config.seed)
        genotype = genotype_from_cells(self.space, *one.cells, one.rule)
        modality = config.data.modalities[0]
        network = build(genotype, supervision=config.supervision, modality=modality).to(self.device)
        return BriefTraining(network, config.finalist, self._training(seed=2 * config.seed))

    def judged(self, cells: tuple[Cell, Cell]) -> Verdict | None:
        """What the search decided; None for a strategy without alphas."""
        return None

    def finish(self) -> SearchResult:
        """Write the genotype of the chosen cells, and the verdict."""
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
            **(self.limits.facts if self.limits else {}),
        }
        genotype = genotype_from_cells(self.space, *cells, rule, provenance)
        if self.limits:
            cost = self.limits.checked(genotype)
            run.log(f"within the limits: {cost.params:,} parameters, {cost.macs:,} MACs at {cost.input}")
        verdict = self.judged(cells)
        if run.writes:
            save_genotype(genotype, run.path / "genotype.json")
            run.log(f"genotype: {run.path / 'genotype.json'}")
            if verdict is not None:
                write_verdict(run.path, verdict)
        path = run.path if run.has_folder else None
        return SearchResult(genotype, self.history, self.results, path, verdict)
