"""Several manifests as one table, for tests across data sets: `a.csv+b.csv+c.csv` where a data set is named.

Each keeps its files where they are: paths are written from the folder above all of them. A column `dataset`
says where a row is from, and subjects and videos carry that name, so that no two sets share one.
"""

import os
from pathlib import Path

import pandas as pd

from autofas.data.manifests.faults import Faults, shown
from autofas.data.manifests.manifest import BOX, PATHS, Manifest, check_table, read_manifest
from autofas.errors import DataError

SEPARATOR = "+"


def places_of(text: str) -> list[Path]:
    """The manifests that `a.csv+b.csv` names, [] where the text names one file or none."""
    words = text.split(SEPARATOR)
    if len(words) < 2 or Path(text).exists() or not all(words):
        return []
    places = [Path(word) / "manifest.csv" if Path(word).is_dir() else Path(word) for word in words]
    if not all(place.is_file() for place in places):
        missing = [word for word, place in zip(words, places, strict=True) if not place.is_file()]
        if len(missing) == len(places):
            return []
        raise DataError(f"{missing[0]}: no such manifest; several are joined as a.csv{SEPARATOR}b.csv")
    return places


def join_manifests(places: list[Path]) -> tuple[str, Manifest]:
    """The name and the table of several manifests; raises `DataError` where one is damaged or named twice."""
    manifests = [read_manifest(place) for place in places]
    names = [name_of(place) for place in places]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"two manifests are called {shown(twice)}; rename one, or the folder that holds it")
    root = Path(os.path.commonpath([manifest.root.resolve() for manifest in manifests]))
    tables = [_named(manifest, name, root) for manifest, name in zip(manifests, names, strict=True)]
    table = pd.concat(tables, ignore_index=True)
    for column in table.columns:
        table[column] = table[column].fillna(0).astype("int64") if column in BOX else table[column].fillna("")
    table.index = pd.RangeIndex(2, len(table) + 2, name="line")
    title = SEPARATOR.join(names)
    faults = Faults(title)
    table = check_table(table, faults)
    faults.raise_if_any()
    return title, Manifest(table, root, title, tuple(note for one in manifests for note in one.notes))


def name_of(place: Path) -> str:
    """What a manifest's data set is called: by its folder, or by a name of its own."""
    return place.parent.resolve().name if place.name == "manifest.csv" else place.stem


def with_origin(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of data set `name` as they stand in a joined table, where identities carry its name."""
    table = table.copy()
    for identity in ("subject", "video"):
        table[identity] = [f"{name}/{value}" for value in table[identity]]
    if "device" not in table:
        table["device"] = name
    table["dataset"] = name
    return table


def _named(manifest: Manifest, name: str, root: Path) -> pd.DataFrame:
    table = with_origin(manifest.table, name)
    own = manifest.root.resolve()
    for column in (column for column in PATHS if column in table):
        table[column] = [(own / path).relative_to(root).as_posix() if path else "" for path in table[column]]
    return table
