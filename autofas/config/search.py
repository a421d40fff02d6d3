"""The configuration of the verb `search`."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from autofas.config.counts import Count
from autofas.config.data import DataConfig, GroupKey
from autofas.config.optimizer import OptimizerConfig
from autofas.config.run import RunConfig
from autofas.config.study import Objective, Proxy, StudyConfig

Rule = Literal["auto-fas", "pc-darts", "darts-pt"]
"""How a supernet becomes cells: by its alphas (autofas.search.derive; auto-fas is also the rule of DARTS), or
by what it loses without an operation (autofas.search.perturbation)."""
ArchSplit = Literal["subject", "session", "device", "pai"]
"""What the half of the training split that alphas learn from differs in from the half of the weights."""


Strategy = Literal["pc-darts", "darts", "random", "tpe", "nsga2", "evolution"]
"""How a search finds its cells (autofas.search)."""
TRIALS = 20
"""Networks that a search by trials trains unless told otherwise."""


def known_strategy(value: Any) -> Any:
    """The strategy that was written; raises ValueError that says what has taken an earlier one's place."""
    if value == "nni-evolution":
        raise ValueError(
            "nni-evolution is now --strategy evolution --engine nni (keys strategy, study.engine)"
        )
    return value


def _switch(value: Any) -> Any:
    """The word that was written: YAML reads on and off as true and false."""
    return ("on" if value else "off") if isinstance(value, bool) else value


