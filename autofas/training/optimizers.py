"""SGD and Adam on torch's functional form, and learning-rate schedules from a configuration.

The classes of torch.optim import torch._dynamo, torch's compiler, with the first object: 70 MB and seconds
that neither a search nor a training uses. Their functions compute the same bits without it. What `state_dict`
returns has torch.optim's format, so that checkpoints pass between the two.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adam import adam
from torch.optim.sgd import sgd

from autofas.config.optimizer import OptimizerConfig
from autofas.models.supervisions import ensure_finite


class Optimizer:
    """One group of parameters with its settings, and the averages an update keeps for each of them.

    `found_inf`, a scalar beside parameters whose update is fused, keeps that update from happening while it
    is 1, as torch.amp.GradScaler's does.
    """

    averages = 0
    """Tensors of a parameter's size that the optimiser keeps for it."""

    def __init__(self, parameters: Iterable[nn.Parameter], fused: bool | None, **settings: Any) -> None:
        self.parameters = list(parameters)
        self.param_groups: list[dict[str, Any]] = [{**settings, "fused": fused, "params": self.parameters}]
        self.state: dict[nn.Parameter, dict[str, Any]] = {}
        self.found_inf: Tensor | None = None

    def step(self) -> None:
        """Update every parameter that has a gradient."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Drop the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Averages by the parameter's number, and the settings: the format of torch.optim."""
        numbers = {parameter: number for number, parameter in enumerate(self.parameters)}
        return {
            "state": {numbers[parameter]: dict(averages) for parameter, averages in self.state.items()},
            "param_groups": [{**self.param_groups[0], "params": list(range(len(self.parameters)))}],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the averages of a `state_dict`, this class's or torch.optim's, onto the parameters' devices.

        Settings stay those this optimiser was built with. Raises ValueError if the averages are not of these
        parameters.
        """
        (group,) = state["param_groups"]
        if len(group["params"]) != len(self.parameters):
            raise ValueError(f"{len(group['params'])} parameters in place of {len(self.parameters)}")
        self.state = {}
        for number, saved in state["state"].items():
            parameter = self.parameters[number]
            for name, average in saved.items():
                if name != "step" and average is not None and average.shape != parameter.shape:
                    raise ValueError(f"{name} of parameter {number} has a different shape")
            self.state[parameter] = {name: self._moved(name, v, parameter) for name, v in saved.items()}

    def _moved(self, name: str, value: Any, parameter: nn.Parameter) -> Any:
        """A saved value as the update takes it, a copy."""
        if value is None:
            return None
        if name != "step":
            return value.detach().to(parameter.device, parameter.dtype, copy=True)
        # a fused update counts on the device
        place = parameter.device if self.param_groups[0]["fused"] else "cpu"
        return torch.as_tensor(value, dtype=torch.float32).to(place, copy=True)

    @property
    def _foreach(self) -> bool | None:
        """On a CPU one call for all tensors, the same bits in half the time; elsewhere torch's own choice."""
        fused = self.param_groups[0]["fused"]
        return True if not fused and self.parameters[0].device.type == "cpu" else None

    def _with_gradients(self) -> list[nn.Parameter]:
        return [parameter for parameter in self.parameters if parameter.grad is not None]


class SGD(Optimizer):
    """Stochastic gradient descent with momentum; weight decay is added to the gradient."""

    averages = 1

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        fused: bool | None = None,
    ) -> None:
        fixed = {
            "dampening": 0,
            "nesterov": False,
            "maximize": False,
            "foreach": None,
            "differentiable": False,
        }
        super().__init__(parameters, fused, lr=lr, momentum=momentum, weight_decay=weight_decay, **fixed)

    @torch.no_grad()
    def step(self) -> None:
        """theta -= lr * buffer, with buffer = momentum * buffer + gradient + weight_decay * theta."""
        group, given = self.param_groups[0], self._with_gradients()
        buffers = [self.state.get(parameter, {}).get("momentum_buffer") for parameter in given]
        sgd(
            given,  # type: ignore[arg-type]
            [parameter.grad for parameter in given],  # type: ignore[misc]
            buffers,
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            lr=group["lr"],
            dampening=0,
            nesterov=False,
            maximize=False,
            foreach=self._foreach,
            fused=group["fused"],
            found_inf=self.found_inf,
        )
        if group["momentum"] != 0:
            self.state |= {p: {"momentum_buffer": b} for p, b in zip(given, buffers, strict=True)}


