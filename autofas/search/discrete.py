"""The supernet as the derived network: chosen operations alone, with the supernet's weights.

How much is lost when the other operations go says whether the supernet was a guide to the network that is
built from it (DARTS-PT, Wang et al., ICLR 2021, section 3, measures the same on single edges).
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from torch import Tensor

from autofas.data.batches.batch import Batch
from autofas.metrics import BONA_FIDE, roc_auc
from autofas.models.genotype import Cell
from autofas.models.space import Space
from autofas.models.supernet import Supernet
from autofas.models.supervisions import Supervision
from autofas.search.derive import KINDS
from autofas.search.engine import BilevelEngine
from autofas.search.restored import restored
from autofas.search.verdict import Gap

FAR = 1e4
"""A logit beside which the others' softmax is zero."""


@contextmanager
def discrete(supernet: Supernet, cells: tuple[Cell, Cell]) -> Iterator[None]:
    """Within it, alphas and betas are those of the two cells alone; each node weighs its edges alike.

    Without betas an edge that is not kept takes none. Raises ValueError if the space then lacks it.
    """
    space = supernet.space
    rows = {edge: row for row, edge in enumerate(space.edges)}
    require_edges_left_out(space, bool(supernet.betas))
    with restored([*supernet.alphas.values(), *supernet.betas.values()]):
        with torch.no_grad():
            for kind, cell in zip(KINDS, cells, strict=True):
                alphas = torch.zeros_like(supernet.alphas[kind])
                if not supernet.betas:
                    alphas[:, space.operations.index("none")] = FAR
                betas = torch.full((len(rows),), -FAR).to(alphas)
                for edge in cell.edges:
                    row = rows[edge.node, edge.input]
                    alphas[row] = 0
                    alphas[row, space.operations.index(edge.operation)] = FAR
                    betas[row] = 0
                supernet.alphas[kind].copy_(alphas)
                if kind in supernet.betas:
                    supernet.betas[kind].copy_(betas)
        yield


def require_edges_left_out(space: Space, betas: bool) -> None:
    """Raise ValueError where a supernet of the space has no way to take nothing from an edge."""
    if not betas and "none" not in space.operations:
        raise ValueError(f"space {space.name} cannot leave an edge out: it has neither none nor betas")


def gap(
    engine: BilevelEngine, cells: tuple[Cell, Cell], batches: Callable[[], Iterable[Batch]]
) -> Gap | None:
    """Loss and AUC of the supernet and of its derived cells on the same batches; None where it has no such
    cells. The supernet is left as it was.
    """
    judged = partial(judge_supernet, engine.supernet, engine.supervision, engine.outputs)
    whole = judged(batches())
    try:
        with discrete(engine.supernet, cells):
            derived = judged(batches())
    except ValueError:
        return None
    return Gap(*whole, *derived)


def judge_supernet(
    supernet: Supernet,
    supervision: Supervision,
    outputs: Callable[[Batch], Tensor],
    batches: Iterable[Batch],
) -> tuple[float, float]:
    """Mean loss and AUC in [0, 1] of a supernet over batches, each normalised by itself."""
    losses, scores, labels = [], [], []
    supernet.train()
    with torch.no_grad(), supernet.frozen_statistics():
        for batch in batches:
            found = outputs(batch)
            losses.append(supervision.loss(found, batch.targets))
            scores.append(supervision.score(found).double().cpu())
            labels.append(batch.targets["label"].cpu())
    pais = [BONA_FIDE if label else "attack" for label in torch.cat(labels).tolist()]
    loss = float(torch.stack(losses).double().mean())
    return loss, float(roc_auc(np.asarray(torch.cat(scores)), pais))
