"""The batches that a run trains on: full ones, this rank's share of each."""

from typing import Protocol

import pandas as pd
import torch

from autofas.config.data import DataConfig
from autofas.data.batches.crop_store import FrameStore
from autofas.data.batches.groups import Groups
from autofas.data.batches.loader import Loader
from autofas.errors import DataError
from autofas.runtime import ranks


class BatchConfig(Protocol):
    """What a search's and a training's configuration say of their batches."""

    @property
    def data(self) -> DataConfig: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def resolved_augment(self) -> str: ...
    @property
    def balance(self) -> bool: ...


def training_loader(
    config: BatchConfig,
    store: FrameStore,
    rows: pd.DataFrame,
    *,
    seed: int,
    device: torch.device,
    groups: Groups | None = None,
) -> Loader:
    """Batches of `rows`, whose crops are in `store`, in an order drawn from `seed`, `groups` alike."""
    return Loader(
        store,
        rows,
        batch_size=ranks.share(whole_batch(config, rows), "a batch"),
        augment=config.resolved_augment,
        seed=seed,
        balance=config.balance,
        groups=None if groups is None else groups.codes,
        drop_last=True,
        modalities=config.data.modalities,
        device=device,
        prefetch=2 if config.data.workers else 0,
        rank=ranks.rank(),
        world_size=ranks.world_size(),
    )


def whole_batch(config: BatchConfig, rows: pd.DataFrame) -> int:
    """Rows of a batch over all ranks: `batch_size`, or all that an epoch of fewer rows holds.

    Raises DataError where there are not enough rows for two on every rank.
    """
    count, ranks_there = len(rows), ranks.world_size()
    epoch = count // 2 * 2 if config.balance else count  # as EpochSampler counts: pairs of the two classes
    if config.batch_size <= epoch:
        return config.batch_size
    size = epoch // ranks_there * ranks_there
    if size < 2 * ranks_there:
        among = f" for {ranks_there} ranks" if ranks_there > 1 else ""
        raise DataError(
            f"{count} training frames are too few{among}: a batch needs 2{' on each' if among else ''}; add "
            "subjects, or take more frames of each video (--frames-per-video)"
        )
    return size
