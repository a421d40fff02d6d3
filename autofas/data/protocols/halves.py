"""The halves of a training split that a search learns from, where they differ in more than people.

Halves by subject (autofas.data.protocols.partition) ask a network to carry over to other people. What it will
meet is another session, another camera, an attack nobody has shown it: so the half that chooses can be of
other sessions, devices or attack instruments than the half that teaches, and of other people too.
"""

import hashlib

import pandas as pd

from autofas.config.search import ArchSplit
from autofas.data.manifests.faults import shown
from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.protocols.partition import draw_subjects, require_both_classes, split_halves
from autofas.errors import DataError

Halves = tuple[pd.DataFrame, pd.DataFrame]
_DRAWS = 12


def search_halves(table: pd.DataFrame, share: float, seed: int, by: ArchSplit = "subject") -> Halves:
    """Rows of a training table for the weights and for the architecture, without a shared subject.

    About `share` of the subjects is in the first, and with another `by` than subject `share` of its values
    (of pai: of the attack instruments). Rows whose subject is in one half and whose value in the other are in
    neither; of some draws the one is taken that leaves the smaller half largest. Both halves hold both
    classes. Raises `DataError` where that cannot be.
    """
    if by == "subject":
        return split_halves(table, share, seed)
    values = _values(table, by)
    if len(values) < 2:
        has = f"only {by} {shown(values[0])}" if values else f"no {by} named"
        raise DataError(f"arch_split {by}: the training split has {has}; choose another, such as subject")
    wanted = min(max(round((1 - share) * len(values)), 1), len(values) - 1)
    best: Halves | None = None
    for draw in range(_DRAWS):
        ranked = sorted(values, key=lambda value: _rank(seed, draw, value))
        found = _crossed(table, share, seed + draw * 2**32, by, ranked[:wanted])
        if found is not None and (best is None or min(map(len, found)) > min(map(len, best))):
            best = found
    if best is None:
        raise DataError(
            f"arch_split {by}: no two halves of the training split differ in subject and {by} and hold bona "
            "fide and attack rows both; choose another, such as subject"
        )
    return best


def apart(halves: Halves, by: ArchSplit, rows: int) -> str:
    """What sets the halves of `rows` rows apart, in a line for the log."""
    weights, architecture = (", ".join(map(shown, _values(half, by))) for half in halves)
    left = rows - sum(map(len, halves))
    return f"{by} {weights} for the weights, {architecture} for the architecture; {left} frames in neither"


def _values(table: pd.DataFrame, by: ArchSplit) -> list[str]:
    """The values of a column, without those that say nothing; of pai the attack instruments."""
    if by not in table:
        return []
    return sorted({str(value) for value in table[by].dropna().unique()} - {"", BONA_FIDE})


def _crossed(table: pd.DataFrame, share: float, seed: int, by: ArchSplit, chosen: list[str]) -> Halves | None:
    """Rows of the others' subjects and values, and of the drawn subjects and `chosen` values."""
    held = table["subject"].isin(draw_subjects(table, 1 - share, seed, purpose="architecture"))
    other = table[by].astype(str).isin(chosen)
    both = table["pai"] == BONA_FIDE if by == "pai" else pd.Series(False, index=table.index)
    halves = table[~held & (~other | both)], table[held & (other | both)]
    try:
        require_both_classes(dict(zip(("weights", "architecture"), halves, strict=True)), by)
    except DataError:
        return None
    return halves


def _rank(seed: int, draw: int, value: str) -> bytes:
    return hashlib.sha256(f"{seed}/{draw}/halves/{value}".encode()).digest()
