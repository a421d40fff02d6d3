"""latency.csv: measured latencies beside a leaderboard, a row a model, runtime and number of threads.

Written by `autofas benchmark`, read by `autofas pareto --x latency`. Rows of several machines can stand in
one file; a plot takes one.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from autofas.analysis.leaderboard import LeaderboardRow
from autofas.errors import DataError
from autofas.printed import command
from autofas.storage.files import require_commas, whole_file
from autofas.storage.schema import Name, Schema, read_text, validated

LATENCY_FILE = "latency.csv"
PLOTTED = "onnxruntime fp32"
"""The runtime of a plot: eager torch pays for each small operation and ranks small networks wrongly."""

Milliseconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class LatencyRow(Schema):
    """Median and interquartile range of one face's forward pass in milliseconds, with the conditions."""

    model: Name
    input: str = Field(max_length=80)
    params: int = Field(ge=0)
    runtime: str = Field(max_length=80)
    threads: int = Field(ge=1)
    latency_ms: Milliseconds
    iqr_ms: float = Field(ge=0)
    machine: str = Field(max_length=200)

    @property
    def identity(self) -> tuple[str | int, ...]:
        """What makes this row the same measurement as another."""
        return (self.model, self.input, self.params, self.runtime, self.threads, self.machine)


COLUMNS = tuple(LatencyRow.model_fields)


def read_latencies(path: Path) -> list[LatencyRow]:
    """The rows of a latency.csv; raises DataError in one line that names row and fault."""
    text = read_text(path, DataError)
    require_commas(text.partition("\n")[0], COLUMNS, str(path), DataError)
    rows = []
    try:
        for number, cells in enumerate(csv.DictReader(io.StringIO(text, newline=""), strict=True), start=2):
            values = {str(name): cell for name, cell in cells.items() if cell is not None}
            rows.append(validated(LatencyRow, values, f"{path} row {number}", DataError))
    except csv.Error as exc:
        raise DataError(f"{path} is not valid CSV: {exc}") from None
    return rows


def append_latencies(path: Path, rows: Iterable[LatencyRow]) -> None:
    """Add rows to the file, made if absent; a measurement made again takes the old one's place."""
    new = {row.identity: row for row in rows}
    old = [row for row in read_latencies(path) if row.identity not in new] if path.exists() else []
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([getattr(row, column) for column in COLUMNS] for row in (*old, *new.values()))


def latencies_of(
    rows: Sequence[LeaderboardRow], path: Path, runs: Sequence[str] = ()
) -> dict[tuple[str, str, int], float]:
    """Milliseconds by (model, input, params) for every leaderboard row: onnxruntime, fp32, one thread.

    Raises DataError that names the first model without a measurement, or where the file's rows are of
    several machines.
    """
    known = read_latencies(path) if path.exists() else []
    told = [row for row in known if row.runtime == PLOTTED and row.threads == 1]
    machines = sorted({row.machine for row in told})
    if len(machines) > 1:
        raise DataError(f"{path} holds latencies of {' and '.join(machines)}; keep those of one machine")
    found = {(row.model, row.input, row.params): row.latency_ms for row in told}
    timed = {(row.model, row.input, row.params) for row in known}
    for row in rows:
        identity = (row.model, row.input, row.params)
        if identity not in found:
            words = command("benchmark", *(runs or ["RUN"]))
            what = f"{row.model} ({row.input}) has no latency in {path}"
            if identity in timed:
                raise DataError(f"{what} by {PLOTTED} on one thread; run autofas export, then {words}")
            raise DataError(f"{what}; run {words}")
    return found
