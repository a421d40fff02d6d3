"""Random search's network, the control of the other strategies: two cells drawn at random, no training."""

import numpy as np

from autofas.models.genotype import Cell
from autofas.search.bounds import draw_within
from autofas.search.derive import random_cells
from autofas.search.strategy import Strategy


class RandomDraw(Strategy):
    """Two cells drawn from the seed, uniformly from those within the limits, in no rounds."""

    def open(self, *, fresh: bool) -> None:
        """Nothing to open: no image is looked at."""

    def choose(self) -> tuple[tuple[Cell, Cell], str]:
        generator = np.random.default_rng(self.config.seed)
        if self.limits is None:
            return random_cells(self.space, generator), "random"
        cells = draw_within(self.limits.bounds, generator)
        assert cells is not None  # limits that nothing keeps to were refused
        return cells, "random"

    def save_if_new(self) -> None:
        """Nothing to save: it is drawn again."""
