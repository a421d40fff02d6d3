"""The data sets that have a name, and what is known of them by it; the only place that knows the names.

A data set is an entry here and a module of `readers` with `ABOUT` and `read`. Any other data set comes as the
path of a manifest.csv. Nothing heavy is imported until a set is read.
"""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import get_args

from autofas.config.data import Modality
from autofas.data.manifests.faults import shown
from autofas.data.protocols.names import (
    CASIA_PROTOCOLS,
    CROSS_DEVICE,
    OFFICIAL,
    OULU_FOLDS,
    REPLAY_PROTOCOLS,
    SIW_FOLDS,
)
from autofas.errors import DataError


@dataclass(frozen=True)
class Entry:
    """What is known of a data set by its name.

    `reader` is its module of `readers`, None for the generated faces; `default_protocol` None divides the
    set by its manifest's own split column. `protocols` are those the set defines, `folds` the folds that a
    complete figure of a protocol needs whatever is on the disk. `modalities` None leaves them to the
    manifest's columns.
    """

    reader: str | None
    default_protocol: str | int | None = None
    protocols: tuple[str, ...] = ()
    folds: Mapping[str, tuple[int | None, ...]] = field(default_factory=dict)
    modalities: tuple[str, ...] | None = ("color",)
    aliases: tuple[str, ...] = ()

    def load(self) -> ModuleType:
        """Import the reader's module."""
        assert self.reader is not None  # generated faces have none
        return import_module(f"autofas.data.readers.{self.reader}")


ENTRIES: Mapping[str, Entry] = {
    "oulu": Entry("oulu", 1, tuple(OULU_FOLDS), OULU_FOLDS, aliases=("oulu-npu",)),
    "replay-attack": Entry("replay_attack", "grandtest", REPLAY_PROTOCOLS, aliases=("replay",)),
    "casia-mfsd": Entry("casia_mfsd", "overall", CASIA_PROTOCOLS, aliases=("casia-fasd",)),
    "casia-surf": Entry("casia_surf", modalities=None),
    "great-fasd-s": Entry("great_fasd_s", protocols=(CROSS_DEVICE,), modalities=None),
    "mmfd": Entry("mmfd", modalities=None),
    "nuaa": Entry("nuaa", OFFICIAL),
    "msu-mfsd": Entry("msu_mfsd", OFFICIAL, aliases=("msu",)),
    "siw": Entry("siw", OFFICIAL, (OFFICIAL, *SIW_FOLDS), SIW_FOLDS, aliases=("spoof-in-the-wild",)),
    "celeba-spoof": Entry("celeba_spoof", OFFICIAL),
    "synthetic": Entry(None, 1, tuple(OULU_FOLDS), OULU_FOLDS, get_args(Modality)),
}
BUILT_IN = tuple(ENTRIES)
WITHOUT_READER = {"casia-surf-cefa": "CASIA-SURF CeFA", "siw-m": "SiW-M", "wmca": "WMCA"}


def find_entry(name_or_path: str | os.PathLike[str]) -> Entry | None:
    """The entry that a name or an alias means, None for a path."""
    return ENTRIES.get(built_in_name(os.fspath(name_or_path)) or "")


def default_protocol(
    name_or_path: str | os.PathLike[str], asked: str | int | None = None
) -> str | int | None:
    """The protocol asked for, else the data set's own; None divides a manifest by its split column.

    A manifest in a folder with a built-in name divides itself: only the name, or an alias, has a default.
    """
    entry = find_entry(name_or_path)
    return entry.default_protocol if asked is None and entry is not None else asked


def protocol_label(name_or_path: str | os.PathLike[str], asked: str | int | None = None) -> str:
    """The protocol as figures and provenance name it; `none` where a manifest divides itself."""
    protocol = default_protocol(name_or_path, asked)
    return "none" if protocol is None else str(protocol)


def expected_folds(name: str, protocol: str) -> tuple[int, ...]:
    """The folds that a complete figure needs, () where the protocol has none or the manifest decides."""
    known = ENTRIES[name].folds.get(protocol, ()) if name in ENTRIES else ()
    return tuple(fold for fold in known if fold is not None)


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


def unknown_name(text: str) -> DataError:
    """The error for a word that is neither a built-in name nor a manifest's path, with the near names."""
    known = _known()
    plain = _plain(text)
    name = known.get(plain)
    if name in WITHOUT_READER:
        return DataError(
            f"{WITHOUT_READER[name]} has no reader yet; list its frames in a manifest.csv"
            " (path,pai,subject,session,video,frame,split) and give its path as --dataset"
        )
    near = dict.fromkeys(known[word] for word in difflib.get_close_matches(plain, known, n=2))
    hint = f"; did you mean {' or '.join(near)}?" if near else ";"
    return DataError(
        f"data set {shown(text)} is not known{hint} choose {', '.join(BUILT_IN)} or give a manifest.csv"
    )


def _known() -> dict[str, str]:
    words = {alias: name for name, entry in ENTRIES.items() for alias in (name, *entry.aliases)}
    return {_plain(word): name for word, name in (words | {name: name for name in WITHOUT_READER}).items()}


def _plain(text: str) -> str:
    return text.lower().replace("-", "").replace("_", "").replace(" ", "")
