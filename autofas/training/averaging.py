"""Weights averaged over a training's steps, which are judged and kept in place of the last ones.

An exponential average, whose weights lie in the middle of those that the last steps pass through: Polyak and
Juditsky, "Acceleration of Stochastic Approximation by Averaging", SIAM J. Control Optim. 30(4), 1992, in the
form of Tarvainen and Valpola, "Mean teachers are better role models", NeurIPS 2017. Cha et al. ("SWAD: Domain
Generalization by Seeking Flat Minima", NeurIPS 2021) found averaged weights to carry over better to domains
that a training has not seen.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from autofas.runs.resume import check_tensors


class WeightAverage:
    """The average of a module's parameters and running statistics: at each step decay times itself plus
    (1 - decay) times the present values.

    The first step's values begin it.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module = module
        self.average = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)

    def update(self) -> None:
        """Take in the module's present values."""
        self.average.update_parameters(self.module)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Within it the module has the average's values; its own come back at the end."""
        own = {name: value.clone() for name, value in self.module.state_dict().items()}
        self.module.load_state_dict(self.average.module.state_dict())
        try:
            yield
        finally:
            self.module.load_state_dict(own)

    def state_dict(self) -> dict[str, Any]:
        """The average and how many steps it holds."""
        return {"steps": int(self.average.n_averaged), "values": self.average.module.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take a saved average; raises ValueError if it is of another module."""
        values: dict[str, Tensor] = state["values"]
        check_tensors(values, self.average.module.state_dict(), "the average of the weights")
        self.average.module.load_state_dict(values)
        self.average.n_averaged = torch.as_tensor(state["steps"]).to(self.average.n_averaged)
