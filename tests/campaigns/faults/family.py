"""What every family of the campaign is made of: cases drawn from the seed, and what each was seen to do.

A family is a module of this package, named in `__main__.FAMILIES`, with

    PROMISE: str                                       # what must hold in every case, one sentence
    def cases(seed: int, short: bool) -> list[Case]    # the same list for the same seed
    def check(case: Case, bench: Bench) -> Seen        # do it, in this process or in a forked one

and, where cases share something that takes time to make, `def prepare(bench: Bench) -> None`. The files of
a case are named `<family>-<number>` (Bench.runs, Bench.clean); those of one that held are removed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """One thing done: `kind` is its line in the table, `values` what was drawn for it."""

    number: int
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """What became of a case: an empty `fault` if the promise held, or what was seen instead.

    `seconds` is the longest time that anything in it took, `note` what the table's line should count (such
    as 'inside a save'), by name.
    """

    fault: str
    seconds: float
    note: str = ""
