"""Evaluation protocols as rules over a manifest's table: who is in train, dev and test. No torch, no files.

OULU-NPU's four protocols (Boulkenafet et al., FG 2017) are rules on phone, session and instrument; the rule
table below yields exactly the sets of the 42 official lists. Any manifest can also use `none` (its own
split column) or a development protocol made from its train and dev rows, its test rows set aside:

leave-one-session-out[:NAME]                  test is that session; the others give train and dev by subject
leave-one-session-and-subjects-out[:NAME]     as above, and the subjects of test are in no other split
leave-one-device-out, leave-one-device-and-subjects-out, leave-one-pai-out, leave-one-pai-and-subjects-out
leave-one-subject-out[:NAME]                  NAME may join several by '+'
leave-subjects-out:N                          N groups of subjects, one a fold

Without NAME the values, sorted, are the folds 1, 2, ... Protocols of other published sets, and those across
cameras, are in `named`.
"""

import re
from dataclasses import dataclass

import pandas as pd

from autofas.data.manifests.faults import shown
from autofas.data.manifests.manifest import BONA_FIDE, SPLITS
from autofas.data.protocols.named import has_name, named_folds, named_split
from autofas.data.protocols.names import OULU_FOLDS
from autofas.data.protocols.partition import (
    Split,
    Splits,
    leave_group_out,
    leave_out,
    require_both_classes,
)
from autofas.errors import DataError

OULU_PHONES = ("1", "2", "3", "4", "5", "6")
OULU_SESSIONS = ("1", "2", "3")
OULU_PAIS = (BONA_FIDE, "print1", "print2", "replay1", "replay2")

_KNOWN_INSTRUMENTS = (BONA_FIDE, "print1", "replay1")
_NEW_INSTRUMENTS = (BONA_FIDE, "print2", "replay2")
_LEAVE = re.compile(r"leave-one-(session|device|pai|subject)(-and-subjects)?-out(?::(.+))?")
_GROUPS = re.compile(r"leave-subjects-out:([0-9]{1,6})")
_CHOICES = (
    "none, leave-one-{session,subject,pai,device,dataset}-out[:NAME] or leave-subjects-out:N, or a set's own"
)


@dataclass(frozen=True)
class OuluRule:
    """What train and dev, and what test, may hold; `by_phone`: the fold's phone is test's alone."""

    by_phone: bool
    sessions: tuple[tuple[str, ...], tuple[str, ...]]
    pais: tuple[tuple[str, ...], tuple[str, ...]]


OULU_RULES = {
    "1": OuluRule(False, (("1", "2"), ("3",)), (OULU_PAIS, OULU_PAIS)),
    "2": OuluRule(False, (OULU_SESSIONS, OULU_SESSIONS), (_KNOWN_INSTRUMENTS, _NEW_INSTRUMENTS)),
    "3": OuluRule(True, (OULU_SESSIONS, OULU_SESSIONS), (OULU_PAIS, OULU_PAIS)),
    "4": OuluRule(True, (("1", "2"), ("3",)), (_KNOWN_INSTRUMENTS, _NEW_INSTRUMENTS)),
}


def oulu_split(table: pd.DataFrame, protocol: int | str, fold: int | None = None) -> Splits:
    """Train, dev and test of OULU-NPU protocol 1 to 4; protocols 3 and 4 need `fold` 1 to 6, the phone
    left out.

    The table needs `device` '1' to '6', `session` '1' to '3', `pai` of `OULU_PAIS` and `split`.
    Raises `DataError` for a protocol or fold that does not exist and for values outside the rule.
    """
    number = _oulu_number(protocol)
    rule = OULU_RULES[number]
    _check_oulu_fold(number, fold)
    if "device" not in table:
        raise DataError("OULU protocols need a device column (the phone, 1 to 6); the manifest has none")
    for column, known in (("device", OULU_PHONES), ("session", OULU_SESSIONS), ("pai", OULU_PAIS)):
        unknown = sorted(set(table[column]) - set(known))
        if unknown:
            raise DataError(
                f"OULU protocols know no {column} {', '.join(map(shown, unknown[:3]))};"
                f" expected {', '.join(known)} (other manifests: --protocol none)"
            )
    parts: Splits = {}
    for name in SPLITS:
        testing = name == "test"
        keep = (table["split"] == name) & table["session"].isin(rule.sessions[testing])
        keep &= table["pai"].isin(rule.pais[testing])
        if rule.by_phone:
            keep &= (table["device"] == str(fold)) == testing
        parts[name] = table[keep]
    return parts


def folds(protocol: int | str | None, table: pd.DataFrame | None = None) -> tuple[int | None, ...]:
    """The folds of a protocol, `(None,)` where it has none.

    With `table` only folds it has rows for are given (generated faces may have fewer phones); the
    development protocols need it.
    """
    name = _name(protocol)
    if name == "none":
        return (None,)
    if has_name(name):
        return named_folds(name, table)
    if name.isdigit():
        known = OULU_FOLDS[_oulu_number(name)]
        if known == (None,) or table is None or "device" not in table:
            return known
        phones = set(table["device"])
        return tuple(fold for fold in known if str(fold) in phones)
    groups = _GROUPS.fullmatch(name)
    if groups:
        return tuple(range(1, int(groups[1]) + 1))
    column, _, value = _leave_fields(name)
    if value is not None:
        return (None,)
    if table is None:
        raise DataError(f"the folds of {name} depend on the manifest; pass its table")
    return tuple(range(1, len(_left_out_values(_development(table), column)) + 1))


