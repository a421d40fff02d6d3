"""The networks of the experiment's arms: searched, drawn beside a searched one, or designed by hand.

An arm's genotype is found once for each block and kept with the CPU seconds that finding it took. A block has
a data seed, which makes the generated faces, and a search seed.
"""

import json
import shutil
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field, model_validator

from autofas.analysis.space_costs import COSTS, space_costs
from autofas.config.resolve import resolve
from autofas.config.search import SearchConfig
from autofas.data.opening import OpenedDatasets
from autofas.errors import ConfigError
from autofas.models.genotype import Cell, genotype_from_cells, load_genotype, save_genotype
from autofas.models.space import Space, load_space
from autofas.runs.lifecycle import carry_through
from autofas.search.bounds import Bounds, draw_within
from autofas.search.controls import matched, shuffled
from autofas.search.finalists import Finalist, halve
from autofas.search.layouts import Layouts, space_of
from autofas.search.random_draw import RandomDraw
from autofas.search.search import search
from autofas.search.strategy import Strategy
from autofas.storage.files import write_json
from autofas.storage.schema import Schema
from benchmarks.scaled_baselines import Options, scaled_to

AS_WRITTEN = {"finalists": 0, "arch_split": "subject"}
"""What `quick` had when the plans were written; their arms name what they change."""
Cells = tuple[Cell, Cell]
Laid = tuple[Space, Cells]


class Arm(Schema):
    """A search with keys over the preset quick and over another arm's, a draw, or a baseline.

    Draws: `matched`, as many parameters as arm `of` within 10 %, in a layout drawn with the cells where `of`
    could choose one; `shuffled`, its operations on other edges; `largest`, of the most parameters that there
    are; `best`, of `count` matched ones the best after the brief trainings of `of`'s search; `same`, the very
    network that `of` found. A baseline with `of` is scaled in width to as many parameters, within 10 %.
    `training` holds keys over the plan's recipe, which all arms share otherwise.
    """

    search: dict[str, Any] | None = None
    over: str | None = None
    draw: Literal["matched", "shuffled", "largest", "best", "same"] | None = None
    of: str | None = None
    count: int | None = Field(default=None, ge=2)
    baseline: str | None = None
    training: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Arm":
        if sum(value is not None for value in (self.search, self.draw, self.baseline)) != 1:
            raise ValueError("an arm is one of search, draw and baseline")
        relative = self.draw not in (None, "largest")
        wrong_of = (self.of is None) == relative and not (self.baseline and self.of)
        if wrong_of or (self.count is None) == (self.draw == "best"):
            raise ValueError(
                "matched, shuffled, same and best need `of`, a baseline may have it, best needs `count`; "
                "others have neither"
            )
        return self


