"""Protocols with names: Replay-Attack's, CASIA-MFSD's scenarios, NUAA's own split, and across cameras.

Replay-Attack (Chingovska et al., 2012): grandtest, print, mobile, highdef, photo, video and digitalphoto
choose attacks, `-fixed` or `-hand` after the name one support; `fixed` and `hand` alone choose among
all attacks. Bona fide videos are the same in all of them.

CASIA-MFSD (Zhang et al., 2012): three qualities (low, normal, high), three attacks (warped, cut, video) and
overall. The set has train and test alone, so dev is made of training subjects, and the notes say so.

`official` is a set's own train and test, with a dev made the same way where it has none; NUAA's test shares
subjects with its train. `cross-device` trains on one camera and tests on another, a fold an ordered pair,
or `cross-device:A:B` (GREAT-FASD-S, AFA section III).

A rule looks at the manifest's columns alone, so it holds for a prepared copy as for the original.
"""

import re
from itertools import permutations

import pandas as pd

from autofas.data.manifests.rules import BONA_FIDE, SPLITS
from autofas.data.protocols.names import (
    CASIA_ATTACKS,
    CASIA_PROTOCOLS,
    CASIA_QUALITIES,
    CROSS_DEVICE,
    OFFICIAL,
    REPLAY_ATTACKS,
    REPLAY_PROTOCOLS,
)
from autofas.data.protocols.partition import Split, Splits, draw_subjects, require_both_classes
from autofas.errors import DataError

_CROSS = re.compile(rf"{CROSS_DEVICE}(?::([^:]+):([^:]+))?")


def has_name(name: str) -> bool:
    """Whether a protocol's name is one of this module's."""
    return name in REPLAY_PROTOCOLS or name in CASIA_PROTOCOLS or name == OFFICIAL or _is_cross(name)


def named_folds(name: str, table: pd.DataFrame | None) -> tuple[int | None, ...]:
    """The folds of a named protocol: the ordered pairs of cameras for cross-device, else `(None,)`."""
    match = _CROSS.fullmatch(name)
    if match is None or match[1]:
        return (None,)
    if table is None:
        raise DataError(f"the folds of {name} depend on the manifest; pass its table")
    return tuple(range(1, len(device_pairs(table)) + 1))


def named_split(
    table: pd.DataFrame, name: str, fold: int | None, *, seed: int = 0, dev_share: float = 0.25
) -> Split:
    """The parts of a named protocol; raises `DataError` for data of another set or a part without a
    class."""
    if _is_cross(name):
        split = _cross_device(table, name, fold, seed, dev_share)
    else:
        if fold is not None:
            raise DataError(f"fold {fold} was given, but protocol {name} has no folds; drop --fold")
        if name == OFFICIAL:
            rows = table
        else:
            casia = name in CASIA_PROTOCOLS
            if casia and name in REPLAY_PROTOCOLS:  # both sets call one video: the instruments tell whose
                casia = bool(set(table["pai"]) & set(CASIA_ATTACKS.values()))
            rows = _casia_rows(table, name) if casia else _replay_rows(table, name)
        split = _with_dev(rows, seed, dev_share)
        split = Split(split.parts, split.notes, shared_subjects=name == OFFICIAL)
    require_both_classes(split.parts, f"protocol {name}" + (f" fold {fold}" if fold is not None else ""))
    return split


def device_pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Ordered pairs of cameras, (source, target), sorted."""
    if "device" not in table:
        raise DataError("cross-device needs a device column (the camera); the manifest has none")
    return list(permutations(sorted(map(str, table["device"].unique())), 2))


def _is_cross(name: str) -> bool:
    return _CROSS.fullmatch(name) is not None


def _replay_rows(table: pd.DataFrame, name: str) -> pd.DataFrame:
    attacks, support = name, ""
    if name in ("fixed", "hand"):
        attacks, support = "grandtest", name
    elif name.endswith(("-fixed", "-hand")):
        attacks, support = name.rsplit("-", 1)
    _check_pais(table, name, "Replay-Attack", REPLAY_ATTACKS["grandtest"])
    keep = table["pai"].isin((BONA_FIDE, *REPLAY_ATTACKS[attacks]))
    if support:
        if "support" not in table:
            raise DataError(f"protocol {name} needs a support column (fixed, hand); the manifest has none")
        keep &= (table["pai"] == BONA_FIDE) | (table["support"] == support)
    return table[keep]


def _casia_rows(table: pd.DataFrame, name: str) -> pd.DataFrame:
    _check_pais(table, name, "CASIA-MFSD", tuple(CASIA_ATTACKS.values()))
    if name in CASIA_QUALITIES:
        if "device" not in table:
            raise DataError(f"protocol {name} needs the quality in a device column; the manifest has none")
        return table[table["device"] == name]
    if name in CASIA_ATTACKS:
        return table[table["pai"].isin((BONA_FIDE, CASIA_ATTACKS[name]))]
    return table


def _check_pais(table: pd.DataFrame, name: str, owner: str, known: tuple[str, ...]) -> None:
    unknown = sorted(set(table["pai"]) - {BONA_FIDE, *known})
    if unknown:
        raise DataError(
            f"protocol {name} is {owner}'s, which has no pai {', '.join(unknown[:3])};"
            f" expected {', '.join(known)} (other manifests: --protocol none)"
        )


def _with_dev(table: pd.DataFrame, seed: int, dev_share: float) -> Split:
    """The table's own splits; a dev set it lacks is made of training subjects."""
    parts: Splits = {name: table[table["split"] == name] for name in SPLITS}
    if len(parts["dev"]):
        return Split(parts)
    return _held_out(parts["train"], parts["test"], seed, dev_share)


def _held_out(train: pd.DataFrame, test: pd.DataFrame, seed: int, dev_share: float) -> Split:
    held = draw_subjects(train, dev_share, seed, purpose="dev")
    dev = train["subject"].isin(held)
    parts: Splits = {"train": train[~dev], "dev": train[dev], "test": test}
    note = (
        f"dev is {len(held)} of {train['subject'].nunique()} training subjects, held out with seed {seed}:"
        " this data has no dev set of its own"
    )
    return Split(parts, (note,))


def _cross_device(table: pd.DataFrame, name: str, fold: int | None, seed: int, dev_share: float) -> Split:
    pairs = device_pairs(table)
    match = _CROSS.fullmatch(name)
    listed = ", ".join(f"{i + 1} ({a} to {b})" for i, (a, b) in enumerate(pairs[:12]))
    if not pairs:
        raise DataError("cross-device needs two cameras; the manifest has one")
    if match is not None and match[1]:
        if fold is not None:
            raise DataError(f"fold {fold} was given, but protocol {name} has no folds; drop --fold")
        if (match[1], match[2]) not in pairs:
            raise DataError(f"protocol {name} names no pair of cameras of this manifest; choose of {listed}")
        source, target = match[1], match[2]
    elif fold is None or not 1 <= fold <= len(pairs):
        given = "needs a fold" if fold is None else f"has no fold {fold}"
        raise DataError(f"protocol {name} {given}; choose {listed}, or write cross-device:A:B")
    else:
        source, target = pairs[fold - 1]
    test = table[(table["device"] == target) & (table["split"] == "test")]
    own = _with_dev(table[(table["device"] == source) & (table["split"] != "test")], seed, dev_share)
    note = f"train and dev from camera {source}, test from camera {target}"
    return Split({**own.parts, "test": test}, (note, *own.notes))