class SearchConfig(RunConfig):
    """A bi-level search. Defaults: Auto-FAS, section 3.3; what it leaves open follows PC-DARTS.

    Open in the paper, chosen here: K = 4, edge normalisation and 12 of 40 epochs of warm-up (PC-DARTS: 15
    of 50), gradients of the weights clipped at 5 (DARTS), half of the training subjects for each level.
    `cuda_graphs` replays recorded kernels on a GPU (first order only); off, since not yet measured.
    `precision` bfloat16 computes activations in it (autocast), parameters, statistics and optimisers in
    float32; `recompute` keeps a cell's inputs alone for the backward pass: less memory, more time, the same
    numbers. `kernels` computes the supernet with the compiled kernels: where they serve (auto), or the search
    is refused (on), or in torch (off).
    `balance_by` draws the weight half's data sets, sessions, devices or PAIs equally often, as a training's.

    Alphas wait for `warmup_epochs` and, with `warmup_fall`, until an epoch's mean weight loss has fallen by
    that share of ln 2, chance's loss on balanced classes, but no longer than half of the epochs that the
    warm-up leaves. `arch_split` is what the architecture half must survive: other people alone, or other
    people of other sessions, before other devices or with other attack instruments (rows that would be in
    both halves are left out; after the meta search of NAS-FAS, Yu et al., TPAMI 2020).

    Against collapse into operations without weights: `beta_decay` adds the term of beta-DARTS, its weight
    rising from 0 to this (published: 50); `auxiliary_skip` adds a skip to every mixed operation, its strength
    falling from this to 0 (DARTS-, published: 1); `max_skips` is what the derived normal cell has at most
    (P-DARTS, Chen et al., ICCV 2019: 2); `alpha_noise` lets weights learn under noise on the shares of the
    operations, from a tenth of this to all of it (SDARTS-RS, published: 0.3); `eigenvalue_stop` ends the
    search once the largest eigenvalue of the Hessian of the architecture's loss by alpha, averaged over
    `eigenvalue_window` epochs, has grown by this factor since the window before, and takes the cells of that
    many epochs earlier (RobustDARTS, published: 1.33).

    With `derivation` darts-pt the cells keep what the supernet can least do without, its weights tuned for
    `tune_epochs` after every decision (DARTS-PT; the limits and finalists go with the other rules).

    With `finalists` above 0 so many genotypes, of several epochs and rules and random ones, are trained on
    the weight half, for `finalist_epochs` at first and the better half twice as long, and so on; the genotype
    is the one with the highest AUC on the architecture half. With `finalist_filter`, a zero-cost proxy, they
    are the best of `finalist_pool` times as many, by the highest or the lowest value of it (`finalist_keep`).

    random with `trials`, tpe, nsga2 and evolution train so many whole networks (20 unless set) for `epochs`
    at most, with the optimiser `finalist`; `study` says how points are proposed, where results are kept, and
    whether a supernet's weights judge in place of trainings.

    `max_params` and `max_macs` (at the space's input size; 300K and 0.3M are counts too) are what the derived
    network has at most; while the alphas' cells exceed one, expected cost over limit, times `cost_weight`, is
    added to the alphas' loss.
    """

    data: DataConfig = DataConfig()
    space: str = "auto_fas"
    strategy: Annotated[Strategy, BeforeValidator(known_strategy)] = "pc-darts"
    order: Literal["first", "second", "second-exact"] = "first"
    partial_channels: int | None = Field(default=None, ge=1)
    edge_normalization: bool | None = None
    derivation: Rule | None = None
    trials: int | None = Field(default=None, ge=1)
    study: StudyConfig = StudyConfig()
    epochs: int = Field(default=40, ge=1)
    warmup_epochs: int = Field(default=12, ge=0)
    batch_size: int = Field(default=256, ge=2)
    warmup_fall: float | None = Field(default=None, gt=0, lt=1)
    arch_share: float = Field(default=0.5, gt=0, lt=1)
    arch_split: ArchSplit = "subject"
    weights: OptimizerConfig = OptimizerConfig(lr=0.05, grad_clip=5.0)
    arch: OptimizerConfig = OptimizerConfig(
        name="adam", lr=6e-3, schedule="constant", betas=(0.5, 0.999), weight_decay=1e-3
    )
    supervision: Literal["pixelwise_bce", "bce"] = "pixelwise_bce"
    augment: str | None = Field(default=None, min_length=1)
    balance: bool = True
    balance_by: GroupKey | None = None
    input_size: int | None = Field(default=None, ge=8)
    cuda_graphs: bool = False
    precision: Literal["float32", "bfloat16"] = "float32"
    recompute: bool = False
    kernels: Annotated[Literal["auto", "on", "off"], BeforeValidator(_switch)] = "auto"
    beta_decay: float = Field(default=0.0, ge=0)
    auxiliary_skip: float = Field(default=0.0, ge=0)
    max_skips: int | None = Field(default=None, ge=0)
    alpha_noise: float = Field(default=0.0, ge=0, le=1)
    eigenvalue_stop: float | None = Field(default=None, gt=1)
    eigenvalue_window: int = Field(default=5, ge=1)
    tune_epochs: int = Field(default=1, ge=0)
    finalists: int = Field(default=0, ge=0, le=256)
    finalist_epochs: int = Field(default=4, ge=1)
    finalist_filter: Proxy | None = None
    finalist_pool: int = Field(default=4, ge=2, le=100)
    finalist_keep: Literal["highest", "lowest"] = "highest"
    finalist: OptimizerConfig = OptimizerConfig(
        name="adam", lr=5e-3, schedule="constant", grad_clip=5.0, weight_decay=0.0
    )
    max_params: Count | None = None
    max_macs: Count | None = None
    cost_weight: float = Field(default=0.01, ge=0)

    @model_validator(mode="after")
    def _differences_need_digits(self) -> "SearchConfig":
        if self.precision == "bfloat16" and self.order != "first":
            raise ValueError(f"order {self.order} needs precision float32, because it subtracts gradients")
        return self

    @model_validator(mode="after")
    def _looking_ahead_needs_sgd(self) -> "SearchConfig":
        if self.order != "first" and self.weights.name != "sgd":
            raise ValueError(
                f"order {self.order} looks one step of SGD ahead; take weights.name sgd, or order first"
            )
        return self

    @model_validator(mode="after")
    def _finalists_come_of_alphas(self) -> "SearchConfig":
        if self.finalists and self.strategy not in ("pc-darts", "darts"):
            raise ValueError(f"finalists are of pc-darts and darts; strategy {self.strategy} has none")
        if self.finalist_filter and not self.finalists:
            raise ValueError("finalist_filter chooses finalists; say how many with finalists")
        return self

    @model_validator(mode="after")
    def _perturbation_knows_no_limits(self) -> "SearchConfig":
        if self.derivation == "darts-pt":
            for key in ("finalists", "max_params", "max_macs", "max_skips"):
                if getattr(self, key):
                    raise ValueError(
                        f"derivation darts-pt keeps what the supernet needs, whatever it costs, and knows no "
                        f"{key}; take auto-fas or pc-darts"
                    )
        return self

    @model_validator(mode="after")
    def _windows_fit(self) -> "SearchConfig":
        moving = self.epochs - self.warmup_epochs
        fits = moving >= 2 * self.eigenvalue_window
        if self.eigenvalue_stop and not fits and self.strategy in ("pc-darts", "darts"):
            smaller = f"take eigenvalue_window {moving // 2}, or " if moving > 1 else ""
            raise ValueError(
                f"eigenvalue_stop compares two windows of {self.eigenvalue_window} epochs, and alphas move "
                f"in {moving}: {smaller}search for longer"
            )
        return self

    @model_validator(mode="after")
    def _warmup_leaves_search(self) -> "SearchConfig":
        if self.strategy in ("pc-darts", "darts") and self.warmup_epochs >= self.epochs:
            raise ValueError(
                f"warmup_epochs {self.warmup_epochs} of {self.epochs} epochs leaves none to search in"
            )
        return self

    @model_validator(mode="after")
    def _trials_fit_their_strategy(self) -> "SearchConfig":
        objectives, engine = self.study.objectives, self.study.engine
        if self.strategy == "evolution" and len(self.objectives) > 1:
            raise ValueError("evolution compares one objective; take nsga2 or tpe for several")
        if engine == "nni" and (self.strategy == "nsga2" or objectives not in (None, ("error",))):
            raise ValueError("engine nni has one objective, error, and strategies random, tpe and evolution")
        if engine == "nni" and (self.study.pruner != "none" or self.study.proxy or self.study.storage):
            raise ValueError("engine nni keeps its own study and has no pruner and no proxy here")
        if self.study.pruner != "none" and len(self.objectives) > 1:
            raise ValueError(
                f"pruner {self.study.pruner} needs one objective, and {self.strategy} has several"
            )
        if self.study.supernet and self.strategy in ("darts", "pc-darts"):
            raise ValueError(
                f"study.supernet judges trials, and {self.strategy} makes none; take tpe, nsga2, evolution, "
                "or random with trials"
            )
        if self.by_trials and self.study.sample and self.study.sample > self.population:
            raise ValueError(
                f"study.sample {self.study.sample} is more than the population, {self.population}"
            )
        return self

    @property
    def by_trials(self) -> bool:
        """Whether whole networks are trained; random without a number of trials draws one and trains none."""
        return self.strategy in ("tpe", "nsga2", "evolution") or (
            self.strategy == "random" and self.trials is not None
        )

    @property
    def wanted(self) -> int:
        """How many trials a search by trials has."""
        return self.trials or TRIALS

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """What trials are judged by: the error alone, for NSGA-II error and parameters, unless set."""
        return self.study.objectives or (("error", "params") if self.strategy == "nsga2" else ("error",))

    @property
    def population(self) -> int:
        """Points drawn first, and the networks that evolution or NSGA-II keeps."""
        return self.study.population or max(4, min(50, self.wanted // 4))

    @property
    def sample(self) -> int:
        """Networks among which evolution chooses a parent."""
        return self.study.sample or max(2, self.population // 4)

    @property
    def latest_start(self) -> int:
        """The epoch, from 0, at which alphas move at the latest, whatever the weight loss."""
        return self.warmup_epochs + (self.epochs - self.warmup_epochs) // 2

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
    def resolved_derivation(self) -> Rule:
        """The rule of the strategy's paper, unless set."""
        return self.derivation or ("pc-darts" if self.resolved_edge_normalization else "auto-fas")
