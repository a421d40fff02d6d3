"""Tables for whoever reads stdout: drawn by rich within a terminal's width, plain text in a pipe or a file.

A pipe gets `text_table` to the character, whatever the terminal that started it. A table wider than the
terminal follows in blocks, each with the columns that tell the rows apart, as `fitted_table`'s do: squeezed
columns would break numbers. rich is imported for a terminal alone.
"""

import io
from collections.abc import Sequence

from autofas.analysis.text_tables import column_blocks, text_table
from autofas.runtime.terminal import columns, is_terminal, takes_colour

GAP = 3
"""Columns that rich's box puts between two cells."""


def shown_table(header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[str] = ()) -> str:
    """The table as stdout shows it, the columns named in `numeric` to the right."""
    if not is_terminal():
        return text_table(header, rows, numeric)
    width = columns()
    blocks = column_blocks(header, rows, width, GAP)
    return "\n\n".join(_drawn(header, rows, numeric, block, width) for block in blocks)


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
