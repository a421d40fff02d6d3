"""The page of `benchmarks.export_parity`: its table, and in words what fails and what is not measured yet.

Rows may come from this call or be read back from export_parity.csv, where every value is text.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from autofas.analysis.text_tables import markdown_table
from autofas.deploy.parity import TOLERANCE
from autofas.runs.provenance import commit, machine
from autofas.storage.files import write_text

MARK = "Trained networks, "
"""What stands in the page from this on is written by hand."""
HEADER = (
    "network",
    "input",
    "modalities",
    "format",
    "scores",
    "score error",
    "map error",
    "changed",
    "kB",
    "CPU s",
)
ERRORS = ("score_error", "map_error")


def table_of(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table, a network's together."""
    return markdown_table(HEADER, [cells(row) for row in together(rows)], numeric=HEADER[5:])


def together(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with those of one network beside each other, in the order in which networks were first met."""
    met = list(dict.fromkeys((row["network"], row["input"]) for row in rows))
    return sorted(rows, key=lambda row: met.index((row["network"], row["input"])))


def write_page(place: Path, rows: list[dict[str, Any]], formats: Sequence[str], crops: int) -> None:
    """The table under the command, commit and machine of its last row and what is wrong with it; what stands
    below it from `MARK` on is kept."""
    words = f"`python -m benchmarks.export_parity --formats {' '.join(formats)} --out results`"
    head = f"{words}, last row at commit {commit()}, torch {torch.__version__}, {machine()}\n\n"
    how = f"{crops} crops each, every format in its own runtime on the CPU; tolerance {TOLERANCE:g}."
    note = f"{how} {summary(rows)}\n\n"
    before = place.read_text(encoding="utf-8") if place.is_file() else ""
    kept = before[before.index(MARK) :] if MARK in before else ""
    write_text(place, head + note + table_of(rows) + "\n" + (f"\n{kept}" if kept else ""))


def summary(rows: list[dict[str, Any]]) -> str:
    """The rows that fail, by name, and the largest errors of the others by format."""
    failed = [f"{row['network']} ({row['input']}) in {row['format']}" for row in rows if is_bad(row)]
    told = f"`autofas export` refuses {', '.join(failed)}." if failed else "Every row holds."
    largest = []
    for name in dict.fromkeys(row["format"] for row in rows):
        held = [row for row in rows if row["format"] == name and not is_bad(row)]
        error = max((float(row[key] or 0) for row in held for key in ERRORS), default=0.0)
        largest.append(f"{name} {error:.1e} in {len(held)} networks")
    told += f" Largest error of score or map among those that hold: {', '.join(largest)}."
    return told + "".join(
        f" Not measured yet in {name}: {', '.join(these)}." for name, these in lacking(rows)
    )


def lacking(rows: list[dict[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """The formats in which some networks have no row, with these."""
    sizes = dict.fromkeys((row["network"], row["input"]) for row in rows)
    for name in dict.fromkeys(row["format"] for row in rows):
        there = {(row["network"], row["input"]) for row in rows if row["format"] == name}
        if these := [f"{network} ({size})" for network, size in sizes if (network, size) not in there]:
            yield name, these


def is_bad(row: dict[str, Any]) -> bool:
    """Whether a file differs from its network, or there is none."""
    errors = [float(row[key] or 0) for key in ERRORS]
    return bool(row["reason"]) or int(row["changed"]) > 0 or max(errors) > TOLERANCE


def cells(row: dict[str, Any]) -> list[str]:
    """A row as the table shows it, whether it was measured now or read back."""
    named = [row["network"], row["input"], row["modalities"], row["format"]]
    if row["reason"]:
        return [*named, row["reason"], "", "", "", "", f"{float(row['cpu_s']):.1f}"]
    return [
        *named,
        f"{float(row['lowest']):.3g} to {float(row['highest']):.3g}",
        f"{float(row['score_error']):.1e}",
        "-" if row["map_error"] == "" else f"{float(row['map_error']):.1e}",
        str(row["changed"]),
        f"{int(row['bytes']) / 1000:.0f}",
        f"{float(row['cpu_s']):.1f}",
    ]
