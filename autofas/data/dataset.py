"""A data set opened by its name or a manifest's path and divided by a protocol, with what a reader of its
figures must know.

The published sets are read from a folder the user has; generated faces are made in the cache folder on first
use.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from autofas.data.cache import cache_folder, mark_cache
from autofas.data.catalog import (
    ENTRIES,
    built_in_name,
    default_protocol,
    protocol_label,
    unknown_name,
)
from autofas.data.frames import sample_frames
from autofas.data.joined import join_manifests, name_of, places_of
from autofas.data.manifests.manifest import BONA_FIDE, Manifest, read_manifest
from autofas.data.protocols.division import apply_protocol
from autofas.data.protocols.partition import check_disjoint
from autofas.data.readers.reading import Reading, condensed, reporting
from autofas.errors import DataError
from autofas.printed import command

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Dataset:
    """A manifest divided by a protocol and fold; `notes` say what is missing, permitted or set aside."""

    name: str
    manifest: Manifest
    splits: Mapping[str, pd.DataFrame]
    protocol: str
    fold: int | None
    notes: tuple[str, ...] = ()

    def split(self, name: str) -> pd.DataFrame:
        """The rows of a split; raises `DataError` that names the splits there are."""
        if name not in self.splits:
            held_out = "; --protocol official holds subjects of train out for it" if name == "dev" else ""
            raise DataError(f"{self.name} has no {name} rows; it has {', '.join(self.splits)}{held_out}")
        return self.splits[name]

    def need_both_classes(self, *names: str) -> None:
        """Raise `DataError` where one of the splits is not there or lacks a class: asked before any work."""
        for name in names:
            bona_fide = self.split(name)["pai"] == BONA_FIDE
            for there, word in ((bona_fide.any(), "bona fide"), ((~bona_fide).any(), "attack")):
                if not there:
                    raise DataError(
                        f"{self.name}: {name} has no {word} rows, and {name} needs both classes; add some, "
                        "or divide the rows otherwise with --protocol"
                    )


@dataclass(frozen=True)
class WholeDataset:
    """A data set as it was read, undivided; `notes` say what differs from the published set.

    `asked` is the name or path it was asked for by: only a name has a protocol of its own.
    """

    asked: str
    name: str
    manifest: Manifest
    notes: tuple[str, ...]

    def divide(
        self,
        protocol: int | str | None = None,
        fold: int | None = None,
        *,
        seed: int = 0,
        dev_share: float = 0.25,
        test_share: float = 0.3,
        shared_subjects: bool = False,
    ) -> Dataset:
        """Its splits under a protocol and fold, as `load_dataset` says. Raises DataError."""
        protocol = default_protocol(self.asked, protocol)
        split = apply_protocol(
            self.manifest.table, protocol, fold, seed=seed, dev_share=dev_share, test_share=test_share
        )
        shared = check_disjoint(split.parts, shared_subjects=split.shared_subjects or shared_subjects)
        label = protocol_label(self.asked, protocol)
        notes = (*self.manifest.notes, *condensed(self.notes), *split.notes, *shared)
        return Dataset(self.name, self.manifest, split.parts, label, fold, notes)


def load_dataset(
    name_or_path: str | os.PathLike[str],
    *,
    data_root: str | os.PathLike[str] | None = None,
    protocol: int | str | None = None,
    fold: int | None = None,
    frames_per_video: int | None = None,
    seed: int = 0,
    dev_share: float = 0.25,
    test_share: float = 0.3,
    shared_subjects: bool = False,
    synthetic: Mapping[str, Any] | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    workers: int = 2,
    progress: Progress | None = None,
) -> Dataset:
    """Open a data set by built-in name or manifest path and divide it by a protocol.

    `seed`, `dev_share` and `test_share` matter to the protocols that draw subjects and to nothing
    else. `frames_per_video=None` takes 8 of an OULU video and every row of a manifest.
    `shared_subjects` accepts a manifest whose own splits share subjects, and says so in the notes.
    `synthetic` are arguments of `synthetic.generate`, `cache_dir` the folder it writes under. Raises
    `DataError`, one line.
    """
    whole = open_manifest(
        name_or_path,
        data_root=data_root,
        frames_per_video=frames_per_video,
        synthetic=synthetic,
        cache_dir=cache_dir,
        workers=workers,
        progress=progress,
    )
    return whole.divide(
        protocol,
        fold,
        seed=seed,
        dev_share=dev_share,
        test_share=test_share,
        shared_subjects=shared_subjects,
    )


def open_manifest(
    name_or_path: str | os.PathLike[str],
    *,
    data_root: str | os.PathLike[str] | None = None,
    frames_per_video: int | None = None,
    synthetic: Mapping[str, Any] | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    workers: int = 2,
    progress: Progress | None = None,
) -> WholeDataset:
    """A data set by built-in name or manifest path, not divided. Raises DataError, one line."""
    text = os.fspath(name_or_path)
    name = built_in_name(text)
    if name is not None and ENTRIES[name].reader is None:
        made = _synthetic(synthetic or {}, frames_per_video, cache_dir, workers, progress)
        return WholeDataset(text, name, *made)
    if name is not None:
        reader = ENTRIES[name].load()
        if data_root is None:
            raise DataError(reader.ABOUT.missing(None))
        frames = () if frames_per_video is None else (frames_per_video,)
        with reporting(progress):
            reading: Reading = reader.read(data_root, *frames)
        return WholeDataset(text, name, reading.manifest, reading.differences)
    if places := places_of(text):
        named, manifest = join_manifests(places)
        return WholeDataset(text, named, _sampled(manifest, frames_per_video), ())
    place = _manifest_path(text)
    manifest = _sampled(read_manifest(place), frames_per_video)
    return WholeDataset(text, name_of(place), manifest, ())


def _sampled(manifest: Manifest, frames_per_video: int | None) -> Manifest:
    if frames_per_video is None:
        return manifest
    return replace(manifest, table=sample_frames(manifest.table, frames_per_video))


def _synthetic(
    options: Mapping[str, Any],
    frames_per_video: int | None,
    cache_dir: str | os.PathLike[str] | None,
    workers: int,
    progress: Progress | None,
) -> tuple[Manifest, tuple[str, ...]]:
    from autofas.data.synthetic import GENERATOR_VERSION, generate

    arguments = {"seed": 0, **options}
    if frames_per_video is not None:
        arguments["frames_per_video"] = frames_per_video
    key = json.dumps([GENERATOR_VERSION, arguments], sort_keys=True, default=list)
    mark_cache(cache_folder(cache_dir))
    folder = cache_folder(cache_dir) / "synthetic" / hashlib.sha256(key.encode()).hexdigest()[:16]
    try:
        made = generate(folder, **arguments, workers=workers, progress=progress)
    except TypeError as error:
        raise DataError(f"synthetic faces cannot be made with {', '.join(options)}: {error}") from error
    except OSError as error:
        if not (folder / "manifest.csv").is_file():
            raise DataError(
                f"{folder}: generated faces could not be written ({error}); choose another cache"
            ) from error
        made = folder  # another process has finished the same faces meanwhile
    manifest = read_manifest(made / "manifest.csv")
    return manifest, (f"generated faces in {folder}: figures on them say nothing about real attacks",)


def _manifest_path(text: str) -> Path:
    place = Path(text)
    if place.is_dir() and (place / "manifest.csv").is_file():
        return place / "manifest.csv"
    if place.exists() or place.suffix.lower() == ".csv" or len(place.parts) > 1:
        if place.is_dir():
            raise DataError(
                f"{place}: is a folder without a manifest.csv (path,pai,subject,session,video,frame,split);"
                f" draft one: {command('manifest', place)}"
            )
        return place
    raise unknown_name(text)
