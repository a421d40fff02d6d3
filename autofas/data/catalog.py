"""From a name or a path to a data set divided by a protocol, with what a reader of its figures must know.

Built-in names: the published sets of `ENTRIES` (a folder the user has) and `synthetic` (generated into a
cache folder on first use). Any other data set comes as the path of a manifest.csv. A reader for another set
is a module of `readers` and an entry of `ENTRIES`.
"""

import difflib
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from autofas.data.frames import sample_frames
from autofas.data.manifests.faults import one_line, shown
from autofas.data.manifests.manifest import Manifest, read_manifest
from autofas.data.protocols.division import apply_protocol
from autofas.data.protocols.partition import check_disjoint
from autofas.data.readers import by_manifest, casia_mfsd, casia_surf, nuaa, oulu, replay_attack
from autofas.data.readers.reading import About, Reading
from autofas.errors import DataError
from autofas.storage.files import whole_file


@dataclass(frozen=True)
class Entry:
    """What is known of a published set by its name: reader, default protocol, modalities.

    `default_protocol` None divides the set by its manifest's own split column; `modalities` None leaves
    it to the manifest's columns; `phones` says that the set is divided by OULU-NPU's numbered protocols.
    """

    about: About | None
    read: Callable[..., Reading] | None
    default_protocol: str | int | None = None
    modalities: tuple[str, ...] | None = ("color",)
    phones: bool = False


ENTRIES: Mapping[str, Entry] = {
    "oulu": Entry(oulu.ABOUT, oulu.read, 1, phones=True),
    "replay-attack": Entry(replay_attack.ABOUT, replay_attack.read, "grandtest"),
    "casia-mfsd": Entry(casia_mfsd.ABOUT, casia_mfsd.read, "overall"),
    "casia-surf": Entry(casia_surf.ABOUT, casia_surf.read, modalities=None),
    "great-fasd-s": Entry(by_manifest.GREAT_FASD_S, by_manifest.read_great_fasd_s, modalities=None),
    "mmfd": Entry(by_manifest.MMFD, by_manifest.read_mmfd, modalities=None),
    "nuaa": Entry(nuaa.ABOUT, nuaa.read, "official"),
    "synthetic": Entry(None, None, 1, ("color", "depth", "ir"), phones=True),
}
BUILT_IN = tuple(ENTRIES)
ALIASES = {"casia-fasd": "casia-mfsd", "oulu-npu": "oulu", "replay": "replay-attack"}
WITHOUT_READER = {"casia-surf-cefa": "CASIA-SURF CeFA", "msu-mfsd": "MSU-MFSD", "siw": "SiW"}
CACHE_MARK, CACHE_VERSION = "autofas-cache.json", 1
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
            raise DataError(f"{self.name} has no {name} rows; it has {', '.join(self.splits)}")
        return self.splits[name]


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
    name, manifest, notes = open_manifest(
        name_or_path,
        data_root=data_root,
        frames_per_video=frames_per_video,
        synthetic=synthetic,
        cache_dir=cache_dir,
        workers=workers,
        progress=progress,
    )
    protocol = default_protocol(name_or_path, protocol)
    split = apply_protocol(
        manifest.table, protocol, fold, seed=seed, dev_share=dev_share, test_share=test_share
    )
    shared = check_disjoint(split.parts, shared_subjects=split.shared_subjects or shared_subjects)
    label = protocol_label(name_or_path, protocol)
    return Dataset(name, manifest, split.parts, label, fold, (*notes, *split.notes, *shared))


def default_protocol(
    name_or_path: str | os.PathLike[str], asked: str | int | None = None
) -> str | int | None:
    """The protocol asked for, else the data set's own; None divides a manifest by its split column.

    A manifest in a folder with a built-in name divides itself: only the name, or an alias, has a default.
    """
    entry = ENTRIES.get(built_in_name(os.fspath(name_or_path)) or "")
    return entry.default_protocol if asked is None and entry is not None else asked


