"""Points that are decided here: drawn, mutated, chosen by a proxy, always new."""

import numpy as np
import pytest

from autofas.analysis.space_costs import space_costs
from autofas.models.space import load_space
from autofas.search.derive import random_cells
from autofas.search.layouts import Layouts
from autofas.search.trials.points import cells_of, choice_counts, key_of, point_of
from autofas.search.trials.proposals import MOST_TRIES, Proposals
from tests.search.searches import config
from tests.search.trials.studies import Trial

SPACE = load_space("small")


def proposals(tmp_path, choose=None, **changes):
    chosen = config(tmp_path, {}, **({"strategy": "evolution", "trials": 16} | changes))
    return Proposals(chosen, SPACE, Layouts(SPACE, chosen), choose)


def ended(points, errors):
    return [
        Trial(number, point, "COMPLETE", key=key_of(point), row={"error": error})
        for number, (point, error) in enumerate(zip(points, errors, strict=True))
    ]


def test_a_point_is_the_seeds_and_the_number_of_those_before(tmp_path):
    one, two, other = (proposals(tmp_path, seed=seed) for seed in (0, 0, 1))
    assert one.point(3, [], 0) == two.point(3, [], 0)
    assert one.point(3, [], 0) != one.point(2, [], 0)
    assert one.point(3, [], 0) != other.point(3, [], 0)


def test_after_the_first_ones_evolution_mutates_one_of_those_alive(tmp_path):
    # a population of four and a sample of two: the oldest, which is the best, has died
    points = [point_of(SPACE, *random_cells(SPACE, np.random.default_rng(seed))) for seed in range(5)]
    trials = ended(points, [0.0, 0.4, 0.3, 0.2, 0.1])
    evolution = proposals(tmp_path)
    for index in range(5, 15):
        child = evolution.point(index, trials, 0)
        apart = [sum(child[name] != point[name] for name in child) for point in points]
        assert min(apart[1:]) == 1
        assert apart[0] > 1


def test_engines_decide_after_the_first_ones_and_random_never(tmp_path):
    assert proposals(tmp_path, strategy="tpe").point(3, [], 0) is not None
    assert proposals(tmp_path, strategy="tpe").point(4, [], 0) is None
    assert proposals(tmp_path, strategy="tpe").point(4, [], MOST_TRIES) is not None
    assert proposals(tmp_path, strategy="random").point(40, [], 0) is not None


def test_all_keep_to_the_limits(tmp_path):
    costs = space_costs(SPACE)
    evolution = proposals(tmp_path, max_params="16K")
    trials = []
    for index in range(12):
        point = evolution.point(index, trials, 0)
        assert costs.of(*cells_of(SPACE, point))[0] <= 16_000
        trials += ended([point], [0.1])


def test_the_proxy_chooses_among_four(tmp_path):
    seen = []

    def last(points):
        seen.append(len(points))
        return points[-1]

    chosen = proposals(tmp_path, choose=last, study={"proxy": "params"})
    plain = proposals(tmp_path)
    assert chosen.point(0, [], 0) != plain.point(0, [], 0)
    assert seen == [4]


def test_a_space_without_a_new_point_says_so(tmp_path):
    space = SPACE.model_copy(
        update={
            "operations": ("none", "skip_connect"),
            "layout": SPACE.layout.model_copy(update={"intermediate_nodes": 2}),
        }
    )
    assert choice_counts(space) == {"normal.3.inputs": 3, "reduction.3.inputs": 3}
    chosen = config(tmp_path, {}, strategy="random", trials=20)
    few, trials = Proposals(chosen, space, Layouts(space, chosen)), []
    for index in range(9):
        trials += ended([few.point(index, trials, 0)], [0.1])
    assert len({trial.user_attrs["key"] for trial in trials}) == 9
    with pytest.raises(LookupError, match="none was new"):
        few.point(9, trials, 0)
