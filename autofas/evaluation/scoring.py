"""Scores of a network over the rows of a split."""

import pandas as pd
import torch

from autofas.data.loader import evaluation_batches
from autofas.data.store import FrameStore
from autofas.errors import MetricError
from autofas.interruption import check
from autofas.metrics import ScoreTable
from autofas.models.build import Network


@torch.no_grad()
def score_rows(
    network: Network,
    store: FrameStore,
    table: pd.DataFrame,
    device: torch.device,
    batch_size: int = 128,
    *,
    every_view: bool = True,
) -> ScoreTable:
    """Frame scores of `table`'s rows in their order; the network is left in the mode it was in.

    Without `every_view` a network that looks at a crop several times looks once, at its first view.
    A path that holds several rows (the frames of a video file) gets its frame number appended. Raises
    MetricError that names the file if a score is NaN.
    """
    training = network.training
    network.eval()
    parts = []
    try:
        batches = evaluation_batches(store, table, batch_size, modalities=network.modalities, device=device)
        for batch in batches:
            check()
            parts.append(network.score(batch.images, every_view=every_view).double().cpu())
    finally:
        network.train(training)
    scores = torch.cat(parts).numpy()
    repeated = table["path"].duplicated(keep=False)
    paths = [
        f"{path}#{frame}" if many else path
        for path, frame, many in zip(table["path"], table["frame"], repeated, strict=True)
    ]
    for path, score in zip(paths, scores, strict=True):
        if score != score:
            raise MetricError(f"the score of {path} is NaN; the network's weights are not usable")
    return ScoreTable(paths, list(table["video"]), list(table["subject"]), list(table["pai"]), scores)
