"""Scores of a network over the rows of a split."""

from collections.abc import Callable
from contextlib import closing
from itertools import zip_longest

import pandas as pd
import torch

from autofas.data.batches.crop_store import FrameStore
from autofas.data.batches.loader import evaluation_batches
from autofas.errors import MetricError
from autofas.metrics import ScoreTable
from autofas.models.modes import evaluating
from autofas.models.network import Network
from autofas.runtime import ranks


@torch.no_grad()
def score_rows(
    network: Network,
    store: FrameStore,
    table: pd.DataFrame,
    device: torch.device,
    batch_size: int = 128,
    *,
    every_view: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> ScoreTable:
    """Frame scores of `table`'s rows in their order; the network is left in the mode it was in.

    Ranks take the batches in turn, each as one process would: the scores are the same to the last bit.
    Without `every_view` a network that looks at a crop several times looks once, at its first view.
    `progress` is called with (rows done, rows in all). A path that holds several rows (the frames of a video
    file) gets its frame number appended. Raises
    MetricError that names the file if a score is NaN.
    """
    place, world = ranks.rank(), ranks.world_size()
    own = []
    batches = evaluation_batches(
        store, table, batch_size, modalities=network.modalities, device=device, rank=place, world_size=world
    )
    with closing(batches), evaluating(network):
        for start in range(0, len(table), batch_size * world):
            ranks.check()
            if progress is not None:
                progress(start, len(table))
            # in the last round there may be none left for this rank
            if (batch := next(batches, None)) is not None:
                own.append(network.score(batch.images, every_view=every_view).double().cpu())
    rounds = zip_longest(*ranks.gather(own))
    scores = torch.cat([part for parts in rounds for part in parts if part is not None]).numpy()
    repeated = table["path"].duplicated(keep=False)
    paths = [
        f"{path}#{frame}" if many else path
        for path, frame, many in zip(table["path"], table["frame"], repeated, strict=True)
    ]
    for path, score in zip(paths, scores, strict=True):
        if score != score:
            raise MetricError(f"the score of {path} is NaN; the network's weights are not usable")
    return ScoreTable(paths, list(table["video"]), list(table["subject"]), list(table["pai"]), scores)
