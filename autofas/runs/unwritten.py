"""A run without a folder: what the Python interface makes where it is given none."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

from autofas.runs.run_folder import Run
from autofas.runtime.terminal import fresh_line
from autofas.storage.schema import Schema


class UnwrittenRun(Run):
    """It logs to stderr, where it is not quiet, and leaves nothing: no checkpoint, no table, no weights."""

    writes = False
    has_folder = False

    def __init__(self, name: str | None, echo: bool) -> None:
        super().__init__(Path(os.devnull), echo)  # whatever would still be written below it fails
        self.made = True
        self._name, self._notes = name, list[str]()

    @property
    def name(self) -> str | None:
        return self._name

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def discard(self) -> None: ...

    def start(
        self,
        config: Schema,
        device: str,
        threads: int,
        notes: Sequence[str] = (),
        facts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._notes = list(notes)

    def notes(self) -> list[str]:
        return self._notes

    def write_results(self, rows: Sequence[Mapping[str, Any]]) -> None: ...

    def _append(self, name: str, line: str) -> None:
        if self.echo:
            fresh_line(sys.stderr)
            print(line, file=sys.stderr)