def require_protocol(protocol: int | str | None, fold: int | None = None) -> None:
    """Raise `DataError` for a protocol, or a fold of OULU's, that exists for no rows whatever.

    It needs no rows, so a mistyped name is told before a data set is read or generated.
    """
    name = _name(protocol)
    if name == "none" or has_name(name) or _GROUPS.fullmatch(name):
        return
    if not name.isdigit():
        _leave_fields(name)
    elif OULU_FOLDS[_oulu_number(name)] == (None,) or fold is not None:
        _check_oulu_fold(name, fold)


def apply_protocol(
    table: pd.DataFrame,
    protocol: int | str | None,
    fold: int | None = None,
    *,
    seed: int = 0,
    dev_share: float = 0.25,
    test_share: float = 0.3,
) -> Split:
    """The splits of any protocol; a split that would be empty or lack a class is an error except under
    `none`.
    """
    name = _name(protocol)
    if name == "none":
        if fold is not None:
            raise DataError(f"fold {fold} was given, but protocol none has no folds; drop --fold")
        parts: Splits = {split: table[table["split"] == split] for split in SPLITS}
        return Split({split: part for split, part in parts.items() if len(part)})
    if has_name(name):
        return named_split(table, name, fold, seed=seed, dev_share=dev_share)
    if name.isdigit():
        parts = oulu_split(table, name, fold)
        where = f"OULU protocol {name}" + (f" fold {fold}" if fold is not None else "")
        require_both_classes(parts, where)
        return Split(parts)
    return _development_split(table, name, fold, seed=seed, dev_share=dev_share, test_share=test_share)


def _development_split(
    table: pd.DataFrame, name: str, fold: int | None, *, seed: int, dev_share: float, test_share: float
) -> Split:
    """The parts of a protocol that leaves something out of a manifest's train and dev rows."""
    rows = _development(table)
    notes = []
    if len(rows) < len(table):
        notes.append(f"{len(table) - len(rows)} test rows of the manifest are set aside by {name}")
    groups = _GROUPS.fullmatch(name)
    if groups:
        if fold is None:
            raise DataError(f"protocol {name} needs a fold; choose 1 to {groups[1]}")
        return Split(
            leave_group_out(rows, int(groups[1]), fold, dev_share=dev_share, seed=seed), tuple(notes)
        )
    column, disjoint, value = _leave_fields(name)
    if value is None:
        values = _left_out_values(rows, column)
        if fold is None or not 1 <= fold <= len(values):
            given = "needs a fold" if fold is None else f"has no fold {fold}"
            listed = ", ".join(f"{i + 1} ({v})" for i, v in enumerate(values[:12]))
            raise DataError(f"protocol {name} {given}; choose {listed}, or write {name}:NAME")
        value = values[fold - 1]
        notes.append(f"test is of {column} {value}, which train and dev leave out")
    elif fold is not None:
        raise DataError(f"fold {fold} was given, but protocol {name} has no folds; drop --fold")
    parts = leave_out(
        rows,
        column,
        value.split("+"),
        dev_share=dev_share,
        test_share=test_share,
        seed=seed,
        subject_disjoint=disjoint,
    )
    return Split(parts, tuple(notes), shared_subjects=not disjoint and column != "subject")


def _name(protocol: int | str | None) -> str:
    return "none" if protocol is None else str(protocol).strip()


def _oulu_number(protocol: int | str) -> str:
    text = str(protocol).strip()
    if text not in OULU_FOLDS:
        raise DataError(f"OULU protocol {text} does not exist; choose 1, 2, 3 or 4")
    return text


def _check_oulu_fold(protocol: str, fold: int | None) -> None:
    known = OULU_FOLDS[protocol]
    if known == (None,):
        if fold is not None:
            raise DataError(f"fold {fold} was given, but OULU protocol {protocol} has no folds; drop --fold")
    elif fold is None:
        raise DataError(f"OULU protocol {protocol} needs a fold; choose 1 to 6")
    elif fold not in known:
        raise DataError(f"fold {fold} of OULU protocol {protocol} does not exist; choose 1 to 6")


def _leave_fields(name: str) -> tuple[str, bool, str | None]:
    match = _LEAVE.fullmatch(name)
    if match is None or (match[1] == "subject" and match[2]):
        raise DataError(f"protocol {shown(name)} does not exist; choose 1 to 4 (OULU), {_CHOICES}")
    return match[1], bool(match[2]), match[3]


def _development(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["split"] != "test"]


def _left_out_values(rows: pd.DataFrame, column: str) -> list[str]:
    if column not in rows:
        raise DataError(f"cannot leave out by {column}; the manifest has no such column")
    return sorted(str(value) for value in rows[column].unique() if column != "pai" or value != BONA_FIDE)
