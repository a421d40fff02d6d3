"""The configuration of the verb `search`."""

from typing import Literal

from pydantic import Field, model_validator

from autofas.config.data import DataConfig, GroupKey
from autofas.config.optimizer import OptimizerConfig
from autofas.config.run import RunConfig


class SearchConfig(RunConfig):
    """A bi-level search. Defaults: Auto-FAS, section 3.3; what it leaves open follows PC-DARTS.

    Open in the paper, chosen here: K = 4, edge normalisation and 12 of 40 epochs of warm-up (PC-DARTS: 15
    of 50), gradients of the weights clipped at 5 (DARTS), half of the training subjects for each level.
    nni-evolution trains `trials` networks for `epochs` each. `cuda_graphs` replays recorded kernels on a
    GPU (first order only); off, since not yet measured. `precision` bfloat16 computes activations in it
    (autocast), parameters, statistics and optimisers in float32; `recompute` keeps a cell's inputs alone for
    the backward pass: less memory, more time, the same numbers. `kernels` computes the supernet with the
    compiled kernels: where they serve (auto), or the search is refused (on), or in torch (off).
    `balance_by` draws the weight half's data sets, sessions, devices or PAIs equally often, as a training's.
    """

    data: DataConfig = DataConfig()
    space: str = "auto_fas"
    strategy: Literal["pc-darts", "darts", "random", "nni-evolution"] = "pc-darts"
    order: Literal["first", "second", "second-exact"] = "first"
    partial_channels: int | None = Field(default=None, ge=1)
    edge_normalization: bool | None = None
    derivation: Literal["auto-fas", "pc-darts"] | None = None
    trials: int = Field(default=20, ge=1)
    epochs: int = Field(default=40, ge=1)
    warmup_epochs: int = Field(default=12, ge=0)
    batch_size: int = Field(default=256, ge=2)
    arch_share: float = Field(default=0.5, gt=0, lt=1)
    weights: OptimizerConfig = OptimizerConfig(lr=0.05, grad_clip=5.0)
    arch: OptimizerConfig = OptimizerConfig(
        name="adam", lr=6e-3, schedule="constant", betas=(0.5, 0.999), weight_decay=1e-3
    )
    supervision: Literal["pixelwise_bce", "bce"] = "pixelwise_bce"
    augment: str | None = None
    balance: bool = True
    balance_by: GroupKey | None = None
    input_size: int | None = Field(default=None, ge=8)
    cuda_graphs: bool = False
    precision: Literal["float32", "bfloat16"] = "float32"
    recompute: bool = False
    kernels: Literal["auto", "on", "off"] = "auto"

    @model_validator(mode="after")
    def _differences_need_digits(self) -> "SearchConfig":
        if self.precision == "bfloat16" and self.order != "first":
            raise ValueError(f"order {self.order} needs precision float32, because it subtracts gradients")
        return self

    @model_validator(mode="after")
    def _warmup_leaves_search(self) -> "SearchConfig":
        if self.strategy in ("pc-darts", "darts") and self.warmup_epochs >= self.epochs:
            raise ValueError(
                f"warmup_epochs {self.warmup_epochs} of {self.epochs} epochs leaves none to search in"
            )
        return self

    @property
    def resolved_augment(self) -> str:
        """That of the data, unless set."""
        return self.augment or self.data.usual_augment

    @property
    def resolved_partial_channels(self) -> int:
        """K: 4 for PC-DARTS, 1 for DARTS, unless set."""
        return self.partial_channels or (4 if self.strategy == "pc-darts" else 1)

    @property
    def resolved_edge_normalization(self) -> bool:
        """On for PC-DARTS, off for DARTS, unless set."""
        return self.strategy == "pc-darts" if self.edge_normalization is None else self.edge_normalization

    @property
    def resolved_derivation(self) -> Literal["auto-fas", "pc-darts"]:
        """The rule of the strategy's paper, unless set."""
        return self.derivation or ("pc-darts" if self.resolved_edge_normalization else "auto-fas")
