"""Group DRO: the loss of the group that does worst, weighed up step by step.

Sagawa, Koh, Hashimoto and Liang, "Distributionally Robust Neural Networks for Group Shifts", ICLR 2020,
algorithm 1: each step multiplies a group's weight q by exp(rate * its loss) and descends the sum of q times
the groups' losses. A batch holds every group, as often as the others (`balance_by`), where the algorithm
draws one group a step; a group that a batch lacks counts as one without loss. What they found to be needed
beside it, strong weight decay or an early end, is the optimiser's and `keep: best`'s.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from autofas.data.batches.groups import Groups
from autofas.models.supervisions import Supervision
from autofas.runtime import ranks


class GroupDRO:
    """The weights of groups, (G,) float64 with sum 1, and the loss that they make of a batch."""

    def __init__(self, groups: Groups, rate: float, device: torch.device) -> None:
        self.names, self.rate = groups.names, rate
        self.codes = torch.from_numpy(groups.codes)
        count = len(groups.names)
        self.weights = torch.full((count,), 1 / count, dtype=torch.float64, device=device)

    def loss(
        self, supervision: Supervision, outputs: Any, targets: Mapping[str, Tensor], index: Tensor
    ) -> Tensor:
        """The weighted loss of a batch, a scalar whose gradient is the step's; moves the weights first.

        `index` (B,) are the rows' positions in the table that the groups are of. On several ranks the groups'
        losses are those of the whole batch, and the mean of the ranks' losses is its weighted loss.
        """
        codes, device = self.codes[index], self.weights.device
        sums = [torch.zeros((), dtype=torch.float64, device=device) for _ in self.names]
        counts = torch.bincount(codes, minlength=len(self.names)).to(device, torch.float64)
        for number in codes.unique().tolist():
            rows = (codes == number).nonzero()[:, 0].to(device)
            mean = supervision.loss(rows_of(outputs, rows), rows_of(dict(targets), rows))
            sums[number] = mean.double() * len(rows)
        own = torch.stack(sums)
        sums_of_all, counts_of_all = ranks.average([own.detach(), counts])
        rows_there = counts_of_all.clamp_min(torch.finfo(torch.float64).tiny)
        # q * exp(rate * loss), normalised
        self.weights = torch.softmax(self.weights.log() + self.rate * sums_of_all / rows_there, dim=0)
        return (self.weights * own / rows_there).sum().float()

    @property
    def words(self) -> str:
        """The group of the greatest weight, and that weight."""
        number = int(self.weights.argmax())
        return f"{self.names[number]} {float(self.weights[number]):.2f}"

    def state_dict(self) -> dict[str, Any]:
        """The weights and the groups that they are of."""
        return {"names": list(self.names), "weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take saved weights; raises ValueError if they are of other groups or no weights."""
        weights = state["weights"]
        if state["names"] != list(self.names) or weights.shape != self.weights.shape:
            raise ValueError("the group weights are of other groups")
        if weights.dtype != torch.float64 or not bool(torch.isfinite(weights).all()):
            raise ValueError("the group weights are not finite numbers of float64")
        self.weights = weights.to(self.weights.device)


def rows_of(values: Any, rows: Tensor) -> Any:
    """The rows of a batch's tensor, or of every tensor in a dict or named tuple of them."""
    if isinstance(values, Tensor):
        return values[rows]
    if isinstance(values, Mapping):
        return {name: rows_of(value, rows) for name, value in values.items()}
    return type(values)(*(rows_of(value, rows) for value in values))
