"""What a data set was when a run read it: name, protocol, rows by split, and a digest of the manifest.

The digest covers every row and column of the undivided manifest in its order, not the images' bytes: hashing
those would read a whole data set to judge a table.
"""

import hashlib

import pandas as pd

from autofas.data.dataset import Dataset


def manifest_sha256(table: pd.DataFrame) -> str:
    """SHA-256 of a manifest's columns and rows as text, hexadecimal; another order is another digest."""
    digest = hashlib.sha256()
    columns = [str(name) for name in table.columns]
    for row in (columns, *table.itertuples(index=False, name=None)):
        # unit and record separators cannot stand in a manifest's cells, so no two tables share a text
        digest.update(("\x1f".join(map(str, row)) + "\x1e").encode())
    return digest.hexdigest()


def fingerprint(dataset: Dataset) -> dict[str, str | int | dict[str, int] | None]:
    """The data set as JSON values: dataset, protocol, fold, rows, rows by split, manifest_sha256."""
    return {
        "dataset": dataset.name,
        "protocol": dataset.protocol,
        "fold": dataset.fold,
        "rows": len(dataset.manifest),
        "splits": {name: len(rows) for name, rows in dataset.splits.items()},
        "manifest_sha256": manifest_sha256(dataset.manifest.table),
    }
