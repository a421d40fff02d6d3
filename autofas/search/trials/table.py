"""A study as a table: a row a trial that has ended, and those that no other beats in every aim at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from autofas.search.trials.claims import Kept, finished

FIRST = ("trial", "state", "error", "arch_auc", "arch_loss", "params", "macs", "epochs")
LAST = ("seconds", "cpu_seconds", "worker", "again", "failed", "point")
Row = dict[str, Any]


def trial_rows(trials: Sequence[Kept]) -> list[Row]:
    """A row a trial that has ended, by number; all have the columns that any has.

    `point` is the trial's point as its numbers in the order of the choices' names, `again` the trial that it
    repeats because a worker was killed.
    """
    rows = []
    for trial in trials:
        if not finished(trial) or "row" not in trial.user_attrs:
            continue
        state = "pruned" if trial.state.name == "PRUNED" else "complete"
        known = {"again": trial.user_attrs.get("again", ""), "worker": _worker(trial)}
        own = {"trial": trial.number, "state": state, "point": trial.user_attrs["key"]}
        rows.append({**trial.user_attrs["row"], **known, **own})
    others = sorted({name for row in rows for name in row} - {*FIRST, *LAST})
    return [{name: row.get(name, "") for name in (*FIRST, *others, *LAST)} for row in rows]


def nondominated(values: ArrayLike) -> list[int]:
    """Rows of (N, D), every column minimised, that no other row equals or betters in all and betters in one.

    By the first column, ties by index. Raises ValueError for a value that is not a number.
    """
    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or np.isnan(table).any():
        raise ValueError("a front needs a table of numbers, a row a point")
    kept = []
    for index in np.lexsort((np.arange(len(table)), table[:, 0])) if len(table) else ():
        no_worse = (table <= table[index]).all(axis=1)
        if not (no_worse & (table < table[index]).any(axis=1)).any():
            kept.append(int(index))
    return kept


def best_row(rows: Sequence[Row], aims: Sequence[str]) -> Row:
    """The row with the least error, or of the first aim where nothing was trained; the smaller, then earlier.

    Trials that were ended early are chosen only where no other has ended.
    """
    whole = [row for row in rows if row["state"] == "complete"] or list(rows)
    first = "error" if "error" in aims else aims[0]
    return min(whole, key=lambda row: (aim_of(row, first), row["params"], row["trial"]))


def front_rows(rows: Sequence[Row], aims: Sequence[str]) -> list[Row]:
    """The rows that none beats in all aims, those of trials that ran their budget, cheapest first."""
    whole = [row for row in rows if row["state"] == "complete" and not row["failed"]]
    aims = tuple(aims) if len(aims) > 1 else (*aims, "params")  # one aim alone has a best, not a front
    table = [[aim_of(row, name) for name in aims] for row in whole]
    chosen = [whole[place] for place in nondominated(np.reshape(table, (len(whole), len(aims))))]
    return sorted(chosen, key=lambda row: (row["params"], row["macs"], row["trial"]))


def aim_of(row: Mapping[str, Any], name: str) -> float:
    """A row's value of an objective, lower being better."""
    from autofas.search.trials.bench import MAXIMISED

    value = float(row["latency_ms" if name == "latency" else name])
    return -value if name in MAXIMISED else value


def _worker(trial: Kept) -> str:
    """A worker's machine and process."""
    place, pid, *_ = [*str(trial.user_attrs.get("worker", "")).split("|"), ""]
    return f"{place.partition('/')[0]}:{pid}" if pid else ""
