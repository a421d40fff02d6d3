"""The live maps of a few faces while a network learns: the same faces in every epoch."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from autofas.data.batches.crop_store import FrameStore
from autofas.data.batches.loader import evaluation_batches
from autofas.data.pictures import spread
from autofas.metrics import BONA_FIDE
from autofas.models.modes import evaluating

EACH = 4
Images = dict[str, Tensor]


@dataclass(frozen=True)
class WatchedFaces:
    """Normalised crops (N, 3, C, C) by modality, and which of them are bona fide."""

    images: Images
    bona_fide: Tensor

    @classmethod
    def of(
        cls, store: FrameStore, table: pd.DataFrame, modalities: tuple[str, ...], device: torch.device
    ) -> "WatchedFaces":
        """At most `EACH` bona fide rows of a table and as many attacks, evenly spread."""
        live = (table["pai"] == BONA_FIDE).to_numpy()
        chosen = [
            places[spread(len(places), EACH)] for places in (np.flatnonzero(live), np.flatnonzero(~live))
        ]
        index = np.concatenate(chosen)
        batches = evaluation_batches(
            store, table.iloc[index], len(index), modalities=modalities, device=device, prefetch=0
        )
        return cls(dict(next(batches).images), torch.from_numpy(live[index]))

    def maps(self, network: nn.Module, compute: Callable[[Images], Tensor | None]) -> dict[str, Tensor]:
        """Maps (n, m, m) in [0, 1] of either class, on the CPU; the network stays in its mode."""
        with evaluating(network), torch.no_grad():
            found = compute(self.images)
        if found is None:
            return {}
        parts = {"bona fide": found.cpu()[self.bona_fide], "attack": found.cpu()[~self.bona_fide]}
        return {name: part for name, part in parts.items() if len(part)}
