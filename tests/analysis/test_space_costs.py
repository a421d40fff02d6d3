"""The costs of a space against profiles of its networks."""

import numpy as np
import pytest

from autofas.analysis.records import profile_network
from autofas.analysis.space_costs import space_costs
from autofas.models.build import build
from autofas.models.genotype import genotype_from_cells
from autofas.models.space import load_space
from autofas.search.derive import random_cells


def test_a_separable_convolution_by_hand():
    costs = space_costs(load_space("small"))
    column = costs.space.operations.index("sep_conv_3x3")
    # normal cells have 8 channels at 32x32 and 16 at 16x16; twice 9 taps, a pointwise row, the norm's two
    params = sum(2 * (9 * c + c * c + 2 * c) for c in (8, 16))
    macs = sum(2 * (9 * c + c * c) * side * side for c, side in ((8, 32), (16, 16)))
    assert costs.edges["normal"][0, column].tolist() == [params, macs]
    # the first convolution of a reduction cell's input takes the stride: all maps are half as wide
    macs = sum(2 * (9 * c + c * c) * side * side for c, side in ((16, 16), (32, 8)))
    assert costs.edges["reduction"][0, column, 1] == macs
    free = [costs.space.operations.index(name) for name in ("none", "max_pool_3x3", "skip_connect")]
    assert not costs.edges["normal"][:, free].any()


@pytest.mark.parametrize("name", ["small", "small_cd", "small_even", "auto_fas_cd"])
def test_any_network_costs_the_sum_that_a_profile_counts(name):
    space = load_space(name)
    costs = space_costs(space)
    for seed in range(2):
        cells = random_cells(space, np.random.default_rng(seed))
        found = profile_network(build(genotype_from_cells(space, *cells, "random")))
        assert costs.of(*cells).tolist() == [found.params, found.macs]
