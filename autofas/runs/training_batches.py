"""The batches that a run trains on: full ones, this rank's share of each."""

from typing import Protocol

import pandas as pd
import torch

from autofas.config.data import DataConfig
from autofas.data.batches.crop_store import FrameStore
from autofas.data.batches.loader import Loader
from autofas.runtime import ranks


class BatchConfig(Protocol):
    """What a search's and a training's configuration say of their batches."""

    @property
    def data(self) -> DataConfig: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def augment(self) -> str: ...
    @property
    def balance(self) -> bool: ...


def training_loader(
    config: BatchConfig, store: FrameStore, rows: pd.DataFrame, *, seed: int, device: torch.device
) -> Loader:
    """Batches of `rows`, whose crops are in `store`, in an order drawn from `seed`."""
    return Loader(
        store,
        rows,
        batch_size=ranks.share(min(config.batch_size, len(rows)), "a batch"),
        augment=config.augment,
        seed=seed,
        balance=config.balance,
        drop_last=True,
        modalities=config.data.modalities,
        device=device,
        prefetch=2 if config.data.workers else 0,
        rank=ranks.rank(),
        world_size=ranks.world_size(),
    )
