"""The configuration of the verb `trial`: one network, and how a search's trials are run."""

from typing import Annotated

from pydantic import Field, model_validator

from autofas.config.search import SearchConfig, Strategy


class TrialConfig(SearchConfig):
    """One trial: a genotype's file, a baseline's name or a point of the space, trained for `epochs`.

    Everything else is a search's: data, halves, batches, seeds, `finalist` (the optimiser). With `latency` a
    forward pass of one sample is timed too. With `study.supernet` nothing is trained: its weights judge.
    """

    strategy: Strategy = "random"
    genotype: str | None = Field(default=None, min_length=1)
    baseline: str | None = Field(default=None, min_length=1)
    point: dict[str, Annotated[int, Field(ge=0)]] | None = Field(default=None, max_length=256)
    latency: bool = False

    @model_validator(mode="after")
    def _is_one_network(self) -> "TrialConfig":
        given = [name for name in ("genotype", "baseline", "point") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"a trial is of one network: give genotype, baseline or point, not {given or 'none'}"
            )
        if self.study.supernet and self.baseline:
            raise ValueError("a supernet judges cells of its space; give genotype or point, not baseline")
        return self
