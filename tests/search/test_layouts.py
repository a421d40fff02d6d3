"""Layouts that a space leaves open: which are possible, what is drawn, what limits come to."""

from collections import Counter

import numpy as np
import pytest

from autofas.analysis.records import network_cost
from autofas.config.search import SearchConfig
from autofas.errors import ConfigError
from autofas.models.build import build
from autofas.models.genotype import genotype_from_cells
from autofas.models.space import load_space
from autofas.search.derive import random_cells
from autofas.search.layouts import Layouts, space_of
from tests.search.searches import opened

SPACE = opened(channels=(4, 8, 16), normalise=("none", "local"))


def config(**values):
    return SearchConfig.model_validate({"strategy": "random", "trials": 4} | values)


def test_every_layout_is_drawn_as_often():
    layouts, generator = Layouts(SPACE, config()), np.random.default_rng(0)
    drawn = [layouts.draw(generator)[0].layout for _ in range(1200)]
    counted = Counter((layout.channels, layout.normalise) for layout in drawn)
    assert len(counted) == 6
    assert all(count == pytest.approx(200, abs=60) for count in counted.values())


def test_what_is_drawn_keeps_to_the_limits_in_its_layout():
    layouts, generator = Layouts(SPACE, config(max_params="20K")), np.random.default_rng(0)
    # the smallest network of 16 channels has more
    assert {space.layout.channels for space in layouts.possible} == {4, 8}
    for _ in range(20):
        space, cells = layouts.draw(generator)
        assert network_cost(build(genotype_from_cells(space, *cells, "random"))).params <= 20_000
        assert layouts.allow(space, cells)
        assert layouts.excess(space, cells)["max_params"] <= 0


def test_every_layout_that_is_drawn_can_keep_to_the_limits():
    layouts, generator = Layouts(SPACE, config(max_params="20K")), np.random.default_rng(1)
    layouts.possible.reverse()  # the last of all cannot keep them
    layouts.all.reverse()
    drawn = {layouts.draw(generator)[0].layout.channels for _ in range(40)}
    assert drawn == {4, 8}


def test_what_no_cells_can_mend_is_beyond_the_limits():
    layouts = Layouts(SPACE, config(max_params="20K"))
    cells = random_cells(SPACE, np.random.default_rng(0))
    wide = SPACE.with_layout({"channels": 16})
    assert not layouts.allow(wide, cells)
    assert layouts.excess(wide, cells) == {"max_params": 1.0}


def test_limits_that_no_layout_keeps_are_refused():
    with pytest.raises(ConfigError, match="no network of space small has so few parameters"):
        Layouts(SPACE, config(max_params=100))


def test_a_search_by_alphas_has_the_layout_as_it_is():
    (only,) = Layouts(SPACE, SearchConfig(strategy="pc-darts")).all
    assert only.layout == load_space("small").layout


def test_a_space_with_nothing_open_draws_what_it_always_drew():
    space = load_space("small")
    drawn = Layouts(space, config()).draw(np.random.default_rng(5))
    assert drawn == (space, random_cells(space, np.random.default_rng(5)))


def test_too_many_layouts_are_refused():
    many = opened(channels=tuple(range(4, 24)), theta=(0.7, *(place / 100 for place in range(20))))
    with pytest.raises(ConfigError, match="space small has 420 layouts; 256 are the most"):
        Layouts(many, config())


def test_the_space_of_a_genotype_has_its_layout():
    wide = SPACE.with_layout({"channels": 16, "normalise": "local"})
    genotype = genotype_from_cells(wide, *random_cells(SPACE, np.random.default_rng(0)), "random")
    assert space_of(SPACE, genotype) == wide
