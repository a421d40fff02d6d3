"""What the strategies of a search share: two cells, and the genotype at the end."""

from abc import abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from autofas.config.search import SearchConfig
from autofas.data.catalog import protocol_label
from autofas.data.opening import OpenedDatasets
from autofas.models.build import build
from autofas.models.genotype import Cell, Genotype, genotype_from_cells, save_genotype
from autofas.models.network import Network
from autofas.models.space import Space
from autofas.runs.provenance import commit
from autofas.search.curvature import overshoot
from autofas.search.finalists import BriefTraining, Finalist
from autofas.search.halved import HalvedWork
from autofas.search.history import Floats
from autofas.search.layouts import Layouts
from autofas.search.verdict import Verdict, write_verdict


@dataclass(frozen=True)
class SearchResult:
    """What a search ends with: the genotype, alphas before and after every epoch, a row an epoch or trial.

    `path` is the run folder, None where nothing was written; `verdict` says what the alphas decided, None
    where there are none; `front` are the rows of the trials that no other beats, of a search by trials;
    `overshoot` is how many epochs at the end do not count, of a search that ended early.
    """

    genotype: Genotype
    history: list[dict[str, Floats]]
    results: list[dict[str, Any]]
    path: Path | None
    verdict: Verdict | None = None
    front: list[dict[str, Any]] = field(default_factory=list)
    overshoot: int = 0

    @property
    def counted(self) -> dict[str, Floats]:
        """The alphas that the verdict is about: the last ones but `overshoot`."""
        return self.history[-1 - self.overshoot]


class Strategy(HalvedWork[SearchResult]):
    """A way to search: `open` divides the training split into halves, `choose` ends with two cells.

    `choose` leaves in `found` the space with the layout that it chose; it is as it came where none was.
    """

    verb = "search"

    def __init__(
        self, config: SearchConfig, space: Space, device: torch.device, datasets: OpenedDatasets
    ) -> None:
        super().__init__(config, space, device, datasets)
        self.layouts = Layouts(space, config)
        self.limits, self.found = self.layouts.limits, space
        self.history: list[dict[str, Floats]] = []

    def open(self, *, fresh: bool) -> None:
        """The halves; a note where the space leaves open what this search does not choose."""
        super().open(fresh=fresh)
        if self.space.variants.open and len(self.layouts.all) == 1:
            self.run.log(
                f"note: space {self.space.name} leaves {', '.join(self.space.variants.open)} open; "
                f"{self.config.strategy} keeps its layout; --finalists 16 or a search by trials chooses one"
            )

    @abstractmethod
    def choose(self) -> tuple[tuple[Cell, Cell], str]:
        """The normal and the reduction cell that the search ends with, and the rule that chose them."""

    def network_of(self, one: Finalist) -> Network:
        """A finalist's network, its weights drawn from the search's seed."""
        genotype = genotype_from_cells(one.space, *one.cells, one.rule)
        modality = self.config.data.modalities[0]
        return self.seeded(lambda: build(genotype, supervision=self.config.supervision, modality=modality))

    def begin_brief(self, one: Finalist) -> BriefTraining:
        """A finalist's training on the weight half, from the search's seed."""
        return self.brief_training(self.network_of(one))

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
            "epochs": config.epochs if self.history or self.results else 0,
            "commit": commit(),
            **(self.limits.facts if self.limits else {}),
        }
        genotype = genotype_from_cells(self.found, *cells, rule, provenance)
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
        late = overshoot(config, self.results)
        return SearchResult(genotype, self.history, self.results, path, verdict, overshoot=late)
