"""leaderboard.csv: one measured row a model, protocol, fold and seed; what the tables and plots are made of.

Rates are fractions, counts absolute numbers, an empty cell means not measured. Floats are written so that
reading gives back the same number. Left out: anything typed by hand, and figures printed in papers.
"""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from autofas.analysis.terminal_tables import shown_table
from autofas.analysis.text_tables import count_range, markdown_table, percent, text_table
from autofas.errors import DataError
from autofas.storage.files import require_commas, whole_file
from autofas.storage.schema import Name, Schema, nearest, read_text, validated

Kind = Literal["searched", "hand-designed", "random"]
Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Text = Annotated[str, Field(max_length=80, pattern=r"^[^\r\n]*$")]


class LeaderboardRow(Schema):
    """One evaluation: `model` on `dataset`, `protocol`, `fold` with `seed`, at `threshold`."""

    model: Name
    kind: Kind
    dataset: Name
    protocol: Name
    fold: Annotated[int, Field(ge=0)] | None = None
    apcer: Rate
    apcer_pooled: Rate | None = None
    bpcer: Rate
    acer: Rate
    hter: Rate | None = None
    auc: Rate | None = None
    threshold: Annotated[float, Field(allow_inf_nan=False)] | None = None
    threshold_rule: Text
    params: int = Field(ge=0)
    macs: int = Field(ge=0)
    counter: Text
    input: Text
    seed: int | None = None
    commit: Text = ""

    @property
    def identity(self) -> tuple[str | int | None, ...]:
        """What makes this row the same measurement as another."""
        place = (self.dataset, self.protocol, self.fold, self.threshold_rule)
        return (self.model, self.kind, *place, self.input, self.seed)

    @property
    def make(self) -> tuple[str | int, ...]:
        """What rows of one make share, over its seeds and folds.

        A search, or a random draw, finds another network with every seed and in every fold, of a size of its
        own; a hand-designed network of another size is another one.
        """
        own = (self.params, self.macs) if self.kind == "hand-designed" else ()
        return (self.model, self.kind, self.threshold_rule, self.input, *own)


COLUMNS = tuple(LeaderboardRow.model_fields)


def read_leaderboard(path: str | os.PathLike[str]) -> list[LeaderboardRow]:
    """The rows of a leaderboard.csv; raises DataError in one line that names row and column of a fault."""
    text = read_text(Path(path), DataError)
    require_commas(text.partition("\n")[0], COLUMNS, str(path), DataError)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[LeaderboardRow] = []
    try:
        header = next(reader, [])
        _check_header(header, path)
        for number, cells in enumerate(reader, start=2):
            if not cells:
                continue
            if len(cells) != len(header):
                raise DataError(f"{path} row {number} has {len(cells)} cells, the header {len(header)}")
            values = {name: cell for name, cell in zip(header, cells, strict=True) if cell != ""}
            rows.append(validated(LeaderboardRow, values, f"{path} row {number}", DataError))
    except csv.Error as exc:
        raise DataError(f"{path} line {reader.line_num} is not valid CSV: {exc}") from None
    _check_distinct(rows, str(path))
    return rows


def write_leaderboard(path: str | os.PathLike[str], rows: Iterable[LeaderboardRow]) -> None:
    """Write all rows in one piece; raises DataError if two rows are the same measurement."""
    kept = list(rows)
    _check_distinct(kept, str(path))
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in kept:
            writer.writerow([_cell(getattr(row, column)) for column in COLUMNS])


def append_leaderboard(
    path: str | os.PathLike[str], rows: Iterable[LeaderboardRow], *, replace: bool = False
) -> list[LeaderboardRow]:
    """Add rows to the file (made if absent) and return all; a row already measured needs `replace`.

    Raises DataError for a measurement that the file holds, unless `replace` puts the new one in its place.
    """
    old = read_leaderboard(path) if Path(path).exists() else []
    new = list(rows)
    identities = {row.identity for row in new}
    if replace:
        old = [row for row in old if row.identity not in identities]
    merged = [*old, *new]
    write_leaderboard(path, merged)
    return merged


@dataclass(frozen=True)
class Average:
    """Mean and standard deviation over the rows of one model on one protocol (its seeds and folds).

    `params` and `macs` are the least and the most of its networks.
    """

    first: LeaderboardRow
    params: tuple[int, int]
    macs: tuple[int, int]
    mean: dict[str, float | None]
    std: dict[str, float | None]
    seeds: int
    folds: int
    rows: int


RATES = ("apcer", "apcer_pooled", "bpcer", "acer", "hter", "auc")


