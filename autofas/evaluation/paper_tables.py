"""Tables printed in papers, as data: what `autofas table` puts beside ours and `autofas check-table` checks.

A table is a YAML file (the papers' own are in `autofas.evaluation.published`) or a CSV with one column a
figure. Numbers stay text, because "5.0" and "5" claim different digits; `Printed` is what they say.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from autofas.errors import DataError
from autofas.metrics import Level
from autofas.storage.files import require_commas
from autofas.storage.schema import Schema, nearest, read_text, read_yaml, validated

Unit = Literal["percent", "fraction", "million", "mega", "giga"]
SCALE: dict[str, Fraction] = {
    "percent": Fraction(1, 100), "fraction": Fraction(1), "million": Fraction(10**6), "mega": Fraction(10**6),
    "giga": Fraction(10**9),
}  # fmt: skip
_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?")
_SPREAD = re.compile(r"\s*(?:±|\+/-|\+-)\s*")


class Sizes(Schema):
    """Presentations behind a row: bona fide, attacks of each PAI, and how many folds of that size."""

    bona_fide: int = Field(ge=1)
    attacks: tuple[int, ...] = Field(min_length=1)
    folds: int = Field(default=1, ge=1)


class Column(Schema):
    """A figure: `figure` is its name in metrics.json (default: the key).

    `direction` are a cross test's source and target, `bona_fide` the presentations behind this column alone.
    """

    key: str
    title: str
    unit: Unit
    figure: str | None = None
    direction: tuple[str, str] | None = None
    bona_fide: int | None = Field(default=None, ge=1)

    @property
    def name(self) -> str:
        """The figure's name."""
        return self.figure or self.key


class Label(Schema):
    """A column that names the row; `fact` is what fills it for our runs."""

    title: str
    fact: str | None = None


class Row(Schema):
    """A printed row: labels, figures as text, its sizes' name, and which of our runs are its counterpart."""

    labels: tuple[str, ...]
    values: dict[str, str]
    size: str | None = None
    match: dict[str, Any] = Field(default_factory=dict)


