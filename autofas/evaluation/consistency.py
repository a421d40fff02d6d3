"""Is a published table arithmetically possible? Exact fractions against the digits that are printed.

A printed number stands for every value that rounds to it, so each check asks whether any such values could
hold together: ACER is the mean of APCER and BPCER; its deviation over folds lies between half the difference
and half the sum of theirs; a rate lies in [0, 1] and its deviation below that of a coin of the same mean; a
rate over N presentations is k/N, over folds of equal size a mean of such; TPR does not rise as FPR falls.
A table that passes may still be wrong. Not checked: fold deviations that no six fractions k/N could give.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import Literal, Protocol

from autofas.evaluation.paper_tables import (
    SCALE,
    Column,
    PaperTable,
    Printed,
    Row,
    Sizes,
    label_of,
    ordered_rates,
    read_printed,
)

RATES = ("apcer", "bpcer", "acer", "hter")


@dataclass(frozen=True)
class Finding:
    """What is wrong in a row; a note is something odd that is still possible under another unit."""

    row: str
    column: str
    kind: Literal["fault", "note"]
    text: str


class _Add(Protocol):
    """Takes a finding in a column; a fault unless said otherwise."""

    def __call__(self, column: str, text: str, kind: Literal["fault", "note"] = "fault") -> None: ...


def check_table(table: PaperTable) -> list[Finding]:
    """Every finding of a table, row by row; no fault means that it is possible."""
    return [finding for row in table.rows for finding in check_row(table, row)]


def check_row(table: PaperTable, row: Row) -> list[Finding]:
    """The findings of one row."""
    found: list[Finding] = []
    values = _rates(table, row)
    titles = {column.key: column.title for column in table.columns}

    def add(column: str, text: str, kind: Literal["fault", "note"] = "fault") -> None:
        found.append(Finding(label_of(row), titles.get(column, column), kind, text))

    for name, printed in values.items():
        if printed.value - printed.half > 1:
            add(name, f"{_shown(printed)} is more than everything")
        if printed.std is not None and printed.std - printed.std_half > _std_bound(printed):
            most = _percent(_std_bound(printed))
            add(
                name, f"a deviation of {_percent(printed.std)} % is impossible at this mean; at most {most} %"
            )
    _check_acer(values, add)
    sizes = table.sizes.get(row.size) if row.size else None
    for column in table.columns:
        if column.key not in values:
            continue
        if column.bona_fide is not None:
            _check_share(values[column.key], column.key, column.bona_fide, "bona fide", add)
        elif sizes is not None:
            _check_counts(values, column, sizes, table.pooled, add)
    rates = [column for column in ordered_rates(table.columns) if column.key in values]
    for larger, smaller in pairwise(rates):
        a, b = values[larger.key], values[smaller.key]
        if larger.name != smaller.name and b.value - b.half > a.value + a.half:
            add(smaller.key, f"TPR {_shown(b)} is above {_shown(a)}, its value at a larger FPR")
    return found


def realisable(printed: Printed, denominator: int) -> bool:
    """Whether some k / denominator rounds to the printed number (a tie may go either way)."""
    low, high = (printed.value - printed.half) * denominator, (printed.value + printed.half) * denominator
    return ceil(low) <= floor(high)


def _rates(table: PaperTable, row: Row) -> dict[str, Printed]:
    """The row's rates as fractions of 1, by column key."""
    values = {}
    for column in table.columns:
        text = row.values.get(column.key)
        if text is None or not (column.name in RATES or column.name.startswith("tpr_at_fpr.")):
            continue
        printed, scale = read_printed(text, column.key), SCALE[column.unit]
        std = None if printed.std is None else printed.std * scale
        values[column.key] = Printed(
            printed.value * scale, printed.half * scale, std, printed.std_half * scale
        )
    return values


