"""Tables as text: aligned for a terminal, or Markdown; and numbers the way papers print them.

Left out: wrapping of cells, and colour, which a terminal's tables have (analysis/terminal_tables.py).
"""

import os
import shutil
import sys
from collections.abc import Sequence


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[str] = ()) -> str:
    """Columns aligned with spaces under a ruled header; the columns named in `numeric` to the right."""
    widths = _widths(header, rows)
    lines = [_line(header, widths, header, numeric, "  "), "  ".join("-" * width for width in widths)]
    lines += [_line(row, widths, header, numeric, "  ") for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def fitted_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    numeric: Sequence[str] = (),
    width: int | None = None,
) -> str:
    """`text_table` within `width` characters: columns that find no room follow in blocks beneath.

    Every block begins with the columns that tell the rows apart (`column_blocks`). A column too wide for any
    block follows them alone; None is a width without end.
    """
    tables = [
        text_table([header[i] for i in block], [[row[i] for i in block] for row in rows], numeric)
        for block in column_blocks(header, rows, width)
    ]
    return "\n\n".join(tables)


def column_blocks(
    header: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, gap: int = 2
) -> list[list[int]]:
    """The columns of each block of a table within `width` characters, `gap` between two.

    Every block begins with the columns that tell the rows apart: as few as do so, within half the width.
    """
    widths = _widths(header, rows)
    names = list(range(_leading(rows, widths, (width or 0) // 2, gap)))
    start = sum(widths[: len(names)]) + gap * (len(names) - 1)
    blocks, room = [names[:]], start
    for column in range(len(names), len(header)):
        if len(blocks[-1]) > len(names) and width is not None and room + gap + widths[column] > width:
            blocks.append(names[:])
            room = start
        blocks[-1].append(column)
        room += gap + widths[column]
    return blocks


def _leading(rows: Sequence[Sequence[str]], widths: Sequence[int], most: int, gap: int) -> int:
    """How many columns from the left tell the most rows apart within `most` characters; at least one."""
    allowed = [
        count
        for count in range(1, len(widths) + 1)
        if count == 1 or sum(widths[:count]) + gap * (count - 1) <= most
    ]
    return max(allowed, key=lambda count: (len({tuple(row[:count]) for row in rows}), -count))


def terminal_width() -> int | None:
    """The columns of the terminal that stdout leads to, or of COLUMNS; None for a pipe or a file."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return None
    return shutil.get_terminal_size().columns


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[str] = ()) -> str:
    """A Markdown table, padded so that its source reads as a table too; `|` in a cell is escaped."""
    safe = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    widths = [max(width, 3) for width in _widths(header, safe)]
    rule = [
        "-" * (w - 1) + ":" if name in numeric else "-" * w for name, w in zip(header, widths, strict=True)
    ]
    lines = [
        _line(header, widths, header, numeric, " | "),
        " | ".join(rule),
        *(_line(row, widths, header, numeric, " | ") for row in safe),
    ]
    return "\n".join(f"| {line} |" for line in lines)


def count(value: int | None) -> str:
    """A count as papers print it: `45200` -> `45.2K`, `345332` -> `0.35M`, `1813562000` -> `1.81G`."""
    if value is None:
        return "-"
    for name, least, size in (("G", 1e9, 1e9), ("M", 1e5, 1e6), ("K", 1e3, 1e3)):
        if value >= least:
            shown = value / size
            return f"{shown:.2f}{name}" if shown < 10 else f"{shown:.1f}{name}"
    return str(value)


def percent(value: float | None, digits: int = 2, std: float | None = None) -> str:
    """A fraction in percent, without the sign: `0.0123` -> `1.23`, with a deviation `1.23 ± 0.10`."""
    if value is None:
        return "-"
    shown = f"{100 * value:.{digits}f}"
    return shown if std is None else f"{shown} ± {100 * std:.{digits}f}"


def _widths(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"a row of {len(row)} cells under {len(header)} columns: {list(row)}")
    return [max(len(line[i]) for line in [header, *rows]) for i in range(len(header))]


def _line(
    cells: Sequence[str], widths: Sequence[int], header: Sequence[str], numeric: Sequence[str], gap: str
) -> str:
    return gap.join(
        cell.rjust(width) if name in numeric else cell.ljust(width)
        for cell, width, name in zip(cells, widths, header, strict=True)
    )
