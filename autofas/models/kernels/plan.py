"""What the kernels are told once for many passes: the cells, and where their candidates' tensors stand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor, nn

from autofas.models.kernels.candidate import CellPlan, Kind
from autofas.models.kernels.structures import (
    GRADIENTS_AT,
    MEANS_AT,
    POINTERS_OF_TENSORS,
    VARIANCES_AT,
    WEIGHTS_AT,
    Operation,
)


class Table:
    """A cell's candidates as the kernels read them: what each is, and where its tensors stand in memory."""

    def __init__(self, cell: CellPlan) -> None:
        self.operations = (Operation * len(cell.fans[0]))(
            *(Operation(one.kind, one.kernel, one.dilation, one.repeats, one.theta) for one in cell.fans[0])
        )
        candidates = [candidate for fan in cell.fans for candidate in fan]
        self.pointers = np.zeros(len(candidates) * POINTERS_OF_TENSORS, np.uint64)
        self._weights = _places([one.weights for one in candidates])
        norms, places = (
            [norm for one in candidates for norm in one.norms],
            _places([one.norms for one in candidates]),
        )
        self.pointers[places + MEANS_AT] = [norm.running_mean.data_ptr() for norm in norms]
        self.pointers[places + VARIANCES_AT] = [norm.running_var.data_ptr() for norm in norms]

    def point_to(self, weights: Sequence[int], gradients: Sequence[int] | None = None) -> None:
        """Addresses of all weights in the order of `CellPlan.weights`, the preprocessing's left out."""
        self.pointers[self._weights + WEIGHTS_AT] = weights
        if gradients is not None:
            self.pointers[self._weights + GRADIENTS_AT] = gradients


def _places(tensors: Sequence[Sequence[object]]) -> np.ndarray:
    """Where the tensors of every candidate stand, the first of each kind in its candidate's row."""
    return np.array(
        [row * POINTERS_OF_TENSORS + column for row, own in enumerate(tensors) for column in range(len(own))],
        np.intp,
    )


@dataclass(frozen=True)
class TrunkPlan:
    """All cells in order. `rows` (edges,) int32 are the edges' rows, fan by fan, in alphas and betas.

    A plan serves many passes, for as long as the cells hold the same parameters and statistics.
    """

    cells: tuple[CellPlan, ...]
    rows: Tensor
    pad: int = field(init=False)
    tables: tuple[Table, ...] = field(init=False)

    def __post_init__(self) -> None:
        reach = [
            candidate.kernel // 2 * candidate.dilation
            for cell in self.cells
            for fan in cell.fans
            for candidate in fan
            if candidate.kind is Kind.SEPARABLE
        ]
        object.__setattr__(self, "pad", max([1, *reach]))
        object.__setattr__(self, "tables", tuple(Table(cell) for cell in self.cells))


class LastPlan:
    """The plan of the pass before, for as long as the modules hold the tensors that it points to.

    Making one costs as much as the kernels take for a cell. A copy begins without: its tensors are others.
    """

    def __init__(self) -> None:
        self._plan: TrunkPlan | None = None
        self._held: list[tuple[dict[str, Any], str, Any]] = []

    def __deepcopy__(self, memo: Any) -> "LastPlan":
        return LastPlan()

    def __reduce__(self) -> tuple[type["LastPlan"], tuple[()]]:
        return LastPlan, ()

    def get(self) -> TrunkPlan | None:
        """The plan, or None if there is none that fits."""
        fits = all(owner[name] is tensor for owner, name, tensor in self._held)
        return self._plan if fits else None

    def keep(self, plan: TrunkPlan, cells: nn.Module) -> None:
        """Remember the plan of `cells`, unless its weights are functions of parameters, new in every pass."""
        self._plan = None
        if all(isinstance(weight, nn.Parameter) for cell in plan.cells for weight in cell.weights):
            owners = [each for it in cells.modules() for each in (it._parameters, it._buffers)]
            self._plan, self._held = plan, [(one, name, one[name]) for one in owners for name in one]
