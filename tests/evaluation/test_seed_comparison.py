"""Two makes over seeds, by hand: pairs by AUC, seeds by the intervals of ACER's difference."""

from types import SimpleNamespace

import pytest

from autofas.evaluation.comparison import compare
from autofas.evaluation.judgement import Terms
from autofas.evaluation.seed_comparison import SeedComparison
from tests.evaluation.evaluation_files import random_table


def _seed(first: float | None, second: float | None, low: float, high: float) -> SimpleNamespace:
    """What compare says of one seed: two AUCs, and the interval of ACER's difference."""
    aucs = {"a": SimpleNamespace(auc=first), "b": SimpleNamespace(auc=second)}
    return SimpleNamespace(**aucs, interval=(low, high), to_json=dict)


def test_the_words_by_hand() -> None:
    found = SeedComparison(("searched", "random"), [_seed(0.9, 0.8, -0.2, -0.1), _seed(0.8, 0.7, -0.1, 0.1)])
    # .9 beats both, .8 beats .7 and ties with .8
    assert (found.better, found.pairs) == (pytest.approx(3.5 / 4), 4)
    assert (found.wins, found.losses) == (1, 0)
    assert found.words == (
        "searched against random: P(higher AUC) 0.88 over 4 pairs; by compare, of 2 seeds 1 better, 0 worse, "
        "1 without a difference shown"
    )
    told = found.to_json()
    assert (told["better"], told["pairs"], told["words"]) == (found.better, 4, found.words)
    assert (told["seeds_better"], told["seeds_worse"], told["comparisons"]) == (1, 0, [{}, {}])


def test_networks_without_an_auc_are_left_out() -> None:
    found = SeedComparison(("a", "b"), [_seed(0.9, 0.95, 0.1, 0.2), _seed(0.8, None, -0.1, 0.0)])
    assert (found.better, found.pairs, found.losses) == (0.0, 2, 1)
    bare = SeedComparison(("a", "b"), [_seed(0.9, None, 0.1, 0.2)])
    assert bare.better is None
    assert bare.words == (
        "a against b: P(higher AUC) undefined over 0 pairs; by compare, of 1 seed 0 better, 1 worse, "
        "0 without a difference shown"
    )


def test_a_make_is_no_better_than_itself() -> None:
    table, terms = random_table(1, 0.5), Terms("fixed", 0.5)
    found = SeedComparison(("a", "a"), [compare(table, table, terms, terms, replicates=50)])
    assert (found.better, found.wins, found.losses) == (0.5, 0, 0)
