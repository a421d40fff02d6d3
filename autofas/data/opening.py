"""From a data configuration to rows and decoded crops: what every verb that reads images starts with."""

from collections.abc import Callable
from dataclasses import dataclass

from autofas import ranks
from autofas.config import DataConfig
from autofas.data.catalog import Dataset, cache_folder, load_dataset, mark_cache
from autofas.data.store import FrameStore

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class OpenData:
    """A divided data set and the crops of its rows."""

    dataset: Dataset
    store: FrameStore


def open_dataset(config: DataConfig, fold: int | None = None, progress: Progress | None = None) -> Dataset:
    """The data set of a configuration, divided; `fold` overrides the configuration's. Raises DataError."""
    return load_dataset(
        config.dataset,
        data_root=config.data_root,
        protocol=config.resolved_protocol,
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
