"""Counts as people write them: 300000, 300K, 0.3M, 0.53G."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

SIZES = {"K": 10**3, "M": 10**6, "G": 10**9}


def parse_count(value: Any) -> Any:
    """The whole number that a count stands for; raises ValueError for words that are none.

    Rounded down where digits remain: a limit of 0.12345K is one of 123.
    """
    if isinstance(value, bool):  # which would be a count of one
        raise ValueError("expected a count such as 300000, 300K, 0.3M or 0.53G")
    if not isinstance(value, str):
        return value
    text = value.strip()
    number, size = (text[:-1], SIZES[text[-1:].upper()]) if text[-1:].upper() in SIZES else (text, 1)
    try:
        found = float(number)
    except ValueError:
        found = float("nan")
    if not 0 <= found * size < 2**53:
        raise ValueError("expected a count such as 300000, 300K, 0.3M or 0.53G")
    return int(round(found * size, 3))


Count = Annotated[int, BeforeValidator(parse_count), Field(ge=1)]
"""A positive whole number that may be written 300K, 0.3M or 0.53G."""
