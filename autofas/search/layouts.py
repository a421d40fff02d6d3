"""The layouts that a space leaves open, and what limits and costs come to in each of them.

Width, depth, stem or normalisation change what every operation costs, so limits are other bounds in every
layout. A network is drawn in two steps: its layout, uniformly from those in which the limits can be kept at
all, then its cells, uniformly from those within them. Finalists take the layouts in turn instead.
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from autofas.config.search import SearchConfig
from autofas.errors import ConfigError
from autofas.models.genotype import Cell, Genotype
from autofas.models.space import Space
from autofas.search.bounds import draw_within
from autofas.search.derive import random_cells
from autofas.search.limits import Limits, limits_of

MOST_LAYOUTS = 256


class Layouts:
    """The layouts that a search may choose under its limits: of one by alphas alone, the space's own.

    Raises ConfigError where none of them can keep to the limits.
    """

    def __init__(self, space: Space, config: SearchConfig) -> None:
        self.space, self.config = space, config
        by_alphas_alone = config.strategy in ("pc-darts", "darts") and not config.finalists
        options = {} if by_alphas_alone else space.variants.open
        count = math.prod(len(values) for values in options.values())
        if count > MOST_LAYOUTS:
            raise ConfigError(f"space {space.name} has {count:,} layouts; {MOST_LAYOUTS:,} are the most")
        combined = itertools.product(*options.values())
        self.all = [space.with_layout(dict(zip(options, values, strict=True))) for values in combined]
        self._limits: dict[Space, Limits | None] = {}
        self.possible = self._possible()

    @property
    def limits(self) -> Limits | None:
        """The limits in one of the layouts that can keep them; None where there are none."""
        return self.limits_in(self.possible[0])

    def limits_in(self, space: Space) -> Limits | None:
        """The limits in one of the layouts; raises ConfigError where it cannot keep them."""
        if space not in self._limits:
            self._limits[space] = limits_of(self.config, space)
        return self._limits[space]

    def allow(self, space: Space, cells: tuple[Cell, Cell]) -> bool:
        """True if two cells keep to the limits in one of the layouts."""
        if space not in self.possible:
            return False
        limits = self.limits_in(space)
        return limits is None or limits.bounds.allow(*cells)

    def draw(self, generator: np.random.Generator) -> tuple[Space, tuple[Cell, Cell]]:
        """A layout and two cells within the limits."""
        # a space without open parts draws what it always drew from a seed
        place = int(generator.integers(len(self.possible))) if len(self.all) > 1 else 0
        space = self.possible[place]
        return space, self.draw_in(space, generator)

    def draw_in(self, space: Space, generator: np.random.Generator) -> tuple[Cell, Cell]:
        """Two cells within the limits of one of the possible layouts."""
        limits = self.limits_in(space)
        if limits is None:
            return random_cells(space, generator)
        cells = draw_within(limits.bounds, generator)
        assert cells is not None  # layouts in which nothing keeps to the limits are not among the possible
        return cells

    def in_turn(self, generator: np.random.Generator) -> Iterator[Space]:
        """The possible layouts over and over: the space's own first, the others in an order drawn once."""
        others = [one for one in self.possible if one != self.space]
        own = [self.space] if len(others) < len(self.possible) else []
        order = generator.permutation(len(others)) if len(others) > 1 else range(len(others))
        return itertools.cycle([*own, *(others[place] for place in order)])

    def told(self, space: Space) -> str:
        """What one of the layouts has of the parts that are open, in words; empty where none is."""
        found = []
        for key, values in self.space.variants.open.items() if len(self.all) > 1 else ():
            value = getattr(space.layout, key)
            listed = f"{1 + values.index(value)} of {len(values)}"
            found.append(f"{key} {listed if isinstance(value, tuple) else value}")
        return ", ".join(found)

    def excess(self, space: Space, cells: tuple[Cell, Cell]) -> dict[str, float]:
        """By how much two cells exceed each limit, as a share of it; positive is beyond."""
        if space not in self.possible:
            return dict.fromkeys(self.limits.facts if self.limits else {}, 1.0)
        limits = self.limits_in(space)
        if limits is None:
            return {}
        over = (limits.bounds.of(*cells) - limits.bounds.most).tolist()
        facts = limits.facts.items()
        return {name: value / max(1, most) for (name, most), value in zip(facts, over, strict=True)}

    def _possible(self) -> list[Space]:
        refused: ConfigError | None = None
        found = []
        for space in self.all:
            try:
                self.limits_in(space)
            except ConfigError as exc:
                refused = refused or exc
            else:
                found.append(space)
        if refused is not None and not found:
            raise refused
        return found


def space_of(space: Space, genotype: Genotype) -> Space:
    """The space with the layout of one of its genotypes."""
    return space.with_layout({key: getattr(genotype.layout, key) for key in space.variants.open})
