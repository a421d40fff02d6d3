"""Optuna behind the same ask and tell: given points, constraints, pruning, what ended meanwhile."""

import pytest

pytest.importorskip("optuna", reason="the extra [trials] is not installed")

import optuna

from autofas.models.space import load_space
from autofas.search.layouts import Layouts
from autofas.search.trials.engine import Guided, OptunaStudy
from autofas.search.trials.proposals import Proposals
from tests.search.searches import config

SPACE = load_space("small")


class Bench:
    """What the engine asks of one: the counts of a point."""

    def counted(self, point):
        return {"params": 10 + sum(point.values()), "macs": 1}


def study(tmp_path, excess=None, **changes):
    chosen = config(tmp_path, {}, **({"strategy": "nsga2", "trials": 16} | changes))
    directions = ["minimize"] * len(chosen.objectives)
    kept = optuna.create_study(directions=directions)
    return OptunaStudy(kept, chosen, Proposals(chosen, SPACE, Layouts(SPACE, chosen)), Bench(), excess)


def test_a_given_point_is_taken_as_it_is(tmp_path):
    one = study(tmp_path)
    point = one.proposals.point(7, [], 25)
    assert one.ask(7, point, 0).params == point


def test_what_the_engine_proposes_depends_on_seed_and_history_alone(tmp_path):
    def third(seed):
        one = study(tmp_path, seed=seed, study={"population": 2})
        for index in range(3):
            trial = one.ask(index, None, 0)
            trial.set_user_attr("key", str(index))
            one.tell(trial, {}, [0.1 * index, 1.0], pruned=False)
        optuna.samplers.RandomSampler(seed=1)  # draws elsewhere change nothing
        return one.ask(3, None, 0).params

    assert third(0) == third(0) != third(1)


def test_nsga2_recombines_the_better_ones(tmp_path):
    one = study(tmp_path, study={"population": 4})
    for index in range(4):
        trial = one.ask(index, None, 0)
        one.tell(trial, {}, [0.1 if index < 2 else 0.9, 1.0 + index], pruned=False)
    parents = [trial.params for trial in one.trials()]
    child = one.ask(4, None, 0).params
    inherited = sum(child[name] in {parent[name] for parent in parents} for name in child)
    assert inherited >= len(child) - 4  # but for a mutation or two


def test_a_point_beyond_the_limits_is_told_with_its_excess_and_not_trained(tmp_path):
    one = study(tmp_path, excess=lambda point: {"max_params": 0.5})
    trial = one.ask(0, None, 0)
    assert one.passes_over(trial)
    (kept,) = one.trials()
    assert kept.constraints == {"max_params": 0.5}
    assert kept.values == [1.0, 10 + sum(trial.params.values())]
    assert kept.user_attrs["void"] == "beyond"
    within = study(tmp_path, excess=lambda point: {"max_params": -0.1, "max_skips": 0.0})
    assert not within.passes_over(within.ask(0, None, 0))


def test_a_trial_that_was_taken_over_is_not_told_twice(tmp_path):
    one = study(tmp_path)
    trial = one.ask(0, None, 0)
    one.fail(trial.number)
    assert not one.tell(trial, {"error": 0.1}, [0.1, 1.0], pruned=False)
    one.fail(trial.number)  # once more does nothing
    assert one.trials()[0].state.name == "FAIL"


def test_pruned_trials_are_told_as_such(tmp_path):
    one = study(tmp_path, strategy="tpe", study={"pruner": "halving"})
    one.study.pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)
    first, second = one.ask(0, None, 0), one.ask(1, None, 0)
    assert not one.prunes(first, 1, 0.1)
    assert one.prunes(second, 1, 0.2)
    assert one.tell(second, {"error": 0.2}, [0.2], pruned=True)
    assert one.trials()[1].state.name == "PRUNED"
    assert not study(tmp_path).prunes(first, 1, 0.9)  # without a pruner nothing ends early


def test_the_space_is_never_inferred_from_what_was_tried():
    guided = Guided(optuna.samplers.RandomSampler(seed=0), {"a": 1}, {"a": 0})
    assert guided.infer_relative_search_space(None, None) == {"a": 1}
