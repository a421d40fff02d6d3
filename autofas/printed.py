"""What is printed to be typed or pasted again: numbers with all their digits, commands quoted for a shell."""

import os
import shlex
from decimal import Decimal


def exact(value: float | str) -> str:
    """A number in the fewest digits that read back as the same float64."""
    return repr(float(value))


def exact_percent(value: float) -> str:
    """A fraction in percent with every digit it has: `0.95` -> `95`, `0.99999` -> `99.999`."""
    return f"{(100 * Decimal(exact(value))).normalize():f}"


def command(*words: str | os.PathLike[str]) -> str:
    """An autofas command line that a POSIX shell takes as these words; a path is never read as a flag."""
    return shlex.join(
        ["autofas", *(word if isinstance(word, str) else _path(os.fspath(word)) for word in words)]
    )


def _path(text: str) -> str:
    return f"./{text}" if text.startswith("-") else text
