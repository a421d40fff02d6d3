"""Protocols with names: Replay-Attack's, CASIA-MFSD's scenarios, NUAA's own split, and across cameras.

Replay-Attack (Chingovska et al., 2012): grandtest, print, mobile, highdef, photo, video and digitalphoto
choose attacks, `-fixed` or `-hand` after the name one support; `fixed` and `hand` alone choose among
all attacks. Bona fide videos are the same in all of them.

CASIA-MFSD (Zhang et al., 2012): three qualities (low, normal, high), three attacks (warped, cut, video) and
overall. The set has train and test alone, so dev is made of training subjects, and the notes say so.

SiW (Liu et al., 2018): `siw-1` trains on the first 60 frames of each video; `siw-2` on the replays of three
screens and tests on the fourth, a fold a screen; `siw-3` on prints and tests on replays (fold 1), or the
reverse (fold 2). The set has no dev of its own either.

`official` is a set's own train and test, with a dev made the same way where it has none; NUAA's test shares
subjects with its train. `cross-device` trains on one camera and tests on another, a fold an ordered pair,
or `cross-device:A:B` (GREAT-FASD-S, AFA section III). `leave-one-dataset-out` trains on several joined sets
but one and tests on the test split of that one, a fold a set, or `leave-one-dataset-out:NAME` (the field's O,
C, I and M).

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
    SIW_FIRST_FRAMES,
    SIW_FOLDS,
    SIW_PRINTS,
    SIW_REPLAYS,
)
from autofas.data.protocols.partition import Split, Splits, draw_subjects, require_both_classes
from autofas.errors import DataError

_CROSS = re.compile(rf"{CROSS_DEVICE}(?::([^:]+):([^:]+))?")
_DATASET_OUT = re.compile(r"leave-one-dataset-out(?::(.+))?")


def has_name(name: str) -> bool:
    """Whether a protocol's name is one of this module's."""
    known = (*REPLAY_PROTOCOLS, *CASIA_PROTOCOLS, *SIW_FOLDS, OFFICIAL)
    return name in known or _is_cross(name) or _DATASET_OUT.fullmatch(name) is not None


def named_folds(name: str, table: pd.DataFrame | None) -> tuple[int | None, ...]:
    """The folds of a named protocol: the ordered pairs of cameras for cross-device, else `(None,)`."""
    if name in SIW_FOLDS:
        return SIW_FOLDS[name]
    out = _DATASET_OUT.fullmatch(name)
    if out is not None:
        if out[1]:
            return (None,)
        if table is None:
            raise DataError(f"the folds of {name} depend on the manifests; pass their table")
        return tuple(range(1, len(_datasets(table)) + 1))
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
    if _DATASET_OUT.fullmatch(name):
        return _without_dataset(table, name, fold, seed, dev_share)
    if _is_cross(name):
        split = _cross_device(table, name, fold, seed, dev_share)
    elif name in SIW_FOLDS:
        split = _with_dev(_siw_rows(table, name, fold), seed, dev_share)
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


def _siw_rows(table: pd.DataFrame, name: str, fold: int | None) -> pd.DataFrame:
    _check_pais(table, name, "SiW", (*SIW_PRINTS, *SIW_REPLAYS))
    if fold not in SIW_FOLDS[name]:
        known = [str(number) for number in SIW_FOLDS[name] if number is not None]
        if not known:
            raise DataError(f"fold {fold} was given, but protocol {name} has no folds; drop --fold")
        given = "needs a fold" if fold is None else f"has no fold {fold}"
        raise DataError(f"protocol {name} {given}; choose {', '.join(known)}")
    testing = table["split"] == "test"
    if name == "siw-1":
        return table[testing | (table["frame"] < SIW_FIRST_FRAMES)]
    replay = table["pai"].isin(SIW_REPLAYS)
    attack = table["pai"] != BONA_FIDE
    if name == "siw-2":
        return table[~attack | (replay & ((table["pai"] == SIW_REPLAYS[(fold or 1) - 1]) == testing))]
    return table[~attack | (attack & ((replay == (fold == 1)) == testing))]


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


def _datasets(table: pd.DataFrame) -> list[str]:
    names = sorted(map(str, table["dataset"].unique())) if "dataset" in table else []
    if len(names) < 2:
        raise DataError(
            "leave-one-dataset-out needs several manifests, joined by + : --dataset a.csv+b.csv+c.csv"
        )
    return names


def _without_dataset(table: pd.DataFrame, name: str, fold: int | None, seed: int, dev_share: float) -> Split:
    """Train and dev of all sets but one, a dev drawn of training subjects where a set has none; its test."""
    names = _datasets(table)
    match = _DATASET_OUT.fullmatch(name)
    listed = ", ".join(f"{number} ({one})" for number, one in enumerate(names, start=1))
    if match is not None and match[1]:
        target = match[1]
        if fold is not None:
            raise DataError(f"fold {fold} was given, but protocol {name} has no folds; drop --fold")
        if target not in names:
            raise DataError(f"protocol {name} names no data set of these; choose {', '.join(names)}")
    elif fold is None or not 1 <= fold <= len(names):
        given = "needs a fold" if fold is None else f"has no fold {fold}"
        raise DataError(f"protocol {name} {given}; choose {listed}, or write {name}:NAME")
    else:
        target = names[fold - 1]
    notes = [f"test is the test split of {target}; train and dev are those of the other data sets"]
    parts: dict[str, list[pd.DataFrame]] = {"train": [], "dev": []}
    for source in names:
        if source == target:
            continue
        own = table[(table["dataset"] == source) & (table["split"] != "test")]
        divided = _with_dev(own, seed, dev_share)
        for part in parts:
            parts[part].append(divided.parts[part])
        notes += [f"{source}: {note}" for note in divided.notes]
    test = table[(table["dataset"] == target) & (table["split"] == "test")]
    splits = {part: pd.concat(rows).sort_index() for part, rows in parts.items()} | {"test": test}
    require_both_classes(splits, f"leaving out {target}")
    return Split(splits, tuple(notes))
