"""Random search's network, the control of the other strategies: two cells drawn at random, no training."""

import numpy as np

from autofas.models.genotype import Cell
from autofas.search.derive import random_cells
from autofas.search.strategy import Strategy


class RandomDraw(Strategy):
    """Two cells drawn from the seed, in no rounds."""

    def open(self, *, fresh: bool) -> None:
        """Nothing to open: no image is looked at."""

    def choose(self) -> tuple[tuple[Cell, Cell], str]:
        return random_cells(self.space, np.random.default_rng(self.config.seed)), "random"

    def save_if_new(self) -> None:
        """Nothing to save: it is drawn again."""
