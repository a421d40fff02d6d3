"""Work on the two halves of the training split: one trains weights, the other judges architectures."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import torch

from autofas.config.search import SearchConfig
from autofas.data.batches.augmentation_policy import preset
from autofas.data.batches.crop_store import FrameStore
from autofas.data.batches.groups import Groups, groups_of
from autofas.data.batches.loader import Loader
from autofas.data.opening import OpenedDatasets
from autofas.data.protocols.halves import Halves, apart, search_halves
from autofas.data.protocols.partition import missing_instruments
from autofas.evaluation.live_maps import WatchedFaces
from autofas.models.network import Network
from autofas.models.space import Space
from autofas.runs.lifecycle import Result, Resumable
from autofas.runs.progress import progress
from autofas.runs.resume import identity
from autofas.runs.training_batches import training_loader, whole_batch
from autofas.search.finalists import BriefTraining

Made = TypeVar("Made")


class HalvedWork(Resumable[Result]):
    """A search, or one trial of it: `open` divides the training split by subject."""

    config: SearchConfig

    def __init__(
        self, config: SearchConfig, space: Space, device: torch.device, datasets: OpenedDatasets
    ) -> None:
        super().__init__(config, device)
        self.space, self.datasets = space, datasets

    @property
    def crop_size(self) -> int:
        """Side in pixels of the crops that are decoded."""
        return self.config.input_size or self.space.layout.input_size

    def open(self, *, fresh: bool) -> None:
        """Read the training split and divide it by subject: a half for the weights, one for the alphas."""
        config = self.config
        preset(config.resolved_augment)  # a misspelt one is told before anything is read
        with progress("opening the data set", shown=self.run.echo) as report:
            dataset = self.datasets.divided(config.data, report)
        dataset.need_both_classes("train")
        rows = dataset.split("train")
        halves = search_halves(rows, 1 - config.arch_share, config.seed, config.arch_split)
        weight_rows, arch_rows = halves
        for half in halves:
            whole_batch(config, half)  # too few are told before anything is decoded
        groups = groups_of(weight_rows, config.balance_by) if config.balance_by else None
        parts = {"the weights' half of train": weight_rows, "the architecture's half of train": arch_rows}
        missing = missing_instruments(parts) if config.arch_split != "pai" else ()
        for note in (*dataset.notes, *missing):
            self.run.log(f"note: {note}")
        with progress("preparing faces", shown=self.run.echo) as report:
            store = self.datasets.crops(config.data, self.crop_size, report)
        self.identity = identity(dataset, store)
        self.run.log(
            f"{dataset.name}: {len(weight_rows)} frames of {weight_rows['subject'].nunique()} subjects "
            f"for the weights, {len(arch_rows)} of {arch_rows['subject'].nunique()} subjects "
            "for the architecture"
        )
        if config.arch_split != "subject":
            self.run.log(apart(halves, config.arch_split, len(rows)))

        if config.tensorboard:
            self.watched = WatchedFaces.of(store, arch_rows, config.data.modalities[:1], self.device)
        self._make_loaders(store, halves, groups)
        torch.manual_seed(config.seed)

    def _make_loaders(self, store: FrameStore, halves: Halves, groups: Groups | None) -> None:
        """The loaders of both halves, and those that are made anew for every epoch or network."""
        config, (weight_rows, arch_rows) = self.config, halves
        self._training = partial(
            training_loader, config, store, weight_rows, device=self.device, groups=groups
        )
        self._plain = partial(
            Loader,
            store,
            arch_rows,
            batch_size=whole_batch(config, arch_rows),
            balance=config.balance,
            drop_last=True,
            modalities=config.data.modalities,
            device=self.device,
            prefetch=0,
        )
        self.weight_loader = self.weight_batches()
        self.arch_loader = training_loader(
            config, store, arch_rows, seed=2 * config.seed + 1, device=self.device
        )

    def weight_batches(self) -> Loader:
        """The weight half's batches from their beginning, as every network of a search sees them."""
        return self._training(seed=2 * self.config.seed)

    def plain_loader(self) -> Loader:
        """An epoch of the architecture half as it is, not augmented, in batches as in the search."""
        return self._plain(seed=self.config.seed)

    def seeded(self, make: Callable[[], Made]) -> Made:
        """What `make` makes, with weights drawn from the search's seed."""
        torch.manual_seed(self.config.seed)
        return make()

    def brief_training(self, network: Network, loader: Loader | None = None) -> BriefTraining:
        """A network's training on the weight half, from its beginning unless a loader is given."""
        return BriefTraining(network.to(self.device), self.config.finalist, loader or self.weight_batches())
