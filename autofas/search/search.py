"""The verb `search`: from a configuration to a genotype in a run folder."""

from collections.abc import Sequence

import torch

from autofas.config.search import SearchConfig
from autofas.data.opening import OpenedDatasets
from autofas.models.space import load_space
from autofas.runs.lifecycle import carry_through
from autofas.search.bilevel import BilevelSearch
from autofas.search.multi_trial import MultiTrial
from autofas.search.random_draw import RandomDraw
from autofas.search.strategy import SearchResult, Strategy

STRATEGIES: dict[str, type[Strategy]] = {
    "pc-darts": BilevelSearch,
    "darts": BilevelSearch,
    "random": RandomDraw,
    "nni-evolution": MultiTrial,
}


def search(
    config: SearchConfig,
    *,
    resume: str | None = None,
    accept_changed: Sequence[str] = (),
    quiet: bool = True,
    datasets: OpenedDatasets | None = None,
) -> SearchResult:
    """Search a genotype on the train split of a data set; the dev and test splits are not looked at.

    `resume` is the folder of an interrupted run with the same configuration, data, code and ranks, but for
    those that `accept_changed` names ("config", "data", ...); `datasets` is what is open
    already. Raises an AutofasError in one line for whatever a user can cause.
    """
    space, opened = load_space(config.space), datasets or OpenedDatasets()

    def make(config: SearchConfig, device: torch.device) -> Strategy:
        return STRATEGIES[config.strategy](config, space, device, opened)

    return carry_through(make, config, resume=resume, accept_changed=accept_changed, quiet=quiet)
