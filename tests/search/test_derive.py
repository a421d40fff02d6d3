"""Derivation rules on alphas small enough to rank by eye."""

import numpy as np
import pytest

from autofas.models.space import Space, load_space
from autofas.search.derive import derive_cell, operation_strengths, random_cells, softmax


def space(nodes=2):
    values = load_space("small").model_dump()
    values["layout"]["intermediate_nodes"] = nodes
    values["operations"] = ["none", "skip_connect", "max_pool_3x3", "sep_conv_3x3"]
    return Space.model_validate(values)


def test_strongest_operation_but_none_and_two_strongest_edges():
    # edges: (2,0) (2,1) (3,0) (3,1) (3,2); operations none, skip, max pool, sep conv
    alphas = np.log(
        np.array(
            [
                [0.90, 0.05, 0.03, 0.02],  # none is strongest and never chosen: skip
                [0.10, 0.10, 0.10, 0.70],
                [0.10, 0.20, 0.30, 0.40],
                [0.10, 0.10, 0.50, 0.30],
                [0.10, 0.45, 0.25, 0.20],
            ]
        )
    )
    cell = derive_cell(space(), alphas, None, "auto-fas")
    assert list(cell.edges) == [
        (2, 0, "skip_connect"),
        (2, 1, "sep_conv_3x3"),
        (3, 1, "max_pool_3x3"),
        (3, 2, "skip_connect"),
    ]
    assert cell.concat == (2, 3)


def test_pc_darts_lets_beta_choose_the_edges():
    alphas = np.log(np.full((5, 4), 0.25))
    alphas[2:, 3] += np.array([0.3, 0.2, 0.1])
    betas = np.array([0.0, 0.0, -5.0, 0.0, 0.0])
    assert {edge.input for edge in derive_cell(space(), alphas, None, "auto-fas").inputs_of(3)} == {0, 1}
    assert {edge.input for edge in derive_cell(space(), alphas, betas, "pc-darts").inputs_of(3)} == {1, 2}


def test_strengths_are_products_of_two_softmaxes():
    rng = np.random.default_rng(0)
    alphas, betas = rng.normal(size=(5, 4)), rng.normal(size=5)
    strengths = operation_strengths(space(), alphas, betas, "pc-darts")
    expected = softmax(alphas) * np.concatenate([softmax(betas[:2]), softmax(betas[2:])])[:, None]
    np.testing.assert_allclose(strengths, expected)
    # raw alphas of different edges are not compared: adding a constant to one edge changes nothing
    shifted = alphas + np.array([9.0, 0, 0, 0, 0])[:, None]
    assert derive_cell(space(), shifted, betas, "pc-darts") == derive_cell(space(), alphas, betas, "pc-darts")


def test_ties_go_to_what_comes_first():
    cell = derive_cell(space(), np.zeros((5, 4)), None, "auto-fas")
    assert [edge[:3] for edge in cell.edges][2:] == [(3, 0, "skip_connect"), (3, 1, "skip_connect")]


def test_the_pc_darts_rule_needs_betas():
    with pytest.raises(ValueError, match="needs edge weights"):
        derive_cell(space(), np.zeros((5, 4)), None, "pc-darts")


def test_random_cells_are_seeded_and_cover_the_space():
    assert random_cells(space(4), np.random.default_rng(1)) == random_cells(
        space(4), np.random.default_rng(1)
    )
    seen = set()
    for seed in range(50):
        for cell in random_cells(space(4), np.random.default_rng(seed)):
            seen |= {edge.operation for edge in cell.edges}
    assert seen == {"skip_connect", "max_pool_3x3", "sep_conv_3x3"}
