"""PAI labels: which strings are labels at all, how they are encoded, and how instruments are grouped.

A label is `bona_fide` or the name of a presentation attack instrument (ISO/IEC 30107-3), never a bare 0 or 1.
An instrument may have any name, so a misspelt `bona_fide` would silently count as an attack; the spellings
seen in public score files are therefore refused instead of guessed. Numeric labels are translated only where
a file format defines them (`foreign_scores`).
"""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from autofas.errors import MetricError

BONA_FIDE = "bona_fide"
Grouping = Literal["instrument", "family"]
"""What the maximum of APCER runs over; `group_pais` says what each of them means."""
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)

Labels = Sequence[str] | npt.NDArray[Any]

_BONA_FIDE_LOOKALIKES = frozenset({"bonafide", "real", "live", "genuine"})
_PLACEHOLDERS = frozenset({"nan", "none", "null", "na", "unknown"})
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")
_INSTANCE_NUMBER = re.compile(r"[_-]?[0-9]+$")
# a numpy string array is encoded by one vectorised comparison a name while the names are few
_FEW_NAMES = 32


def label_fault(name: object) -> str | None:
    """Say in a few words why `name` cannot be a PAI label, or return None where it can."""
    if not isinstance(name, str):
        return f"label {name!r} is not a string; write {BONA_FIDE} or the name of the attack"
    if not name.strip():
        return f"the label is empty; write {BONA_FIDE} or the name of the attack"
    if name != name.strip() or not name.isprintable():
        return f"label {name!r} has blanks around it or unprintable characters; remove them"
    if name == BONA_FIDE:
        return None
    word = re.sub(r"[^a-z0-9]", "", name.casefold())
    if word in _BONA_FIDE_LOOKALIKES:
        return f"label {name!r} would count as an attack; write {BONA_FIDE} for bona fide"
    if word in _PLACEHOLDERS:
        return f"label {name!r} is unknown; write {BONA_FIDE} or the name of the attack"
    if _NUMBER.fullmatch(name):
        return f"label {name!r} is a bare number; write {BONA_FIDE} or the name of the attack"
    return None


def encode(values: Labels, what: str) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Encode strings as codes (n,) into the list of distinct names, in order of first appearance.

    Linear in time and memory. Raises MetricError where `values` is not one-dimensional or not hashable.
    """
    if isinstance(values, (str, bytes)):
        raise MetricError(f"{what} is one string, {values!r}; give a sequence with one entry a score")
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise MetricError(f"{what} has shape {values.shape}; give one dimension, one entry a score")
        if values.dtype.kind == "U":
            encoded = _encode_few(values)
            if encoded is not None:
                return encoded
        values = values.tolist()
    entries = values if isinstance(values, list) else list(values)
    try:
        code_of: dict[Any, int] = {name: code for code, name in enumerate(dict.fromkeys(entries))}
    except TypeError:
        raise MetricError(f"{what} holds an entry that is not a string; give one string a score") from None
    codes = np.fromiter(map(code_of.__getitem__, entries), dtype=np.int64, count=len(entries))
    return codes, [str(name) if isinstance(name, str) else name for name in code_of]


def _encode_few(values: npt.NDArray[np.str_]) -> tuple[npt.NDArray[np.int64], list[str]] | None:
    """Encode a numpy string array without making a Python string an entry; None where the names are many."""
    codes = np.full(len(values), -1, dtype=np.int64)
    names: list[str] = []
    first_open = 0
    while first_open < len(values):
        if len(names) == _FEW_NAMES:
            return None
        name = values[first_open]
        codes[values == name] = len(names)
        names.append(str(name))
        rest = codes[first_open:] < 0
        step = int(rest.argmax())
        if not rest[step]:
            break
        first_open += step
    return codes, names


def encode_labels(pais: Labels) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Encode PAI labels as codes (n,) and distinct names; raises MetricError naming the first bad label."""
    codes, names = encode(pais, "pais")
    for code, name in enumerate(names):
        fault = label_fault(name)
        if fault is not None:
            raise MetricError(f"index {int(np.argmax(codes == code))}: {fault}")
    return codes, names


def encode_names(values: Labels, what: str) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Encode non-empty strings such as video names; raises MetricError naming the first bad one."""
    codes, names = encode(values, what)
    for code, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            index = int(np.argmax(codes == code))
            raise MetricError(f"{what}[{index}] is {name!r}; every score needs a non-empty string here")
    return codes, names


def group_pais(pais: Labels, grouping: str) -> list[str]:
    """Rename attacks for the grouping the APCER maximum runs over.

    'instrument' keeps every name (the stricter figure); 'family' drops the number at the end of a name, with
    a joining `_` or `-`: print1 and print2 become print, as OULU-NPU's published tables count them. Numbers
    inside a name stay. Raises MetricError for another grouping or a bad label.
    """
    if grouping not in GROUPINGS:
        raise MetricError(unknown_choice("PAI grouping", grouping, GROUPINGS))
    codes, names = encode_labels(pais)
    if grouping == "family":
        names = [name if name == BONA_FIDE else _INSTANCE_NUMBER.sub("", name) for name in names]
    return [names[code] for code in codes.tolist()]


def unknown_choice(what: str, given: object, choices: Iterable[str]) -> str:
    """The line for a name that is not among the choices, with the nearest one."""
    known = list(choices)
    near = get_close_matches(str(given), known, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{what} {given!r} does not exist{hint}; choose {', '.join(known)}"
