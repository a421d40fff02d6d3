"""How a table from another program is written, where the file itself tells: encoding, marks, decimal commas.

Spreadsheets save tables with semicolons where the comma is the decimal mark, with tabs and in UTF-16 as
"Unicode text", and may put `sep=;` above the header. Each is read where only one reading is possible, and
what was read otherwise than as commas, points and UTF-8 is said in `told`. What is left out: eight-bit
encodings, which a file does not name.
"""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from autofas.errors import AutofasError

PLAIN = "utf-8-sig"
MARKS = {";": "semicolons", "\t": "tabs", "|": "bars"}
"""What may part columns in place of commas, with its name."""
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
"""The longer first: UTF-16's begins UTF-32's."""
_WITH_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def encoding_of(path: Path) -> str:
    """A text file's encoding by its first bytes: UTF-8 unless they say UTF-16 or UTF-32. Raises OSError."""
    with path.open("rb") as stream:
        head = stream.read(64)
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding
    # without a mark: Latin letters fill one byte of two
    first, second = head[: len(head) // 2 * 2 : 2], head[1::2]
    if len(second) > 1 and not any(second) and all(first):
        return "utf-16-le"
    return "utf-16-be" if len(second) > 1 and not any(first) and all(second) else PLAIN


def stated_mark(line: str) -> str:
    """What a spreadsheet's line `sep=;` above a table says to part its columns; empty for another line."""
    found = re.fullmatch(r'"?sep=([,;|\t])"?', line.rstrip("\r\n"), re.I)
    return found[1] if found else ""


def told_of_encoding(encoding: str) -> list[str]:
    """The words for an encoding, none for UTF-8."""
    return [] if encoding == PLAIN else [f"{encoding[:6].upper()} text"]


class TableText:
    """The rows of a table with a header, whatever parts its columns.

    `names` are columns that such a table has: where some of them stand between other marks than commas,
    those part it. Lines above the header that begin with # are passed over.
    """

    def __init__(self, lines: Iterable[str], names: Iterable[str]) -> None:
        rest = iter(lines)
        known = {name.lower() for name in names}
        first, self.above, stated = next(rest, ""), 0, ""
        while first:
            said = stated_mark(first)
            comment = first.startswith("#") and not _names_columns(first.lstrip("# "), known)
            if not said and not comment:
                break
            stated = said or stated
            first, self.above = next(rest, ""), self.above + 1
        if first.startswith("#"):  # as numpy.savetxt marks a header
            first = first.lstrip("# ")
        self.mark = stated or _mark_of(first, known)
        self._reader = csv.reader(chain([first] if first else [], rest), delimiter=self.mark, strict=True)

    def __iter__(self) -> Iterator[list[str]]:
        return self._reader

    @property
    def line(self) -> int:
        """The line of the file, from 1, that the row read last ends on."""
        return self._reader.line_num + self.above

    @property
    def told(self) -> list[str]:
        """The words for what parts the columns, none for commas."""
        return [f"columns parted by {MARKS[self.mark]}"] if self.mark in MARKS else []


class Decimals:
    """The numbers of one column as text, decimal commas turned into points.

    1,234 may be a decimal or a thousand: a column of nothing else is refused, and so is one that has points
    as well as commas.
    """

    def __init__(self) -> None:
        self.told: list[str] = []
        self._points = self._commas = ""
        self._clear = False

    def plain(self, text: str) -> str:
        """The number with a point; any text without a decimal comma as it is."""
        if "," not in text:
            if "." in text:
                self._points = self._points or text.strip()
            return text
        word = text.strip()
        if not _WITH_COMMA.fullmatch(word):
            return text
        self._commas = self._commas or word
        self._clear = self._clear or not _THOUSANDS.fullmatch(word)
        self.told = ["decimal commas"]
        return word.replace(",", ".")

    def require_one_reading(self, place: str, error: type[AutofasError]) -> None:
        """Raise `error`, which begins with `place`, where the column can be read in two ways."""
        if self._commas and self._points:
            raise error(
                f"{place}: has commas ({self._commas}) and points ({self._points}) in its numbers; keep to "
                "points"
            )
        if self._commas and not self._clear:
            raise error(
                f"{place}: {self._commas} may be a decimal or a thousand; write the numbers with points"
            )


def plain_columns(columns: Iterable[tuple[str, Sequence[str]]], error: type[AutofasError]) -> list[list[str]]:
    """Columns of numbers, each with the place that an error names, with points. Raises `error`."""
    found = []
    for place, words in columns:
        if not any("," in word for word in words):
            found.append(list(words))
            continue
        decimals = Decimals()
        found.append([decimals.plain(word) for word in words])
        decimals.require_one_reading(place, error)
    return found


def _mark_of(first: str, known: set[str]) -> str:
    """What parts the columns of a table whose first line is `first`."""
    return next((mark for mark in MARKS if _parted(first, known, mark)), ",")


def _names_columns(first: str, known: set[str]) -> bool:
    return any(_parted(first, known, mark) for mark in (",", *MARKS))


def _parted(first: str, known: set[str], mark: str) -> bool:
    cells = [cell.strip().strip('"').strip().lower() for cell in first.split(mark)]
    return len(cells) > 1 and not known.isdisjoint(cells)
