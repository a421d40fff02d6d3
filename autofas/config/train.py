"""The configuration of the verb `train`."""

from typing import Literal

from pydantic import Field, model_validator

from autofas.config.data import DataConfig, GroupKey
from autofas.config.optimizer import OptimizerConfig
from autofas.config.run import RunConfig
from autofas.storage.schema import Schema


class ViewConfig(Schema):
    """How stored face crops become the network's input (autofas.data.batches.views).

    crop_size is chosen by kind if null.
    """

    kind: Literal["whole", "centre", "patches", "degraded"] = "whole"
    crop_size: int | None = Field(default=None, ge=8, le=1024)


class TrainConfig(RunConfig):
    """Training of a derived network or a baseline; the papers of the genotypes leave the schedule open.

    `options` are build arguments of a baseline, `init` a checkpoint to start from with `init_map`, the file
    that renames its entries. `depth_target` says what a depth map is taught: the depth images, a map of ones
    for bona fide faces, or (auto) the former where the data set has them.

    `balance` draws as many bona fide as attack rows, `balance_by` within each class every data set, session,
    device or PAI as often. `objective` erm is the mean loss; group-dro weighs these groups, the worse the
    more, at `group_rate` (autofas.training.group_dro). `average` is the share that an exponential average of
    the weights keeps at each step; the averaged weights are judged and kept (autofas.training.averaging).
    """

    data: DataConfig = DataConfig()
    genotype: str | None = Field(default=None, min_length=1)
    baseline: str | None = Field(default=None, min_length=1)
    epochs: int = Field(default=60, ge=1)
    batch_size: int = Field(default=64, ge=2)
    optimizer: OptimizerConfig = OptimizerConfig(lr=0.05, grad_clip=5.0, warmup_epochs=1)
    supervision: str | None = None
    augment: str | None = Field(default=None, min_length=1)
    balance: bool = True
    balance_by: GroupKey | None = None
    objective: Literal["erm", "group-dro"] = "erm"
    group_rate: float = Field(default=0.01, gt=0, le=10)
    average: float | None = Field(default=None, gt=0, lt=1)
    drop_path: float = Field(default=0.0, ge=0, lt=1)
    input_size: int | None = Field(default=None, ge=4)
    view: ViewConfig = ViewConfig()
    erase_modalities: float = Field(default=0.0, ge=0, le=1)
    depth_target: Literal["auto", "depth", "ones"] = "auto"
    options: dict[str, str | int | float] = Field(default_factory=dict)
    init: str | None = Field(default=None, min_length=1)
    init_map: str | None = Field(default=None, min_length=1)
    keep: Literal["best", "last"] = "best"
    checkpoint_every: int = Field(default=1, ge=1)

    @property
    def resolved_augment(self) -> str:
        """That of the data, unless set."""
        return self.augment or self.data.usual_augment

    @model_validator(mode="after")
    def _one_network(self) -> "TrainConfig":
        if (self.genotype is None) == (self.baseline is None):
            given = "both were" if self.genotype else "neither was"
            raise ValueError(f"give either genotype (a file) or baseline (a name); {given} given")
        if self.genotype and self.options:
            raise ValueError("options belong to a baseline; a genotype already says how it is built")
        if self.objective == "group-dro" and self.balance_by is None:
            raise ValueError("objective group-dro needs balance_by, which says what its groups are")
        if self.init_map and not self.init:
            raise ValueError("init_map renames the entries of init, but init is not given")
        return self
