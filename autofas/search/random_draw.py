"""Random search's network, the control of the other strategies: two cells drawn at random, no training."""

import numpy as np

from autofas.models.genotype import Cell
from autofas.search.strategy import Strategy


class RandomDraw(Strategy):
    """Two cells drawn from the seed, uniformly from those within the limits, in no rounds.

    Where the space leaves its layout open, that is drawn first.
    """

    def open(self, *, fresh: bool) -> None:
        """Nothing to open: no image is looked at."""

    def choose(self) -> tuple[tuple[Cell, Cell], str]:
        self.found, cells = self.layouts.draw(np.random.default_rng(self.config.seed))
        return cells, "random"

    def save_if_new(self) -> None:
        """Nothing to save: it is drawn again."""
