"""The verb `search`: from a configuration to a genotype in a run folder."""

from collections.abc import Sequence

import torch

from autofas.config.search import SearchConfig
from autofas.data.opening import OpenedDatasets
from autofas.models.space import Space, load_space
from autofas.runs.event_log import require_event_log
from autofas.runs.lifecycle import carry_through
from autofas.search.bilevel import BilevelSearch
from autofas.search.random_draw import RandomDraw
from autofas.search.strategy import SearchResult, Strategy

STRATEGIES: dict[str, type[Strategy]] = {
    "pc-darts": BilevelSearch,
    "darts": BilevelSearch,
    "random": RandomDraw,
}
"""The searches without trials."""


def search(
    config: SearchConfig,
    *,
    resume: str | None = None,
    accept_changed: Sequence[str] = (),
    quiet: bool = True,
    datasets: OpenedDatasets | None = None,
    space: Space | None = None,
    joined: tuple[str, str] | None = None,
) -> SearchResult:
    """Search a genotype on the train split of a data set; the dev and test splits are not looked at.

    `resume` is the folder of an interrupted run with the same configuration, data, code and ranks, but for
    those that `accept_changed` names ("config", "data", ...); `datasets` is what is open
    already. `joined` is the storage and the name of a study that this process becomes one more worker of, and
    `space` that study's. Raises an AutofasError in one line for whatever a user can cause.
    """
    space, opened = space or load_space(config.space), datasets or OpenedDatasets()
    if config.by_trials and config.study.workers > 1 and config.threads is None:
        from autofas.search.trials.processes import threads_of

        config = config.model_copy(update={"threads": threads_of(config)})

    def make(config: SearchConfig, device: torch.device) -> Strategy:
        if not config.by_trials:
            return STRATEGIES[config.strategy](config, space, device, opened)
        if config.study.engine == "nni":
            from autofas.search.trials.nni_engine import NniSearch

            return NniSearch(config, space, device, opened)
        from autofas.search.trials.storage import require_optuna

        require_optuna()  # in one line, before what cannot be imported without it
        from autofas.search.trials.trial_search import TrialSearch

        return TrialSearch(config, space, device, opened, accept_changed, joined)

    return carry_through(make, config, resume=resume, accept_changed=accept_changed, quiet=quiet)


def require_engine(config: SearchConfig) -> None:
    """Raise ConfigError where a search by trials needs an extra that is not installed."""
    require_event_log(config)
    if config.by_trials and config.study.engine == "nni":
        from autofas.search.trials.nni_trial import require_nni

        require_nni()
    elif config.by_trials:
        from autofas.search.trials.storage import require_optuna

        require_optuna()
