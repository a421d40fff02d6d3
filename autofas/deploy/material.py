"""Real crops of a run: what an exported file is checked, calibrated and judged on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autofas.data.opening import OpenData, open_data
from autofas.data.pictures import spread
from autofas.deploy.runtime import Scorer, Scores
from autofas.evaluation.evaluate import training_of
from autofas.evaluation.judgement import Terms, judge
from autofas.metrics import ScoreTable
from autofas.models.network import Network

BATCH = 32


@dataclass(frozen=True)
class Material:
    """Crops (N, 3, C, C) uint8 by modality and the manifest's rows they were cut from."""

    crops: dict[str, NDArray[np.uint8]]
    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    def few(self, count: int) -> "Material":
        """At most `count` of them, evenly spread."""
        index = spread(len(self), count)
        return Material({name: crops[index] for name, crops in self.crops.items()}, self.table.iloc[index])

    @property
    def paths(self) -> list[str]:
        """The file of each crop, with its frame where it is a video's."""
        rows = zip(self.table["path"], self.table["frame"], strict=True)
        return [f"{path}#{frame}" for path, frame in rows]


def run_data(run: Path, network: Network) -> OpenData:
    """The data set that a run was trained on, opened for what its network reads. Raises DataError."""
    config = training_of(run).data.model_copy(update={"modalities": network.modalities})
    return open_data(config, network.view.crop_size)


def crops_of(data: OpenData, network: Network, splits: tuple[str, ...]) -> Material:
    """All crops of some splits, in their order."""
    table = pd.concat([data.dataset.split(name) for name in splits if name in data.dataset.splits])
    rows = data.store.rows(table)
    return Material({name: data.store.crops(name, rows) for name in network.modalities}, table)


def score_all(scorer: Scorer, material: Material, batch: int = BATCH) -> Scores:
    """Scores and maps of all crops, a batch at a time."""
    found = []
    for start in range(0, len(material), batch):
        part = {name: crops[start : start + batch] for name, crops in material.crops.items()}
        found.append(scorer.score(part))
    maps = [one.maps for one in found if one.maps is not None]
    scores = np.concatenate([one.scores for one in found])
    return Scores(scores, np.concatenate(maps) if maps else None)


def acer_of(scores: Scores, material: Material, threshold: float) -> float | None:
    """Video-level ACER of test crops at a threshold; None where a class has a single presentation."""
    rows = material.table
    table = ScoreTable(
        material.paths, list(rows["video"]), list(rows["subject"]), list(rows["pai"]),
        scores.scores.astype(np.float64),
    )  # fmt: skip
    return judge(table, None, Terms("fixed", threshold)).figures.acer