class Adam(Optimizer):
    """Adam (Kingma and Ba, ICLR 2015); weight decay is added to the gradient."""

    averages = 2

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.0,
        fused: bool | None = None,
    ) -> None:
        fixed = {"eps": 1e-8, "amsgrad": False, "maximize": False, "foreach": None, "capturable": False}
        fixed |= {"differentiable": False, "decoupled_weight_decay": False}
        super().__init__(parameters, fused, lr=lr, betas=betas, weight_decay=weight_decay, **fixed)

    @torch.no_grad()
    def step(self) -> None:
        """One update by the bias-corrected averages of the gradient and of its square."""
        group, given = self.param_groups[0], self._with_gradients()
        for parameter in given:
            if parameter not in self.state:
                self.state[parameter] = {
                    "step": torch.zeros(
                        (), dtype=torch.float32, device=parameter.device if group["fused"] else "cpu"
                    ),
                    "exp_avg": torch.zeros_like(parameter),
                    "exp_avg_sq": torch.zeros_like(parameter),
                }
        adam(
            given,  # type: ignore[arg-type]
            [parameter.grad for parameter in given],  # type: ignore[misc]
            [self.state[parameter]["exp_avg"] for parameter in given],
            [self.state[parameter]["exp_avg_sq"] for parameter in given],
            [],
            [self.state[parameter]["step"] for parameter in given],
            foreach=self._foreach,
            fused=group["fused"],
            found_inf=self.found_inf,
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )


def build_optimizer(
    config: OptimizerConfig, parameters: Iterable[nn.Parameter], fused: bool | None = None
) -> SGD | Adam:
    """SGD with momentum, or Adam, both with L2 weight decay added to the gradient.

    `fused` is torch's form of one kernel, which alone can skip an update without the CPU knowing.
    """
    if config.name == "sgd":
        return SGD(parameters, config.lr, config.momentum, config.weight_decay, fused)
    return Adam(parameters, config.lr, config.betas, config.weight_decay, fused)


def learning_rate(config: OptimizerConfig, epoch: int, epochs: int) -> float:
    """The rate of an epoch counted from 0: linear warm-up, then constant, steps, or a cosine to `min_lr`.

    The cosine is lr(e) = min + (lr - min) * (1 + cos(pi e / E)) / 2 (SGDR, Loshchilov and Hutter, ICLR
    2017, eq. 5) over the epochs after the warm-up; with `cycles` it starts again at lr after each E epochs,
    an equal share of them.
    """
    if epoch < config.warmup_epochs:
        return config.lr * (epoch + 1) / (config.warmup_epochs + 1)
    if config.schedule == "constant":
        return config.lr
    if config.schedule == "step":
        steps = (
            sum(epoch >= at for at in config.milestones) if config.milestones else epoch // config.step_epochs
        )
        return max(config.lr * config.step_factor**steps, config.min_lr)
    length = max(epochs - config.warmup_epochs, 1) / config.cycles
    done = ((epoch - config.warmup_epochs) % length) / length
    return config.min_lr + (config.lr - config.min_lr) * (1 + math.cos(math.pi * done)) / 2


def set_learning_rate(optimizer: Optimizer, rate: float) -> None:
    """Give every parameter group the rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def clip_gradients(parameters: Sequence[nn.Parameter], most: float | None, where: str) -> None:
    """Scale the gradients to a Euclidean norm of at most `most`; None leaves them.

    Raises RunError that names `where` if a gradient is NaN or infinite, before any optimiser sees it.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = ensure_finite(nn.utils.get_total_norm(gradients), where, "gradient's norm")
    if most is not None:
        nn.utils.clip_grads_with_norm_(parameters, most, norm)
