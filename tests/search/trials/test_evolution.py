"""Regularised evolution: one choice changes, the best of a sample is the parent."""

from collections import Counter

import numpy as np
import pytest

from autofas.search.trials.evolution import mutated, parent

COUNTS = {"a.inputs": 3, "a.first": 5, "a.second": 5, "b.first": 2}


def test_a_mutation_changes_one_choice_to_another_value():
    point, generator = dict.fromkeys(COUNTS, 1), np.random.default_rng(0)
    changed = Counter()
    for _ in range(4000):
        child = mutated(point, COUNTS, generator)
        (name,) = [key for key in COUNTS if child[key] != point[key]]
        assert 0 <= child[name] < COUNTS[name]
        changed[name, child[name]] += 1
    # half of them change inputs, to either other pair; the other half one of three operations
    assert changed["a.inputs", 0] + changed["a.inputs", 2] == pytest.approx(2000, abs=150)
    assert changed["b.first", 0] == pytest.approx(2000 / 3, abs=100)
    assert changed["a.first", 0] == pytest.approx(2000 / 3 / 4, abs=60)
    assert len(changed) == 2 + 4 + 4 + 1
    assert set(point.values()) == {1}


def test_parts_of_the_layout_change_as_often_as_inputs_and_operations():
    counts = COUNTS | {"layout.channels": 3, "layout.normalise": 2}
    point, generator = dict.fromkeys(counts, 0), np.random.default_rng(0)
    children = [mutated(point, counts, generator) for _ in range(3000)]
    changed = Counter(name for child in children for name in counts if child[name] != point[name])
    assert changed["layout.channels"] + changed["layout.normalise"] == pytest.approx(1000, abs=100)
    assert changed["layout.normalise"] == pytest.approx(500, abs=80)
    assert changed["a.inputs"] == pytest.approx(1000, abs=100)


def test_the_parent_is_the_best_of_the_sample():
    alive = [({"a": place}, error) for place, error in enumerate((0.3, 0.1, 0.2, 0.1))]
    generator = np.random.default_rng(1)
    assert parent(alive, 100, generator) == {"a": 3}  # of two alike the younger
    drawn = Counter(parent(alive, 1, generator)["a"] for _ in range(2000))
    assert all(drawn[place] == pytest.approx(500, abs=90) for place in range(4))
    pairs = Counter(parent(alive, 2, generator)["a"] for _ in range(4000))
    # the worst is chosen where it is drawn twice, the best wherever it is drawn
    assert pairs[0] == pytest.approx(4000 / 16, abs=70)
    assert pairs[3] == pytest.approx(4000 * 7 / 16, abs=130)
