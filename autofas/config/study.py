"""How a search by trials proposes its points, and where what it has learnt is kept."""

from typing import Literal

from pydantic import Field, model_validator

from autofas.storage.schema import Schema

Objective = Literal["error", "params", "macs", "latency", "synflow", "grad_norm", "naswot"]
"""What a trial is judged by: 1 - AUC on the architecture half, a cost, or a proxy."""
Proxy = Literal["params", "macs", "synflow", "grad_norm", "naswot"]
"""What is known of an untrained network (autofas.search.proxies); higher is taken to be better."""
Pruner = Literal["none", "halving", "hyperband"]
"""Which trials end early: none, those that successive halving drops, or that Hyperband's brackets drop."""
Engine = Literal["optuna", "nni"]
"""Who proposes points: Optuna (and this package's evolution), or NNI's tuners in an NNI experiment."""


class StudyConfig(Schema):
    """The study of a search by trials: its engine, its storage, its objectives.

    `storage` is a database's URL, such as postgresql+psycopg://user@host/name, or a journal file; by default
    the file study.journal in the run's folder. `name` tells the studies of one database apart. `workers`
    processes are started here; others join from anywhere with `autofas search --join`.

    The first `population` points are drawn at random within the limits, the same for every strategy of a
    seed; evolution keeps as many networks alive and mutates the best of `sample` of them, NSGA-II's
    generations have that size. Unset, it is a quarter of the trials, 4 at least and 50 at most; `sample` is
    a quarter of it, 2 at least.

    With `proxy` a drawn or mutated point is the one of `proxy_pool` candidates with the highest value of it
    (Abdelfattah et al., ICLR 2021, who call it warm-up and move). `objectives` are all minimised, a proxy's
    negative among them; without error nothing is trained. `pruner` needs error as the one objective.

    With `supernet`, the run folder of a search by darts or pc-darts, trials share that supernet's weights:
    a point is judged as its operations alone within it, and nothing is trained.
    """

    engine: Engine = "optuna"
    storage: str | None = Field(default=None, min_length=1)
    name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    workers: int = Field(default=1, ge=1, le=256)
    objectives: tuple[Objective, ...] | None = Field(default=None, min_length=1, max_length=4)
    population: int | None = Field(default=None, ge=2, le=1000)
    sample: int | None = Field(default=None, ge=1, le=1000)
    pruner: Pruner = "none"
    proxy: Proxy | None = None
    proxy_pool: int = Field(default=4, ge=2, le=1000)
    supernet: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _objectives_are_distinct(self) -> "StudyConfig":
        if self.objectives and len(set(self.objectives)) < len(self.objectives):
            raise ValueError("objectives names one twice")
        return self

    @model_validator(mode="after")
    def _shared_weights_give_an_error_at_once(self) -> "StudyConfig":
        if self.supernet is None:
            return self
        if self.engine == "nni":
            raise ValueError("engine nni trains its trials; a supernet judges those of optuna")
        if self.pruner != "none":
            raise ValueError(f"pruner {self.pruner} ends trainings early, and with a supernet there are none")
        if self.objectives and "error" not in self.objectives:
            raise ValueError("a supernet gives the error; name error among the objectives")
        return self

    @model_validator(mode="after")
    def _pruning_compares_one_error(self) -> "StudyConfig":
        if self.pruner != "none" and self.objectives not in (None, ("error",)):
            raise ValueError(f"pruner {self.pruner} compares errors alone; leave out the other objectives")
        return self
