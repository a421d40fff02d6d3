"""The record of a search: alphas and betas of every epoch, as numbers and as a file.

`alphas.csv` has a row an epoch, cell kind, edge and operation: softmax can be redone and any derivation
rule applied to any epoch from it.
"""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autofas.errors import RunError
from autofas.models.space import Space
from autofas.models.supernet import Supernet
from autofas.search.derive import KINDS
from autofas.storage.files import bounded_lines, file_size, write_rows

Floats = NDArray[np.float64]
MAX_BYTES = 2**28


def snapshot(supernet: Supernet) -> dict[str, Floats]:
    """Alphas by kind, (edges, operations), and betas as `normal_beta`, `reduction_beta`, (edges,)."""
    record = {kind: supernet.alphas[kind].detach().double().cpu().numpy().copy() for kind in KINDS}
    for kind, betas in supernet.betas.items():
        record[f"{kind}_beta"] = betas.detach().double().cpu().numpy().copy()
    return record


def shares(supernet: Supernet) -> dict[str, float]:
    """softmax(alpha) of every edge's operations, and the edges' betas, by a name of slashes."""
    found: dict[str, float] = {}
    for kind in KINDS:
        edges = [f"node {node} input {source}" for node, source in supernet.space.edges]
        operations = supernet.operation_weights(kind).detach().cpu().tolist()
        for edge, row in zip(edges, operations, strict=True):
            pairs = zip(supernet.space.operations, row, strict=True)
            found |= {f"alphas {kind}/{edge}/{operation}": share for operation, share in pairs}
        if kind in supernet.betas:
            betas = supernet.edge_weights(kind).detach().cpu().tolist()
            found |= {f"betas {kind}/{edge}": beta for edge, beta in zip(edges, betas, strict=True)}
    return found


def betas_of(record: dict[str, Floats]) -> dict[str, Floats]:
    """The edge weights of a snapshot by kind, empty if the search had none."""
    return {kind: record[f"{kind}_beta"] for kind in KINDS if f"{kind}_beta" in record}


def write_alphas(path: Path, history: Sequence[dict[str, Floats]], space: Space) -> None:
    """Write every snapshot as long CSV; epoch 0 is the state before the first step."""
    rows: list[dict[str, Any]] = []
    for epoch, record in enumerate(history):
        for kind in KINDS:
            betas = record.get(f"{kind}_beta")
            for row, (node, source) in enumerate(space.edges):
                for column, operation in enumerate(space.operations):
                    rows.append(
                        {
                            "epoch": epoch,
                            "cell": kind,
                            "node": node,
                            "input": source,
                            "operation": operation,
                            "alpha": float(record[kind][row, column]),
                            "beta": "" if betas is None else float(betas[row]),
                        }
                    )
    write_rows(path, rows)


def read_alphas(path: Path, space: Space) -> list[dict[str, Floats]]:
    """The snapshots that `write_alphas` wrote for a search in `space`, the state before the first step first.

    Raises RunError in one line for a file of another space, or one that holds anything else.
    """
    size = len(KINDS) * len(space.edges) * len(space.operations)
    expected = [
        (kind, str(node), str(source), operation)
        for kind in KINDS
        for node, source in space.edges
        for operation in space.operations
    ]
    history: list[dict[str, Floats]] = []
    values: list[tuple[float, float | None]] = []
    file_size(path, MAX_BYTES, RunError)
    with open(path, encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(bounded_lines(stream, str(path), RunError))
        for number, row in enumerate(reader):
            place = tuple(str(row.get(name)) for name in ("cell", "node", "input", "operation"))
            if row.get("epoch") != str(number // size) or place != expected[number % size]:
                wanted = f"epoch {number // size}, {', '.join(expected[number % size])}"
                raise RunError(f"{path}, row {number + 2}: expected {wanted} of space {space.name}")
            values.append((_number(row["alpha"], path), _number(row["beta"], path) if row["beta"] else None))
            if len(values) == size:
                history.append(_snapshot_of(values, space, path))
                values = []
    if values or not history:
        raise RunError(f"{path} ends within an epoch; let the search write it again with --resume")
    return history


def _number(text: str | None, path: Path) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise RunError(f"{path} holds {str(text)[:40]!r} where a number is expected")
    return value


def _snapshot_of(values: Sequence[tuple[float, float | None]], space: Space, path: Path) -> dict[str, Floats]:
    """One epoch's numbers, in the order of `write_alphas`, as a snapshot."""
    shape = len(KINDS), len(space.edges), len(space.operations)
    alphas = np.array([alpha for alpha, _ in values]).reshape(shape)
    record = dict(zip(KINDS, alphas, strict=True))
    betas = [beta for _, beta in values]
    if all(beta is None for beta in betas):
        return record
    if any(beta is None for beta in betas):
        raise RunError(f"{path} names betas of some edges alone")
    table = np.array(betas, dtype=np.float64).reshape(shape)[:, :, 0]
    return record | {f"{kind}_beta": row for kind, row in zip(KINDS, table, strict=True)}
