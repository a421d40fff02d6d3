"""Full-size skeletons read and counted: every official count, for every protocol, fold and set."""

import time
from collections.abc import Callable
from pathlib import Path

from autofas.data.inspection import inspect_protocol
from autofas.data.manifests.leaks import find_leaks
from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers.reading import Reading

INDEXED_IN_S = 10


def indexed(
    place: Path, make: Callable[[Path, Path], object], read: Callable[..., Reading], name: str
) -> Reading:
    (place / f"{name}-sources").mkdir()
    make(place / name, place / f"{name}-sources")
    started = time.process_time()
    reading = read(place / name)
    seconds = time.process_time() - started
    print(f"{name}: {len(reading.manifest)} rows indexed in {seconds:.2f} CPU seconds")
    assert seconds < INDEXED_IN_S
    return reading


def counts(table, protocol: str, fold: int | None = None, dataset: str = "", unit: str = "videos"):
    """(bona fide, attacks) of train, dev and test; the official counts must be the same."""
    found = inspect_protocol(dataset, table, protocol, fold)
    assert found.split is not None, found.fault
    assert found.differences() == []
    shared = found.split.shared_subjects
    assert find_leaks(found.split.parts, None, shared_subjects=shared) == []
    rows = found.rows()
    return {
        split: (
            sum(row[unit] for row in rows if row["split"] == split and row["pai"] == BONA_FIDE),
            sum(row[unit] for row in rows if row["split"] == split and row["pai"] != BONA_FIDE),
        )
        for split in found.split.parts
    }
