"""Tables for whoever reads stdout: drawn by rich within a terminal's width, plain text in a pipe or a file.

A pipe gets `text_table` to the character, whatever the terminal that started it. A table wider than the
terminal follows in blocks, each with the columns that tell the rows apart, as `fitted_table`'s do: squeezed
columns would break numbers. Left out are columns in which nothing stands, and in a further block the rows of
which it shows nothing. rich is imported for a terminal alone.
"""

import io
import textwrap
from collections.abc import Mapping, Sequence

from autofas.analysis.text_tables import column_blocks, text_table
from autofas.runtime.terminal import columns, is_terminal, takes_colour

GAP = 3
"""Columns that rich's box puts between two cells."""


def shown_table(header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[str] = ()) -> str:
    """The table as stdout shows it, the columns named in `numeric` to the right."""
    if not is_terminal():
        return text_table(header, rows, numeric)
    kept = [i for i in range(len(header)) if not rows or any(row[i] for row in rows)]
    header, rows = [header[i] for i in kept], [[row[i] for i in kept] for row in rows]
    width = columns()
    blocks = column_blocks(header, rows, width, GAP, numeric)
    drawn, seen = [], set[int]()
    for block in blocks:
        own = [column for column in block if column not in seen]
        said = [row for row in rows if not seen or any(row[column] for column in own)]
        drawn.append(_drawn(header, said, numeric, block, width))
        seen |= set(own)
    return "\n\n".join(drawn)


def shown_list(told: Mapping[str, str]) -> str:
    """Names and what is told of each, a line a name; on a terminal the words wrap beside the names."""
    first = max(map(len, told), default=0) + 2
    room = columns() - first if is_terminal() else 0
    lines = []
    for name, words in told.items():
        parts = textwrap.wrap(words, room) if room >= 20 else [words]
        lines += [f"{name if number == 0 else '':<{first}}{part}" for number, part in enumerate(parts)]
    return "\n".join(lines)


def _drawn(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    numeric: Sequence[str],
    block: Sequence[int],
    width: int,
) -> str:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    coloured = takes_colour()
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for index in block:
        right = header[index] in numeric
        table.add_column(Text(header[index]), justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(row[index]) for index in block))
    stream = io.StringIO()
    Console(
        file=stream,
        width=width,
        force_terminal=coloured,
        color_system="standard" if coloured else None,
        highlight=False,
    ).print(table)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())
