"""Verdicts on alphas whose numbers can be checked on paper."""

import json
import math

import numpy as np
import pytest

from autofas.models.genotype import Cell
from autofas.models.space import load_space
from autofas.search.verdict import Gap, agreement, judge, write_verdict

SPACE = load_space("small")  # none, max pool, avg pool, skip, sep conv 3x3 and 5x5; 14 edges a cell


def cell(*operations):
    """Two edges at each of four nodes, their operations in turn."""
    pairs = [(node, source) for node in range(2, 6) for source in (0, 1)]
    edges = [(*pair, operations[number % len(operations)]) for number, pair in enumerate(pairs)]
    return Cell(edges=tuple(edges), concat=(2, 3, 4, 5))


def flat():
    return {kind: np.zeros((14, 6)) for kind in ("normal", "reduction")}


def test_alphas_at_their_start_have_decided_nothing():
    found = judge(SPACE, flat(), (cell("skip_connect"), cell("sep_conv_3x3")))
    assert found.word == "undecided"
    assert (found.edges, found.over_half, found.margin) == (28, 0, 0.0)
    assert found.entropy == pytest.approx(math.log(6)) == pytest.approx(found.entropy_most)
    assert (found.skips, found.pools, found.kept) == (8, 0, 16)


def test_margin_and_entropy_by_hand():
    alphas = flat()
    chances = np.array([0.4, 0.05, 0.05, 0.1, 0.1, 0.3])  # none leads and does not count as a winner
    alphas["normal"][:] = np.log(chances)
    found = judge(SPACE, alphas, (cell("skip_connect"), cell("sep_conv_3x3")))
    assert found.margin == pytest.approx((0.2 + 0.0) / 2)
    entropy = -(chances * np.log(chances)).sum()
    assert found.entropy == pytest.approx((entropy + math.log(6)) / 2)
    alphas["normal"][:, 4] = alphas["reduction"][:, 5] = 9.0
    found = judge(SPACE, alphas, (cell("sep_conv_3x3"), cell("max_pool_3x3", "skip_connect")))
    assert (found.word, found.over_half) == ("decided", 28)
    assert (found.skips, found.pools) == (4, 4)
    assert "4 skips and 4 pools on 16 edges" in " ".join(found.lines())
    assert "collapses" not in " ".join(found.lines())


def test_cells_without_weights_are_told():
    found = judge(
        SPACE, flat(), (cell("skip_connect"), cell("avg_pool_3x3", "cd_avg_pool_3x3", "skip_connect"))
    )
    assert found.skips + found.pools == 16
    assert "as when DARTS collapses" in " ".join(found.lines())


def test_one_operation_wins_without_a_runner_up():
    values = SPACE.model_dump()
    values["operations"] = ["none", "sep_conv_3x3"]
    space = type(SPACE).model_validate(values)
    found = judge(
        space, {kind: np.zeros((14, 2)) for kind in ("normal", "reduction")}, (cell("sep_conv_3x3"),) * 2
    )
    assert found.margin == pytest.approx(0.5)


def one_hot(winners):
    alphas = flat()
    for number, winner in enumerate(winners):
        alphas["normal" if number < 14 else "reduction"][number % 14, winner] = 1.0
    return alphas


def test_the_same_choices_agree_and_unrelated_ones_do_not():
    generator = np.random.default_rng(0)
    first = generator.integers(1, 6, 28)
    same = agreement(SPACE, {0: one_hot(first), 1: one_hot(first)})
    assert (same.share, same.edges, same.chance) == (1.0, 28, 0.2)
    assert same.p < 0.01
    assert "agree on edges" in same.line()
    second = generator.integers(1, 6, 28)
    other = agreement(SPACE, {0: one_hot(first), 1: one_hot(second)})
    assert other.p > 0.05
    assert other.share == pytest.approx(np.mean(first == second))


def test_a_liking_for_one_operation_is_not_agreement_about_edges():
    generator = np.random.default_rng(1)
    like = [generator.permutation([5] * 20 + [1, 2, 3, 4] * 2) for _ in range(3)]
    found = agreement(SPACE, {seed: one_hot(winners) for seed, winners in enumerate(like)})
    assert found.share > 2 * found.chance
    assert found.shuffled == pytest.approx(found.share, abs=0.1)
    assert found.p > 0.05
    assert "no more than by what they prefer overall" in found.line()


def test_none_is_no_winner():
    winners = np.tile([1, 2, 3, 4], 7)
    alphas = one_hot(winners)
    for table in alphas.values():
        table[:, 0] = 5.0
    assert agreement(SPACE, {0: alphas, 7: one_hot(winners)}).share == 1.0


def test_agreement_needs_two_seeds():
    with pytest.raises(ValueError, match="two seeds"):
        agreement(SPACE, {0: flat()})


def test_what_is_written(tmp_path):
    found = judge(SPACE, flat(), (cell("sep_conv_3x3"),) * 2, Gap(0.5, 0.9, 0.7, 0.5))
    agreed = agreement(SPACE, {0: flat(), 3: flat()})
    write_verdict(tmp_path, found, agreed)
    values = json.loads((tmp_path / "verdict.json").read_text())
    assert (values["schema_version"], values["verdict"], values["kept"]) == (1, "undecided", 16)
    assert values["gap"]["derived_auc"] == 0.5
    assert values["agreement"]["seeds"] == [0, 3]
    assert values["words"] == found.lines()
    assert any("AUC 90.0 %" in line and "50.0 %" in line for line in found.lines())
    write_verdict(tmp_path, found)
    assert "agreement" not in json.loads((tmp_path / "verdict.json").read_text())
