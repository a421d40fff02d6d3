"""From a data configuration to rows and decoded crops: what every verb that reads images starts with."""

import json
from dataclasses import dataclass

from autofas.config.data import DataConfig
from autofas.data.batches.crop_store import FrameStore
from autofas.data.cache import cache_folder, mark_cache
from autofas.data.catalog import default_protocol, find_entry
from autofas.data.dataset import Dataset, Progress, WholeDataset, open_manifest
from autofas.data.frames import MODALITY_COLUMNS
from autofas.data.protocols.division import folds, require_protocol
from autofas.runtime import ranks


@dataclass(frozen=True)
class OpenData:
    """A divided data set and the crops of its rows."""

    dataset: Dataset
    store: FrameStore


class OpenedDatasets:
    """The data sets of a command, each opened once: what was read is divided by any protocol and fold.

    All methods take a data configuration and raise DataError, one line.
    """

    def __init__(self) -> None:
        self._whole: dict[str, WholeDataset] = {}
        self._stores: dict[tuple[object, ...], FrameStore] = {}

    def whole(self, config: DataConfig, progress: Progress | None = None) -> WholeDataset:
        """The undivided data set; a protocol that exists nowhere is refused before anything is read."""
        key = _what_is_read(config)
        if key not in self._whole:
            require_protocol(default_protocol(config.dataset, config.protocol), config.fold)
            self._whole[key] = open_manifest(
                config.dataset,
                data_root=config.data_root,
                frames_per_video=config.frames_per_video,
                synthetic=config.synthetic.arguments(config.modalities),
                cache_dir=config.cache_dir,
                workers=config.workers,
                progress=progress,
            )
        return self._whole[key]

    def folds(self, config: DataConfig) -> tuple[int | None, ...]:
        """The folds of the configuration's protocol, (None,) where it has none.

        Where the catalog knows a protocol's folds they hold whatever is on the disk; others depend on the
        rows.
        """
        protocol = default_protocol(config.dataset, config.protocol)
        entry = find_entry(config.dataset)
        known = entry.folds.get(str(protocol)) if entry is not None else None
        return known or folds(protocol, self.whole(config).manifest.table)

    def modalities(self, config: DataConfig) -> tuple[str, ...]:
        """The modalities that the data set can give: those of its entry, else of its columns."""
        entry = find_entry(config.dataset)
        if entry is not None and entry.modalities is not None:
            return entry.modalities
        columns = self.whole(config).manifest.table.columns
        return tuple(name for name, column in MODALITY_COLUMNS.items() if column in columns)

    def divided(self, config: DataConfig, progress: Progress | None = None) -> Dataset:
        """The data set divided by the configuration's protocol and fold; rank 0 opens it first."""
        with ranks.first_goes_ahead():
            return self.whole(config, progress).divide(
                config.protocol,
                config.fold,
                seed=config.split_seed,
                shared_subjects=config.shared_subjects,
            )

    def crops(self, config: DataConfig, size: int, progress: Progress | None = None) -> FrameStore:
        """Every row's crops at `size` x `size` pixels, decoded once and cached; rank 0 decodes them."""
        key = (_what_is_read(config), config.modalities, config.margin, size)
        with ranks.first_goes_ahead():
            if key not in self._stores:
                cache = cache_folder(config.cache_dir)
                mark_cache(cache)
                self._stores[key] = FrameStore.build(
                    self.whole(config, progress).manifest,
                    modalities=config.modalities,
                    size=size,
                    margin=config.margin,
                    cache_dir=cache / "crops",
                    workers=config.workers,
                    progress=progress,
                )
        return self._stores[key]

    def with_crops(self, config: DataConfig, size: int, progress: Progress | None = None) -> OpenData:
        """The divided data set and its crops."""
        return OpenData(self.divided(config, progress), self.crops(config, size, progress))


def open_whole(config: DataConfig, progress: Progress | None = None) -> WholeDataset:
    """The undivided data set of a configuration, opened for this one call. Raises DataError."""
    return OpenedDatasets().whole(config, progress)


def open_dataset(config: DataConfig, progress: Progress | None = None) -> Dataset:
    """The divided data set of a configuration, opened for this one call. Raises DataError."""
    return OpenedDatasets().divided(config, progress)


def open_data(config: DataConfig, size: int) -> OpenData:
    """The divided data set of a configuration and its crops, opened for this one call. Raises DataError."""
    return OpenedDatasets().with_crops(config, size)


def _what_is_read(config: DataConfig) -> str:
    """What an opened data set depends on; not how it is divided, cropped or decoded."""
    values = config.model_dump(mode="json", include={"dataset", "data_root", "frames_per_video", "cache_dir"})
    entry = find_entry(config.dataset)
    if entry is not None and entry.reader is None:  # faces are generated for the modalities asked for
        values["synthetic"] = config.synthetic.arguments(config.modalities)
    return json.dumps(values, sort_keys=True)
