"""A table that grows by a row a training and is read again when an experiment goes on."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def read_rows(place: Path) -> list[dict[str, str]]:
    """Rows of an earlier call, values as text; none where the file is not there."""
    if not place.is_file():
        return []
    with place.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def append(place: Path, row: Mapping[str, Any]) -> None:
    """One more row; the header where the file is new."""
    place.parent.mkdir(parents=True, exist_ok=True)
    new = not place.is_file()
    with place.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(row), lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)
