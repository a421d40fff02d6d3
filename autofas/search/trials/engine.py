"""Optuna as the engine of a study: TPE and NSGA-II propose, pruners end trials, its storage keeps everything.

TPE: Bergstra et al., NeurIPS 2011, multivariate, running trials taken for bad ones, as Optuna has it.
NSGA-II: Deb et al., IEEE Transactions on Evolutionary Computation 2002, limits as its constraints. A sampler
is made anew for every point, seeded by the study's seed and the number of points decided before: what was
killed and goes on proposes what it would have proposed.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler

from autofas.config.search import SearchConfig
from autofas.search.trials.bench import Bench
from autofas.search.trials.claims import Kept, Proposed
from autofas.search.trials.points import Point
from autofas.search.trials.proposals import Proposals

WORST = 1e9
"""The objectives of a point beyond the limits that nothing but a training would tell."""

Excess = Callable[[Mapping[str, int]], dict[str, float]]
"""By how much a point exceeds each limit, as a share of it; positive is beyond."""


class Guided(BaseSampler):
    """An engine's sampler, or a given point in place of what it proposes.

    The engine is asked in either case, since NSGA-II notes a trial's generation when it is asked.
    """

    def __init__(self, inner: BaseSampler, choices: Mapping[str, Any], fixed: Point | None) -> None:
        self.inner, self.choices, self.fixed = inner, dict(choices), fixed

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        return dict(self.choices)

    def sample_relative(self, study: Any, trial: Any, search_space: dict[str, Any]) -> dict[str, Any]:
        found = self.inner.sample_relative(study, trial, search_space)
        return found if self.fixed is None else dict(self.fixed)

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        return self.inner.sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Any, trial: Any) -> None:
        self.inner.before_trial(study, trial)

    def after_trial(self, study: Any, trial: Any, state: Any, values: Sequence[float] | None) -> None:
        self.inner.after_trial(study, trial, state, values)

    def reseed_rng(self) -> None:
        """Nothing: the seed is the study's."""


class OptunaStudy:
    """A study of Optuna as `Claims` and a worker use it; `excess` says by how much a point exceeds limits."""

    def __init__(
        self, study: Any, config: SearchConfig, proposals: Proposals, bench: Bench, excess: Excess | None
    ) -> None:
        self.study, self.config, self.proposals = study, config, proposals
        self.bench, self.excess = bench, excess
        self.choices = {
            name: CategoricalDistribution(list(range(count))) for name, count in proposals.counts.items()
        }

    def trials(self) -> Sequence[Kept]:
        """Every trial, by number."""
        return list(self.study.get_trials(deepcopy=False))

    def ask(self, index: int, fixed: Point | None, tries: int) -> Proposed | None:
        """A new trial; see `claims.Study`."""
        point = fixed
        if point is None:
            try:
                point = self.proposals.point(index, self.trials(), tries)
            except LookupError:
                return None
        self.study.sampler = Guided(self._sampler(index, tries), self.choices, point)
        trial: Proposed = self.study.ask(self.choices)
        return trial

    def passes_over(self, trial: Any) -> bool:
        """Tell the engine of a point beyond the limits, which is not trained, and return True; else False.

        Its error is that of no network; what is counted is told as it is, so that a smaller excess wins.
        """
        excess = self.excess(trial.params) if self.excess else {}
        for name, value in excess.items():
            trial.set_constraint(name, value)
        if all(value <= 0 for value in excess.values()):
            return False
        row = {**self.bench.counted(trial.params), "error": 1.0}
        trial.set_user_attr("void", "beyond")
        self.study.tell(trial, [float(row.get(name, WORST)) for name in self.config.objectives])
        return True

    def prunes(self, trial: Any, epoch: int, error: float) -> bool:
        """Tell the pruner an epoch's error; True if the trial ends here."""
        if self.config.study.pruner == "none":
            return False
        trial.report(error, epoch)
        return bool(trial.should_prune())

    def tell(self, trial: Any, row: Mapping[str, Any], values: Sequence[float], *, pruned: bool) -> bool:
        """Keep what a trial came to; False if another worker has taken this one for dead meanwhile."""
        try:
            trial.set_user_attr("row", dict(row))
            if pruned:
                self.study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            else:
                self.study.tell(trial, list(values))
        except (optuna.exceptions.UpdateFinishedTrialError, ValueError):
            return False
        return True

    def fail(self, number: int) -> None:
        """Fail a trial, unless it has ended meanwhile."""
        with suppress(optuna.exceptions.UpdateFinishedTrialError, ValueError):
            self.study.tell(number, state=optuna.trial.TrialState.FAIL)

    def _sampler(self, index: int, tries: int) -> BaseSampler:
        seed = int(np.random.default_rng([self.config.seed, index, tries]).integers(2**31))
        if self.config.strategy == "tpe":
            return TPESampler(seed=seed, n_startup_trials=self.config.population)
        if self.config.strategy == "nsga2":
            return NSGAIISampler(seed=seed, population_size=self.config.population)
        return RandomSampler(seed=seed)
