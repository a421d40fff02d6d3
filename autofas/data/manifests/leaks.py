"""What must not be in two parts of a protocol: the content of a file, whatever its name.

`partition.check_disjoint` compares names of subjects and videos; here the bytes are compared. Only files of
equal size can be equal, so others are not read; of equals the first 64 kB are hashed and then, if they agree,
all of it. Left out: the same picture encoded twice, which has other bytes.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pandas as pd

from autofas.data.manifests.manifest import BONA_FIDE, Manifest
from autofas.data.manifests.rules import PATHS
from autofas.data.protocols.partition import Splits, check_disjoint
from autofas.errors import DataError

_HEAD = 65536
_SHOWN = 3
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Content:
    """A digest of each file's bytes by its path; a file like no other has its path for a digest."""

    digests: Mapping[str, str]

    def of(self, table: pd.DataFrame) -> pd.Series:
        """The digests of a table's colour files, in its order."""
        return table["path"].map(self.digests)


def read_content(manifest: Manifest, prefix: str = "", progress: Progress | None = None) -> Content:
    """Digests of the colour files of a manifest; `prefix` keeps two manifests' unique files apart."""
    files = {prefix + path: _place(manifest, path) for path in manifest.table["path"].unique()}
    return compare_files(files, progress)


def missing_files(manifest: Manifest) -> list[str]:
    """The paths of a manifest, of every modality, at which no file or folder can be read."""
    table = manifest.table
    paths = [path for name in PATHS if name in table for path in table[name].unique()]
    places = ((path, _place(manifest, path)) for path in paths if path)
    return [path for path, place in places if place is None or not place.exists()]


def compare_files(files: Mapping[str, Path | None], progress: Progress | None = None) -> Content:
    """Digests of named files; what cannot be read is like no other file.

    `progress` is called with how many files are compared and how many there are.
    """
    sizes: dict[int, list[str]] = defaultdict(list)
    for name, place in files.items():
        try:
            if place is not None and place.is_file():
                sizes[os.stat(place).st_size].append(name)
        except OSError:
            continue
    digests = {name: name for name in files}
    done, total = 0, sum(map(len, sizes.values()))
    for same_size in sizes.values():
        done += len(same_size)
        if progress is not None:
            progress(done, total)
        for same_head in _equal(same_size, files, _HEAD):
            for same in _equal(same_head, files, None):
                digests |= dict.fromkeys(same, min(same))
    return Content(digests)


def find_leaks(parts: Splits, content: Content | None, *, shared_subjects: bool = False) -> list[str]:
    """A line for each way in which the parts of a protocol leak into each other; none is good.

    Subjects (unless they may be shared), videos, equal files in two parts or under two labels, and a dev set
    that is the test set.
    """
    lines = []
    try:
        check_disjoint(parts, shared_subjects=shared_subjects)
    except DataError as error:
        lines.append(str(error))
    if (
        "dev" in parts
        and "test" in parts
        and len(parts["dev"])
        and _keys(parts["dev"]) == _keys(parts["test"])
    ):
        lines.append(
            "dev is test: the two hold the same frames, so a threshold set on one is set on the other"
        )
    if content is None:
        return lines
    digests = {name: content.of(part) for name, part in parts.items()}
    for one, other in combinations(parts, 2):
        both = set(digests[one]) & set(digests[other])
        if both:
            pairs = _pairs(parts, digests, one, other, both)
            lines.append(
                f"{one} and {other} share the content of {len(both)} file{'s' * (len(both) > 1)}: {pairs}"
            )
    for name, part in parts.items():
        labels = (part["pai"] == BONA_FIDE).groupby(digests[name].to_numpy()).nunique()
        mixed = sorted(map(str, labels[labels > 1].index))
        if mixed:
            lines.append(
                f"{name}: {len(mixed)} files are bona fide and attack with equal content: {mixed[0]}"
            )
    if (
        "dev" in digests
        and "test" in digests
        and len(parts["dev"])
        and set(digests["dev"]) == set(digests["test"])
    ):
        lines.append("dev is test: the two hold files of equal content under other names")
    return lines


def _keys(part: pd.DataFrame) -> set[tuple[str, int]]:
    return set(zip(part["path"], part["frame"], strict=True))


def _pairs(parts: Splits, digests: Mapping[str, pd.Series], one: str, other: str, both: set[str]) -> str:
    shown = []
    for digest in sorted(both)[:_SHOWN]:
        first = parts[one]["path"][(digests[one] == digest).to_numpy()].iloc[0]
        second = parts[other]["path"][(digests[other] == digest).to_numpy()].iloc[0]
        shown.append(first if first == second else f"{first} = {second}")
    more = f" and {len(both) - _SHOWN} more" if len(both) > _SHOWN else ""
    return ", ".join(shown) + more


def _place(manifest: Manifest, path: str) -> Path | None:
    try:
        return manifest.resolve(path)
    except DataError:
        return None


def _equal(names: Iterable[str], files: Mapping[str, Path | None], limit: int | None) -> list[list[str]]:
    """Groups of two or more names whose files, or their first `limit` bytes, are equal."""
    names = list(names)
    if len(names) < 2:
        return []
    groups: dict[bytes, list[str]] = defaultdict(list)
    for name in names:
        place = files[name]
        try:
            if place is not None:
                with place.open("rb") as stream:
                    if limit is None:
                        groups[hashlib.file_digest(stream, "sha256").digest()].append(name)
                    else:
                        groups[hashlib.sha256(stream.read(limit)).digest()].append(name)
        except OSError:
            continue
    return [group for group in groups.values() if len(group) > 1]