def _check_acer(values: dict[str, Printed], add: _Add) -> None:
    if not {"apcer", "bpcer", "acer"} <= set(values):
        return
    a, b, c = values["apcer"], values["bpcer"], values["acer"]
    mean, slack = (a.value + b.value) / 2, (a.half + b.half) / 2 + c.half
    if abs(c.value - mean) > slack:
        add("acer", f"{_shown(c)} is printed, the mean of {_shown(a)} and {_shown(b)} is {_percent(mean)} %")
    if a.std is None or b.std is None or c.std is None:
        return
    slack = (a.std_half + b.std_half) / 2 + c.std_half
    least, most = abs(a.std - b.std) / 2, (a.std + b.std) / 2
    if not least - slack <= c.std <= most + slack:
        add(
            "acer",
            f"its deviation {_percent(c.std)} % lies outside [{_percent(least)}, {_percent(most)}] %, which "
            "those of APCER and BPCER allow",
        )


def _check_counts(values: dict[str, Printed], column: Column, sizes: Sizes, pooled: bool, add: _Add) -> None:
    printed, name, key = values[column.key], column.name, column.key
    everything = sum(sizes.attacks) * sizes.folds
    if name == "bpcer" or name.startswith("tpr_at_fpr."):
        _check_share(printed, key, sizes.bona_fide * sizes.folds, "bona fide", add)
    elif name == "apcer" and pooled:
        _check_share(printed, key, everything, "attacks", add)
    elif name == "apcer":
        each = sorted({size * sizes.folds for size in sizes.attacks})
        if sizes.folds > 1 and len(each) > 1:
            return  # the worst PAI may change from fold to fold, and with it the denominator
        if not any(realisable(printed, size) for size in each):
            way = f"only possible with all {everything} pooled" if realisable(printed, everything) else ""
            add(key, _impossible(printed, each[-1], "attacks of a PAI", way))
    elif name == "acer" and not {"apcer", "bpcer"} <= set(values):
        attacks = [sum(sizes.attacks)] if pooled else sorted(set(sizes.attacks))
        if not any(
            _mean_realisable(printed, size * sizes.folds, sizes.bona_fide * sizes.folds) for size in attacks
        ):
            add(
                key,
                f"{_shown(printed)} is no mean of k/{attacks[-1] * sizes.folds} and "
                f"m/{sizes.bona_fide * sizes.folds}: another unit than the protocol's videos, or more digits "
                "than are known",
                "note",
            )


def _check_share(printed: Printed, name: str, size: int, what: str, add: _Add) -> None:
    if not realisable(printed, size):
        add(name, _impossible(printed, size, what, ""))


def _impossible(printed: Printed, size: int, what: str, way: str) -> str:
    below, above = floor(printed.value * size), floor(printed.value * size) + 1
    text = f"{_shown(printed)} is no k/{size} {what} ({below} give {_percent(Fraction(below, size))}, "
    text += f"{above} give {_percent(Fraction(above, size))})"
    if way:
        return f"{text}; {way}"
    cut = ceil(printed.value * size)
    if Fraction(cut, size) < printed.value + 2 * printed.half:
        return f"{text}; {cut} would give it if digits are cut off, not rounded"
    return text


def _mean_realisable(printed: Printed, attacks: int, bona_fide: int) -> bool:
    """Whether (k / attacks + m / bona_fide) / 2 rounds to the printed number for some k and m."""
    for m in range(bona_fide + 1):
        rest = 2 * printed.value - Fraction(m, bona_fide)
        if rest + 2 * printed.half < 0:
            return False
        low = max(rest - 2 * printed.half, Fraction(0))
        if ceil(low * attacks) <= min(floor((rest + 2 * printed.half) * attacks), attacks):
            return True
    return False


def _std_bound(printed: Printed) -> Fraction:
    """The largest deviation of values in [0, 1] with this mean: of two folds with ddof 1, or of many."""
    low, high = printed.value - printed.half, printed.value + printed.half
    mean = min(max(Fraction(1, 2), low), high)
    return Fraction(float(max(2 * mean * (1 - mean), Fraction(0))) ** 0.5)


def _percent(value: Fraction) -> str:
    return f"{float(100 * value):.6g}"


def _shown(printed: Printed) -> str:
    return f"{_percent(printed.value)} %"
