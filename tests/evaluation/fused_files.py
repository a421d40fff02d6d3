"""Score tables to fuse."""

import numpy as np

from autofas.metrics import ScoreTable


def shuffled(table: ScoreTable, seed: int = 0) -> ScoreTable:
    order = np.random.default_rng(seed).permutation(len(table))
    columns = (
        [column[i] for i in order] for column in (table.paths, table.videos, table.subjects, table.pais)
    )
    return ScoreTable(*columns, table.scores[order])