def average(rows: Sequence[LeaderboardRow], *, ddof: int = 0) -> list[Average]:
    """Averages over seeds and folds by model and protocol, lowest ACER first within a protocol.

    `ddof` 0 (the default, and the field's custom) divides the variance by the number of rows, 1 by one
    less; std is None where fewer than `ddof + 1` rows exist, a rate None where one of its rows lacks it.
    """
    groups: dict[tuple[str | int, ...], list[LeaderboardRow]] = {}
    for row in rows:
        key = (row.dataset, row.protocol, *row.make, row.counter)
        groups.setdefault(key, []).append(row)
    averages = []
    for group in groups.values():
        mean: dict[str, float | None] = {}
        std: dict[str, float | None] = {}
        for rate in RATES:
            values = [getattr(row, rate) for row in group]
            known = all(value is not None for value in values)
            mean[rate] = float(np.mean(values)) if known else None
            std[rate] = float(np.std(values, ddof=ddof)) if known and len(values) > ddof else None
        seeds, folds = {row.seed for row in group}, {row.fold for row in group}
        params, macs = ([getattr(row, name) for row in group] for name in ("params", "macs"))
        sizes = (min(params), max(params)), (min(macs), max(macs))
        averages.append(Average(group[0], *sizes, mean, std, len(seeds), len(folds), len(group)))
    return sorted(averages, key=_order)


def leaderboard_table(
    rows: Sequence[LeaderboardRow],
    style: Literal["text", "markdown", "shown"] = "text",
    *,
    digits: int = 2,
    ddof: int = 0,
) -> str:
    """The averages of `rows` as a table, rates in percent with `digits` decimals, lowest ACER first.

    Columns hold mean ± std where a model has several seeds or folds, and the least and most of its networks'
    sizes; `n` is seeds x folds. What all rows share (data set, protocol, input, threshold rule) stands above
    the table instead of in a column. `shown` is what suits stdout.
    """
    averages = average(rows, ddof=ddof)
    columns: dict[str, list[str]] = {}
    shared = []
    for name, field in _PLACES.items():
        values = [str(getattr(item.first, field)) for item in averages]
        if len(set(values)) == 1:
            shared.append(f"{name} {values[0]}")
        else:
            columns[name] = values
    columns["model"] = [item.first.model for item in averages]
    columns["kind"] = [item.first.kind for item in averages]
    numbers = {
        "params": [count_range(*item.params) for item in averages],
        "MACs": [count_range(*item.macs) for item in averages],
    }
    for rate in ("apcer", "bpcer", "acer", "hter", "auc"):
        numbers[f"{rate.upper()} %"] = [
            percent(item.mean[rate], digits, item.std[rate] if item.rows > 1 else None) for item in averages
        ]
    numbers["n"] = [f"{item.seeds}x{item.folds}" for item in averages]
    columns |= numbers
    lines = list(zip(*columns.values(), strict=True))
    table = _STYLES[style](list(columns), lines, list(numbers))
    return f"{', '.join(shared)}\n\n{table}" if shared else table


_STYLES = {"text": text_table, "markdown": markdown_table, "shown": shown_table}
_PLACES = {
    "data set": "dataset", "protocol": "protocol", "input": "input", "threshold": "threshold_rule",
    "MACs by": "counter",
}  # fmt: skip


def _order(item: Average) -> tuple[str, str, float, int, str]:
    acer = item.mean["acer"]
    assert acer is not None  # the column is required
    return (item.first.dataset, item.first.protocol, acer, item.params[0], item.first.model)


def _cell(value: str | int | float | None) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _check_header(header: list[str], path: str | os.PathLike[str]) -> None:
    for name in header:
        if name not in COLUMNS:
            raise DataError(f"{path} has an unknown column {name!r}{nearest(name, COLUMNS)}")
        if header.count(name) > 1:
            raise DataError(f"{path} has the column {name} twice")
    if missing := [name for name in COLUMNS if name not in header]:
        raise DataError(f"{path} lacks the column(s) {', '.join(missing)}")


def _check_distinct(rows: Sequence[LeaderboardRow], source: str) -> None:
    seen: dict[tuple[str | int | None, ...], int] = {}
    for number, row in enumerate(rows, start=2):
        first = seen.setdefault(row.identity, number)
        if first != number:
            fold = "" if row.fold is None else f"fold {row.fold}, "
            raise DataError(
                f"{source} rows {first} and {number} are the same measurement ({row.model}, {row.dataset} "
                f"protocol {row.protocol}, {fold}seed {row.seed}); keep or replace one"
            )
