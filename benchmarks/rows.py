"""A table that grows by a row a training and is read again when an experiment goes on."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autofas.errors import DataError


def read_rows(place: Path) -> list[dict[str, str]]:
    """Rows of an earlier call, values as text; none where the file is not there."""
    if not place.is_file():
        return []
    with place.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def append(place: Path, row: Mapping[str, Any]) -> None:
    """One more row; the header where the file is new.

    A value stands in the column of its name. Raises DataError where the file has other columns: its rows are
    of another version, and figures of two versions do not belong into one mean.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    columns = list(row)
    if place.is_file():
        with place.open(encoding="utf-8", newline="") as stream:
            columns = next(csv.reader(stream), columns)
        if apart := sorted({*columns} ^ {*row}):
            raise DataError(
                f"{place} has other columns than a row of today ({', '.join(apart)}); move it away or go on "
                "with the version that began it"
            )
    with place.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        if not stream.tell():
            writer.writeheader()
        writer.writerow(row)