class PaperTable(Schema):
    """One printed table; `pooled` says that its APCER pools all attacks."""

    schema_version: Literal[1] = 1
    name: str
    paper: str
    table: str
    about: str
    dataset: str
    level: Level = "video"
    pooled: bool = False
    cross: bool = False
    match: dict[str, Any] = Field(default_factory=dict)
    defaults: dict[str, Any] = Field(default_factory=dict)
    labels: tuple[Label, ...] = Field(min_length=1)
    columns: tuple[Column, ...] = Field(min_length=1)
    ours: tuple[Column, ...] = ()
    sizes: dict[str, Sizes] = Field(default_factory=dict)
    rows: tuple[Row, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rows_fit(self) -> "PaperTable":
        keys = {column.key for column in self.columns}
        for number, row in enumerate(self.rows, start=1):
            if len(row.labels) != len(self.labels):
                raise ValueError(f"row {number} has {len(row.labels)} labels, the table {len(self.labels)}")
            unknown = sorted(set(row.values) - keys)
            if unknown:
                raise ValueError(f"row {number} has a value for {unknown[0]}, which is no column")
            if row.size is not None and row.size not in self.sizes:
                raise ValueError(f"row {number} has size {row.size}, which sizes do not list")
            for key, text in row.values.items():
                read_printed(text, f"row {number}, {key}")
        return self


@dataclass(frozen=True)
class Printed:
    """A printed number and half a unit of its last digit; the same for its deviation, if one is printed."""

    value: Fraction
    half: Fraction
    std: Fraction | None = None
    std_half: Fraction = Fraction(0)


def read_printed(text: str, place: str) -> Printed:
    """A number such as "12.1" or "11.3±7.3"; raises ValueError naming `place` for anything else."""
    parts = _SPREAD.split(text.strip())
    numbers = [_NUMBER.fullmatch(part.removesuffix("%").strip()) for part in parts]
    if len(parts) > 2 or None in numbers:
        raise ValueError(f"{place}: {text!r} is not a number such as 12.1 or 11.3±7.3")
    found = []
    for match in numbers:
        assert match is not None
        decimals = len(match[2] or "")
        found.append(
            (Fraction(int(match[1] + (match[2] or "")), 10**decimals), Fraction(1, 2 * 10**decimals))
        )
    value, half = found[0]
    return Printed(value, half) if len(found) == 1 else Printed(value, half, *found[1])


def published_names() -> list[str]:
    """Names of the tables that come with the package, in the papers' order."""
    files = resources.files("autofas.evaluation.published").iterdir()
    names = [file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml")]
    return sorted(names, key=lambda name: (name.rpartition("-")[0], int(name.rpartition("-")[2])))


def published_table(name: str) -> PaperTable:
    """A table of the papers by name; raises DataError that names the near ones."""
    names = published_names()
    if name not in names:
        raise DataError(f"table {name} does not exist{nearest(name, names) or '.'} Choose {', '.join(names)}")
    place = Path(str(resources.files("autofas.evaluation.published") / f"{name}.yaml"))
    return validated(PaperTable, read_yaml(place, DataError), name, DataError)


def read_table(
    source: str, *, sizes: Sizes | None = None, unit: Unit = "percent", pooled: bool = False
) -> PaperTable:
    """A table by its published name, or from a YAML or CSV file; the other arguments describe a CSV.

    A CSV's columns apcer, bpcer (or npcer), acer, hter and tpr_<fpr> are figures, further ones name the row.
    Raises DataError in one line.
    """
    path = Path(source)
    if not path.suffix and not path.is_file():
        return published_table(source)
    if path.suffix.lower() in (".yaml", ".yml"):
        return validated(PaperTable, read_yaml(path, DataError), source, DataError)
    values = _from_csv(read_text(path, DataError), source, sizes, unit, pooled)
    return validated(PaperTable, values, source, DataError)


def _from_csv(text: str, source: str, sizes: Sizes | None, unit: Unit, pooled: bool) -> dict[str, Any]:
    first = text.partition("\n")[0].lower()
    figures = [cell for cell in re.split(r"[;\t|]", first) if _column(cell.strip(), unit)]
    require_commas(first, map(str.strip, figures), source, DataError)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as exc:
        raise DataError(f"{source} is not valid CSV: {exc}") from None
    if len(rows) < 2:
        raise DataError(f"{source} needs a header and a row; found {len(rows)} line(s)")
    header = [cell.strip().lower() for cell in rows[0]]
    columns = [(place, column) for place, cell in enumerate(header) if (column := _column(cell, unit))]
    if not columns:
        raise DataError(
            f"{source} has no column apcer, bpcer, acer, hter or tpr_<fpr>; found {', '.join(header)}"
        )
    named = [place for place in range(len(header)) if place not in [place for place, _ in columns]]
    body = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise DataError(f"{source} row {number} has {len(row)} cells, the header {len(header)}")
        values = {column["key"]: row[place].strip() for place, column in columns if row[place].strip()}
        labels = [row[place].strip() for place in named] or [f"row {number}"]
        body.append({"labels": labels, "values": values, "size": "all" if sizes else None})
    return {
        "name": Path(source).stem, "paper": source, "table": source, "about": source, "dataset": "",
        "pooled": pooled, "labels": [{"title": header[place]} for place in named] or [{"title": "row"}],
        "columns": [column for _, column in columns],
        "sizes": {"all": sizes.model_dump()} if sizes else {}, "rows": body,
    }  # fmt: skip


def _column(cell: str, unit: Unit) -> dict[str, Any] | None:
    plain = re.sub(r"[^a-z0-9@=.^_-]", "", cell)
    for key, names in (
        ("apcer", ("apcer",)),
        ("bpcer", ("bpcer", "npcer")),
        ("acer", ("acer",)),
        ("hter", ("hter",)),
    ):
        if plain in names:
            return {"key": key, "title": cell, "unit": unit}
    rate = re.fullmatch(r"tpr[_@=fpr]*(1e-?\d+|0?\.\d+)", plain)
    if rate:
        return {"key": plain, "title": cell, "unit": unit, "figure": f"tpr_at_fpr.{float(rate[1]):g}"}
    return None


def label_of(row: Row) -> str:
    """A row's labels in one phrase."""
    return " ".join(part for part in row.labels if part)


def ordered_rates(columns: Sequence[Column]) -> list[Column]:
    """The TPR columns from the largest FPR to the smallest."""
    rates = [column for column in columns if column.name.startswith("tpr_at_fpr.")]
    return sorted(rates, key=lambda column: -float(column.name.removeprefix("tpr_at_fpr.")))
