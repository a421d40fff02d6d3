"""What a stream shows: how wide it is, whether it takes colour, and a line that others are written over.

Colour is for a terminal alone, and not where NO_COLOR is set (https://no-color.org) or TERM is dumb: a pipe
and a file get the same text without it.
"""

import os
import shutil
import sys
from typing import Literal, TextIO

STYLES = {"good": "32", "bad": "31", "warning": "33", "strong": "1"}
Style = Literal["good", "bad", "warning", "strong"]


def is_terminal(stream: TextIO | None = None) -> bool:
    """Whether a person looks at the stream (default: stdout)."""
    return (stream or sys.stdout).isatty()


def takes_colour(stream: TextIO | None = None) -> bool:
    """Whether the stream (default: stdout) is a terminal that may be written to in colour."""
    return overwrites(stream or sys.stdout) and not os.environ.get("NO_COLOR")


def columns() -> int:
    """The width of the terminal, or COLUMNS where that is set; 80 where neither is known."""
    return shutil.get_terminal_size().columns


def styled(text: str, style: Style, stream: TextIO | None = None) -> str:
    """The text in a style where the stream (default: stdout) takes colour, else as it is."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if takes_colour(stream) else text


def overwrites(stream: TextIO) -> bool:
    """Whether a line of the stream can be written over: a terminal's, unless TERM says that it cannot."""
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def fresh_line(stream: TextIO) -> None:
    """Take a half-written line, such as progress, off a terminal, so that the next one begins at its left."""
    if overwrites(stream):
        stream.write("\r\x1b[K")
