"""From a data configuration to rows and decoded crops: what every verb that reads images starts with."""

from dataclasses import dataclass

from autofas.config.data import DataConfig
from autofas.data.batches.crop_store import FrameStore
from autofas.data.cache import cache_folder, mark_cache
from autofas.data.catalog import default_protocol, find_entry
from autofas.data.dataset import Dataset, Progress, load_dataset, open_manifest
from autofas.data.frames import MODALITY_COLUMNS
from autofas.data.manifests.manifest import Manifest
from autofas.data.protocols.division import folds
from autofas.runtime import ranks


@dataclass(frozen=True)
class OpenData:
    """A divided data set and the crops of its rows."""

    dataset: Dataset
    store: FrameStore


def open_whole(config: DataConfig, progress: Progress | None = None) -> tuple[str, Manifest, tuple[str, ...]]:
    """Name, undivided manifest and notes of a configuration's data set. Raises DataError."""
    return open_manifest(
        config.dataset,
        data_root=config.data_root,
        frames_per_video=config.frames_per_video,
        synthetic=config.synthetic.arguments(config.modalities),
        cache_dir=config.cache_dir,
        workers=config.workers,
        progress=progress,
    )


def folds_of(config: DataConfig) -> tuple[int | None, ...]:
    """The folds of a configuration's protocol, (None,) where it has none.

    Where the catalog knows a protocol's folds they hold whatever is on the disk; others depend on the rows.
    """
    protocol = default_protocol(config.dataset, config.protocol)
    entry = find_entry(config.dataset)
    known = entry.folds.get(str(protocol)) if entry is not None else None
    return known or folds(protocol, open_whole(config)[1].table)


def modalities_of(config: DataConfig) -> tuple[str, ...]:
    """The modalities that a configuration's data set can give: those of its entry, else of its columns."""
    entry = find_entry(config.dataset)
    if entry is not None and entry.modalities is not None:
        return entry.modalities
    columns = open_whole(config)[1].table.columns
    return tuple(name for name, column in MODALITY_COLUMNS.items() if column in columns)


def open_dataset(config: DataConfig, fold: int | None = None, progress: Progress | None = None) -> Dataset:
    """The data set of a configuration, divided; `fold` overrides the configuration's. Raises DataError."""
    return load_dataset(
        config.dataset,
        data_root=config.data_root,
        protocol=config.protocol,
        fold=fold if fold is not None else config.fold,
        frames_per_video=config.frames_per_video,
        seed=config.split_seed,
        shared_subjects=config.shared_subjects,
        synthetic=config.synthetic.arguments(config.modalities),
        cache_dir=config.cache_dir,
        workers=config.workers,
        progress=progress,
    )


def open_data(
    config: DataConfig, size: int, fold: int | None = None, progress: Progress | None = None
) -> OpenData:
    """The data set of a configuration and its crops at `size` x `size` pixels, decoded once and cached."""
    with ranks.first_goes_ahead():
        dataset = open_dataset(config, fold, progress)
        cache = cache_folder(config.cache_dir)
        mark_cache(cache)
        store = FrameStore.build(
            dataset.manifest,
            modalities=config.modalities,
            size=size,
            margin=config.margin,
            cache_dir=cache / "crops",
            workers=config.workers,
            progress=progress,
        )
    return OpenData(dataset, store)
