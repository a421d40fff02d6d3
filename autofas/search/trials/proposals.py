"""The points that are decided here and not by an engine: drawn ones, mutated ones, and those a proxy chooses.

A point depends on the seed, on how many were decided before it and on what trials have ended with: a study
that goes on decides what it would have decided. The first points are the same for every strategy.
"""

from collections.abc import Callable, Sequence

import numpy as np

from autofas.config.search import SearchConfig
from autofas.models.space import Space
from autofas.search.layouts import Layouts
from autofas.search.trials.claims import Kept, finished
from autofas.search.trials.evolution import mutated, parent
from autofas.search.trials.points import Point, cells_of, choice_counts, key_of, laid_out, point_of

MOST_TRIES = 20
"""After so many vain proposals in a row, duplicates or beyond the limits, a point is drawn."""
MOST_DRAWS = 500

Chooser = Callable[[Sequence[Point]], Point]
"""The best of several points by a proxy."""


class Proposals:
    """The points of one study; `choose` is asked where the study has a proxy."""

    def __init__(
        self, config: SearchConfig, space: Space, layouts: Layouts, choose: Chooser | None = None
    ) -> None:
        self.config, self.space, self.layouts, self.choose = config, space, layouts, choose
        self.counts = choice_counts(space)

    def point(self, index: int, trials: Sequence[Kept], tries: int) -> Point | None:
        """The point that follows `index` decided ones; None where the engine is to decide.

        Raises LookupError where the space has no point left that is new.
        """
        generator = np.random.default_rng([self.config.seed, index, tries])
        taken = {str(t.user_attrs["key"]) for t in trials if "key" in t.user_attrs}
        drawing = index < self.config.population or tries >= MOST_TRIES
        if drawing or self.config.strategy == "random":
            return self._chosen(lambda: self._drawn(taken, generator))
        if self.config.strategy == "evolution":
            return self._evolved(trials, taken, generator)
        return None

    def _chosen(self, candidate: Callable[[], Point]) -> Point:
        """A candidate, or the best of several by the proxy."""
        if self.choose is None:
            return candidate()
        pool = [candidate() for _ in range(self.config.study.proxy_pool)]
        return self.choose(pool)

    def _drawn(self, taken: set[str], generator: np.random.Generator) -> Point:
        for _ in range(MOST_DRAWS):
            laid, cells = self.layouts.draw(generator)
            point = point_of(laid, *cells)
            if key_of(point) not in taken:
                return point
        raise LookupError(f"of {MOST_DRAWS} points drawn from space {self.space.name} none was new")

    def _evolved(self, trials: Sequence[Kept], taken: set[str], generator: np.random.Generator) -> Point:
        alive = [
            (dict(trial.params), float(trial.user_attrs["row"]["error"]))
            for trial in trials
            if finished(trial) and "row" in trial.user_attrs
        ][-self.config.population :]
        if not alive:  # all are still at work
            return self._chosen(lambda: self._drawn(taken, generator))
        chosen = parent(alive, self.config.sample, generator)

        def child() -> Point:
            for _ in range(MOST_DRAWS):
                point = mutated(chosen, self.counts, generator)
                allowed = self.layouts.allow(laid_out(self.space, point), cells_of(self.space, point))
                if allowed and key_of(point) not in taken:
                    return point
            return self._drawn(taken, generator)

        return self._chosen(child)
