"""What a data set holds by protocol, fold, split and PAI, against what the published set holds.

Official counts follow from the names of the published files (OULU-NPU, Replay-Attack, CASIA-MFSD) or are
constants (CASIA-SURF, NUAA); a manifest of one's own has none. CASIA-MFSD's dev is made of training subjects,
so its official train and dev are those of the same draw.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from autofas.data.catalog import ENTRIES, protocol_label
from autofas.data.protocols.division import apply_protocol, folds
from autofas.data.protocols.partition import Split
from autofas.errors import DataError

Counts = dict[tuple[str, str], int]
Unit = Literal["videos", "frames"]


@dataclass(frozen=True)
class Inspected:
    """One protocol and fold: its parts, or the reason why it cannot be made, and the official counts."""

    protocol: str
    fold: int | None
    split: Split | None
    fault: str
    official: Counts | None
    unit: Unit = "videos"

    def rows(self) -> list[dict[str, Any]]:
        """A row for each split and PAI that is there or ought to be."""
        parts: Mapping[str, pd.DataFrame] = self.split.parts if self.split is not None else {}
        found = {(name, str(pai)): rows for name, part in parts.items() for pai, rows in part.groupby("pai")}
        order = {"train": 0, "dev": 1, "test": 2}
        keys = sorted({*found, *(self.official or {})}, key=lambda key: (order[key[0]], key[1]))
        known = {split for split, _ in self.official or {}}  # a set may have official counts of a part alone
        result = []
        for name, pai in keys:
            part = found.get((name, pai))
            official = (self.official or {}).get((name, pai), 0) if name in known else None
            result.append(
                {
                    "protocol": self.protocol,
                    "fold": self.fold,
                    "split": name,
                    "pai": pai,
                    "videos": int(part["video"].nunique()) if part is not None else 0,
                    "frames": len(part) if part is not None else 0,
                    "subjects": int(part["subject"].nunique()) if part is not None else 0,
                    "official": official,
                    "official_unit": None if official is None else self.unit,
                }
            )
        return result

    def differences(self) -> list[str]:
        """A line for each row whose count is not the official one."""
        if self.official is None or self.split is None:
            return []
        lines = []
        for row in self.rows():
            off = 0 if row["official"] is None else row[self.unit] - row["official"]
            if off:
                word = f"{-off} missing" if off < 0 else f"{off} extra"
                fold = f" fold {self.fold}" if self.fold is not None else ""
                count = f"{row[self.unit]} of {row['official']} {row['pai']} {self.unit}"
                lines.append(f"protocol {self.protocol}{fold} {row['split']}: {count}; {word}")
        return lines


def protocols_of(dataset: str, table: pd.DataFrame) -> list[tuple[str, int | None]]:
    """Every protocol of a data set with every fold the table has rows for; a manifest's own is `none`."""
    entry = ENTRIES.get(dataset)
    own = entry.protocols if entry is not None else ()
    found: list[tuple[str, int | None]] = []
    for name in own or (protocol_label(dataset) if dataset else "none",):
        with suppress(DataError):  # a table without the column that the folds come from
            found += [(name, fold) for fold in folds(name, table)]
    return found or [("none", None)]


def inspect_protocol(
    dataset: str, table: pd.DataFrame, protocol: str, fold: int | None, *, seed: int = 0
) -> Inspected:
    """One protocol and fold of a data set's table; a fault is kept as a line, not raised."""
    split, fault = None, ""
    try:
        split = apply_protocol(table, protocol, fold, seed=seed)
    except DataError as error:
        fault = str(error)
    official, unit = official_counts(dataset, table, protocol, fold, seed=seed)
    return Inspected(protocol, fold, split, fault, official, unit)


def official_counts(
    dataset: str, table: pd.DataFrame, protocol: str, fold: int | None, *, seed: int = 0
) -> tuple[Counts | None, Unit]:
    """The published set's counts by split and PAI, and their unit; None where unknown.

    Counts that are constants are those of the set's own split, and of no other protocol.
    """
    entry = ENTRIES.get(dataset)
    if entry is None or entry.reader is None:
        return None, "videos"
    reader = entry.load()
    if hasattr(reader, "official_counts") and protocol in ("none", protocol_label(dataset)):
        return reader.official_counts(table)
    if not hasattr(reader, "official_videos"):
        return None, "videos"
    try:
        parts = apply_protocol(pd.DataFrame(reader.official_videos()), protocol, fold, seed=seed).parts
    except DataError:
        return None, "videos"
    rows = Counter((name, str(pai)) for name, part in parts.items() for pai in part["pai"])
    return dict(rows), "videos"
