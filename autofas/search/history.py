"""The record of a search: alphas and betas of every epoch, as numbers and as a file.

`alphas.csv` has a row an epoch, cell kind, edge and operation: softmax can be redone and any derivation
rule applied to any epoch from it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autofas.models.space import Space
from autofas.models.supernet import Supernet
from autofas.storage.files import write_rows

Floats = NDArray[np.float64]
KINDS = ("normal", "reduction")


def snapshot(supernet: Supernet) -> dict[str, Floats]:
    """Alphas by kind, (edges, operations), and betas as `normal_beta`, `reduction_beta`, (edges,)."""
    record = {kind: supernet.alphas[kind].detach().double().cpu().numpy().copy() for kind in KINDS}
    for kind, betas in supernet.betas.items():
        record[f"{kind}_beta"] = betas.detach().double().cpu().numpy().copy()
    return record


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
