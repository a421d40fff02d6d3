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

    Every further block begins with the columns that tell the rows apart (`column_blocks`). A column too wide
    for any block follows them alone; None is a width without end.
    """
    tables = [
        text_table([header[i] for i in block], [[row[i] for i in block] for row in rows], numeric)
        for block in column_blocks(header, rows, width, numeric=numeric)
    ]
    return "\n\n".join(tables)


def column_blocks(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int | None,
    gap: int = 2,
    numeric: Sequence[str] = (),
) -> list[list[int]]:
    """The columns of each block of a table within `width` characters, `gap` between two.

    The first block takes the columns as they come; every other begins with those that tell the rows apart, of
    the ones left of all in `numeric`: as few as do so and leave room for any other.
    """
    widths = _widths(header, rows)
    names = [] if width is None else _telling(header, rows, widths, width, gap, numeric)
    blocks: list[list[int]] = [[]]
    room = -gap
    for column in range(len(header)):
        if width is not None and room + gap + widths[column] > width and set(blocks[-1]) - set(names):
            blocks.append([name for name in names if name < column])
            room = sum(widths[name] + gap for name in blocks[-1]) - gap
        blocks[-1].append(column)
        room += gap + widths[column]
    return blocks


def _telling(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    width: int,
    gap: int,
    numeric: Sequence[str],
) -> list[int]:
    """The columns that tell the most rows apart and leave room for the widest other; at least one.

    A column that says the same in every row, or nothing, tells none apart.
    """
    before = next((i for i, name in enumerate(header) if name in numeric), len(header))
    unlike = [i for i in range(before) if len({row[i] for row in rows} - {""}) > 1] or [0]
    best, most = unlike[:1], 0
    for count in range(1, len(unlike) + 1):
        chosen = unlike[:count]
        widest = max((widths[i] for i in range(len(header)) if i not in chosen), default=0)
        told = len({tuple(row[i] for i in chosen) for row in rows})
        if told > most and (count == 1 or sum(widths[i] + gap for i in chosen) + widest <= width):
            best, most = chosen, told
    return best


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


def count_range(low: int, high: int) -> str:
    """A count, or the least and most of several: `18.8K to 20.2K`."""
    ends = dict.fromkeys((count(low), count(high)))
    return " to ".join(ends)


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
