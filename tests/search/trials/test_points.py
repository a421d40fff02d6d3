"""Points of a space by hand: choices, cells, and the way back."""

import numpy as np
import pytest

from autofas.errors import ConfigError
from autofas.models.space import load_space
from autofas.search.derive import random_cells
from autofas.search.trials.points import (
    cells_of,
    checked_point,
    choice_counts,
    genotype_of,
    key_of,
    laid_out,
    point_from_key,
    point_of,
)
from tests.search.searches import opened

SPACE = load_space("small")


def test_choices_by_hand():
    # nodes 2 to 5 have 1, 3, 6 and 10 pairs of inputs, of which the first is no choice; five operations
    counts = choice_counts(SPACE)
    assert [counts.get(f"normal.{node}.inputs") for node in range(2, 6)] == [None, 3, 6, 10]
    assert {counts[f"reduction.{node}.first"] for node in range(2, 6)} == {5}
    assert len(counts) == 2 * (4 * 3 - 1)


def test_a_point_is_a_pair_of_cells():
    point = dict.fromkeys(choice_counts(SPACE), 0)
    point |= {"normal.3.inputs": 2, "normal.3.first": 1, "normal.3.second": 4}
    normal, reduction = cells_of(SPACE, point)
    assert normal.inputs_of(3) == [(3, 1, "avg_pool_3x3"), (3, 2, "sep_conv_5x5")]
    assert {edge.operation for edge in reduction.edges} == {"max_pool_3x3"}


def test_cells_points_and_keys_are_one_another():
    for seed in range(20):
        cells = random_cells(SPACE, np.random.default_rng(seed))
        point = point_of(SPACE, *cells)
        assert cells_of(SPACE, point) == cells
        assert point_from_key(SPACE, key_of(point)) == point


def test_a_layout_that_is_left_open_is_a_choice_more():
    space = opened(normalise=("none", "local"), channels=(8, 4, 12))
    counts = choice_counts(space)
    assert {name: counts[name] for name in set(counts) - set(choice_counts(SPACE))} == {
        "layout.normalise": 2,
        "layout.channels": 3,
    }
    cells = random_cells(space, np.random.default_rng(0))
    point = point_of(space, *cells) | {"layout.normalise": 1, "layout.channels": 2}
    assert point_from_key(space, key_of(point)) == point
    layout = laid_out(space, point).layout
    assert (layout.normalise, layout.channels, layout.cells) == ("local", 12, SPACE.layout.cells)
    assert point_of(laid_out(space, point), *cells) == point
    genotype = genotype_of(space, point, "tpe")
    assert (genotype.layout, genotype.normal, genotype.derivation) == (layout, cells[0], "tpe")
    with pytest.raises(ConfigError, match=r"choice layout\.channels is 3; it is a whole number from 0 to 2"):
        checked_point(space, point | {"layout.channels": 3})


def test_a_point_of_someone_else_is_checked_in_one_line():
    point = dict.fromkeys(choice_counts(SPACE), 0)
    assert checked_point(SPACE, point) == point
    for changed, words in (
        ({"normal.3.input": 0}, "no choice normal.3.input, did you mean normal.3.inputs"),
        ({"normal.3.inputs": 3}, "choice normal.3.inputs is 3; it is a whole number from 0 to 2"),
        ({"normal.3.first": True}, "choice normal.3.first is True"),
    ):
        with pytest.raises(ConfigError, match=words):
            checked_point(SPACE, point | changed)
    del point["reduction.5.second"]
    with pytest.raises(ConfigError, match=r"lacks 1 of the 22 choices of space small, reduction\.5\.second"):
        checked_point(SPACE, point)
    with pytest.raises(ConfigError, match="is not one of space small"):
        point_from_key(SPACE, "1.2.3")
