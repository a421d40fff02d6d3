"""A list of faults gathered over a whole file, raised together as one line.

A user who repairs a table of ten thousand rows wants every fault at once, each with its line and column,
and not a screenful: the first few are spelt out and the rest are counted.
"""

from autofas.errors import DataError

LISTED = 5
SHOWN_CHARACTERS = 80
_KEPT = 1000


def shown(value: object) -> str:
    """A value as it stands in an error line: quoted, control characters escaped, long text cut."""
    text = repr(str(value))
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 4] + "...'"


def one_line(error: BaseException) -> str:
    """The message of an exception on one line, or its class where it carries no message."""
    return " ".join(str(error).split()) or type(error).__name__


class Faults:
    """Faults of one file or table, each with the line and column it was found at."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.count = 0
        self.entries: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return self.count

    def add(self, line: int, column: str, text: str) -> None:
        """Note a fault; `line` is the 1-based line number in the file (the header is line 1)."""
        self.count += 1
        self.entries.append((line, f"line {line}, {column}: {text}" if column else f"line {line}: {text}"))
        if len(self.entries) > _KEPT:  # a table can have a fault in each of its million rows
            self.entries = sorted(self.entries, key=lambda entry: entry[0])[:LISTED]

    def raise_if_any(self) -> None:
        """Raise one `DataError` that lists the first faults by line and counts the others."""
        if not self.entries:
            return
        entries = [text for _, text in sorted(self.entries, key=lambda entry: entry[0])]
        listed = "; ".join(entries[:LISTED])
        more = f"; +{self.count - LISTED} more" if self.count > LISTED else ""
        count = f"{self.count} faults: " if self.count > 1 else ""
        raise DataError(f"{self.where}: {count}{listed}{more}")