def protocol_label(name_or_path: str | os.PathLike[str], asked: str | int | None = None) -> str:
    """The protocol as figures and provenance name it; `none` where a manifest divides itself."""
    protocol = default_protocol(name_or_path, asked)
    return "none" if protocol is None else str(protocol)


def open_manifest(
    name_or_path: str | os.PathLike[str],
    *,
    data_root: str | os.PathLike[str] | None = None,
    frames_per_video: int | None = None,
    synthetic: Mapping[str, Any] | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    workers: int = 2,
    progress: Progress | None = None,
) -> tuple[str, Manifest, tuple[str, ...]]:
    """A data set's name, its undivided manifest, and notes on what differs from the published set."""
    text = os.fspath(name_or_path)
    name = built_in_name(text)
    if name == "synthetic":
        return name, *_synthetic(synthetic or {}, frames_per_video, cache_dir, workers, progress)
    if name is not None:
        about, read = ENTRIES[name].about, ENTRIES[name].read
        assert about is not None  # generated faces came before
        assert read is not None
        if data_root is None:
            raise DataError(about.missing(None))
        reading = read(data_root) if frames_per_video is None else read(data_root, frames_per_video)
        return name, reading.manifest, reading.differences
    place = _manifest_path(text)
    manifest = read_manifest(place)
    if frames_per_video is not None:
        manifest = Manifest(sample_frames(manifest.table, frames_per_video), manifest.root, manifest.source)
    return place.parent.resolve().name if place.name == "manifest.csv" else place.stem, manifest, ()


def cache_folder(cache_dir: str | os.PathLike[str] | None = None) -> Path:
    """Where generated sets and crops go: the argument, `$AUTOFAS_CACHE`, or `~/.cache/autofas`."""
    if cache_dir is not None:
        return Path(cache_dir)
    named = os.environ.get("AUTOFAS_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "autofas"


def mark_cache(folder: Path) -> None:
    """Leave a mark in a cache folder that autofas fills; raises `DataError` if it cannot be written."""
    mark = folder / CACHE_MARK
    if not mark.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with whole_file(mark) as stream:
                stream.write(f'{{"schema_version": {CACHE_VERSION}}}\n')
        except OSError as error:
            raise DataError(
                f"{folder}: the cache could not be written ({one_line(error)}); choose another cache folder"
            ) from error


def own_cache(cache_dir: str | None) -> str | None:
    """A cache folder that a run folder names, None (the default) where autofas has never filled it here.

    A run folder may come from a stranger, who may not choose where this machine writes.
    """
    if cache_dir is None or not (Path(cache_dir) / CACHE_MARK).is_file():
        return None
    return cache_dir


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
            raise DataError(f"{place}: is a folder without a manifest.csv; give the path of a manifest")
        return place
    known = _known()
    plain = _plain(text)
    name = known.get(plain)
    if name in WITHOUT_READER:
        raise DataError(
            f"{WITHOUT_READER[name]} has no reader yet; list its frames in a manifest.csv"
            " (path,pai,subject,session,video,frame,split) and give its path as --dataset"
        )
    near = dict.fromkeys(known[word] for word in difflib.get_close_matches(plain, known, n=2))
    hint = f"; did you mean {' or '.join(near)}?" if near else ";"
    raise DataError(
        f"data set {shown(text)} is not known{hint} choose {', '.join(BUILT_IN)} or give a manifest.csv"
    )


def built_in_name(text: str) -> str | None:
    """The built-in name that is meant (`ReplayAttack` is `replay-attack`), None for anything else.

    A name with a dot or a slash is a path, and so is one that exists as a file or holds a manifest.csv.
    """
    if text in BUILT_IN:
        return text
    place = Path(text)
    if place.is_file() or (place / "manifest.csv").is_file() or len(place.parts) > 1 or place.suffix:
        return None
    name = _known().get(_plain(text))
    return name if name in BUILT_IN else None


def _known() -> dict[str, str]:
    names = {name: name for name in (*BUILT_IN, *WITHOUT_READER)} | ALIASES
    return {_plain(word): name for word, name in names.items()}


def _plain(text: str) -> str:
    return text.lower().replace("-", "").replace("_", "").replace(" ", "")