@dataclass(frozen=True)
class Block:
    """One data seed and one search seed, and where and how everything of it is computed."""

    arms: Mapping[str, Arm]
    space: str
    flags: Mapping[str, Any]
    data_seed: int
    search_seed: int
    work: Path
    datasets: OpenedDatasets

    def named(self, name: str) -> Arm:
        """An arm; raises ConfigError for a name that the plan lacks."""
        if name not in self.arms:
            raise ConfigError(f"the plan has no arm {name}; it has {', '.join(self.arms)}")
        return self.arms[name]

    def genotype(self, name: str) -> tuple[Path, float]:
        """The file of an arm's genotype and the CPU seconds it took; found now unless it was before."""
        folder = self.work / "found" / f"{self.search_seed}-{name}"
        place, done = folder / "genotype.json", folder / "seconds.json"
        if not done.is_file():
            arm = self.named(name)
            self.genotype(arm.of) if arm.of else None  # its seconds are its own
            if folder.exists():
                shutil.rmtree(folder)  # cut short
            self._warm()
            started = time.process_time()
            self._find(name, arm, folder)
            write_json(done, {"seconds": time.process_time() - started})
        return place, float(json.loads(done.read_text(encoding="utf-8"))["seconds"])

    def options(self, name: str, input_size: int) -> Options:
        """The build arguments of a hand-designed arm: those of the width that its `of` asks for, if any."""
        arm = self.named(name)
        if arm.baseline is None or arm.of is None:
            return {}
        genotype = load_genotype(self.genotype(arm.of)[0])
        space = space_of(load_space(self.space), genotype)
        cost = space_costs(space).of(genotype.normal, genotype.reduction)
        return scaled_to(arm.baseline, int(cost[COSTS.index("params")]), input_size)

    def keys(self, name: str) -> dict[str, Any]:
        """The keys of an arm's search, those of the arms below it first."""
        arm = self.named(name)
        if arm.search is None:
            raise ConfigError(f"arm {name} does not search, so nothing can be drawn for, or put over, it")
        return (self.keys(arm.over) if arm.over else {}) | arm.search

    def config(self, name: str, **keys: Any) -> SearchConfig:
        """The configuration of an arm's search; `keys` over its own."""
        own = {"space": self.space, "seed": self.search_seed} | AS_WRITTEN
        flags = dict(self.flags) | own | self.keys(name) | keys
        return resolve(SearchConfig, "search", preset="quick", flags=flags)

    def _warm(self) -> None:
        """Decode the faces, so that no arm's seconds hold it."""
        data = resolve(SearchConfig, "search", preset="quick", flags=dict(self.flags)).data
        self.datasets.with_crops(data, load_space(self.space).layout.input_size)

    def _find(self, name: str, arm: Arm, folder: Path) -> None:
        space = load_space(self.space)
        if arm.search is not None:
            genotype = search(self.config(name), datasets=self.datasets).genotype
            cells, rule = (genotype.normal, genotype.reduction), genotype.derivation
            space = space_of(space, genotype)
        else:
            (space, cells), rule = self._drawn(name, arm, space), str(arm.draw)
        folder.mkdir(parents=True)
        provenance: dict[str, str | int | float | bool | None] = {"run": name, "seed": self.search_seed}
        save_genotype(genotype_from_cells(space, *cells, rule, provenance), folder / "genotype.json")

    def _drawn(self, name: str, arm: Arm, space: Space) -> Laid:
        generator = np.random.default_rng([self.data_seed, self.search_seed, zlib.crc32(name.encode())])
        if arm.of is None:
            return space, largest(space, generator)
        of = load_genotype(self.genotype(arm.of)[0])
        own, cells = space_of(space, of), (of.normal, of.reduction)
        if arm.draw == "same":
            return own, cells
        if arm.draw == "shuffled":
            return own, shuffled(own, cells, generator)
        layouts = Layouts(space, self.config(arm.of)).all
        if arm.draw == "matched":
            return matched(layouts, own, cells, generator)
        drawn = [matched(layouts, own, cells, generator) for _ in range(arm.count or 0)]
        return best_of(drawn, self.config(arm.of, strategy="random", finalists=0), self.datasets)


def largest(space: Space, generator: np.random.Generator) -> Cells:
    """Cells drawn uniformly from those with the most parameters of the space."""
    costs, params = space_costs(space), COSTS.index("params")
    prices = {kind: table[:, :, [params]] for kind, table in costs.edges.items()}
    free = Bounds(space, prices, np.array([np.iinfo(np.int64).max]))
    most = np.sum([node.prices.max(axis=0) for node in free.nodes], axis=0)
    drawn = draw_within(Bounds(space, prices, most, most), generator)
    assert drawn is not None  # nodes are chosen independently
    return drawn


class BestOf(RandomDraw):
    """Of given cells the best after brief trainings on the halves of a search, by successive halving."""

    def __init__(
        self,
        config: SearchConfig,
        space: Space,
        device: torch.device,
        datasets: OpenedDatasets,
        given: Sequence[Laid],
    ) -> None:
        super().__init__(config, space, device, datasets)
        self.given = given

    def open(self, *, fresh: bool) -> None:
        """The halves of the training split, as any search divides it."""
        Strategy.open(self, fresh=fresh)

    def choose(self) -> tuple[Cells, str]:
        finalists = [Finalist(space, cells, "random", "random") for space, cells in self.given]
        best = halve(finalists, self.begin_brief, self.plain_loader, self.config.finalist_epochs)
        self.found = best.space
        return best.cells, "random"


def best_of(given: Sequence[Laid], config: SearchConfig, datasets: OpenedDatasets) -> Laid:
    """What of `given` brief trainings on the halves of `config` choose."""
    space = load_space(config.space)
    found = carry_through(
        lambda config, device: BestOf(config, space, device, datasets, given), config, quiet=True
    ).genotype
    return space_of(space, found), (found.normal, found.reduction)
