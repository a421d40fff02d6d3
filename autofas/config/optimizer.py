"""An optimiser and its schedule, as search and training configure them."""

from typing import Literal

from pydantic import Field

from autofas.storage.schema import Schema


class OptimizerConfig(Schema):
    """An optimiser and its schedule; `betas` are Adam's, `momentum` SGD's.

    A cosine falls from `lr` to `min_lr` `cycles` times, each time over an equal share of the epochs; steps
    multiply by `step_factor` at every `milestones` epoch, or every `step_epochs` where there are none.
    """

    name: Literal["sgd", "adam"] = "sgd"
    lr: float = Field(gt=0, le=10)
    min_lr: float = Field(default=0.0, ge=0)
    schedule: Literal["cosine", "constant", "step"] = "cosine"
    step_epochs: int = Field(default=60, ge=1)
    milestones: tuple[int, ...] = ()
    step_factor: float = Field(default=0.1, gt=0, lt=1)
    cycles: int = Field(default=1, ge=1)
    warmup_epochs: int = Field(default=0, ge=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = Field(default=1e-4, ge=0)
    grad_clip: float | None = Field(default=None, gt=0)
