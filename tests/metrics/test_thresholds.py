"""Where thresholds come from: EER, smallest ACER, and the provenance that goes with them."""

import math
import sys

import numpy as np
import pytest

from autofas.errors import MetricError
from autofas.metrics import (
    THRESHOLD_RULES,
    eer,
    eer_threshold,
    error_rates,
    min_acer_threshold,
    select_threshold,
)


def labels(bona_fide, *attacks):
    return ["bona_fide"] * bona_fide + [f"pai-{i}" for i, n in enumerate(attacks) for _ in range(n)]


def test_eer_by_hand():
    # at 0.1 0.3 0.4 0.6 0.8 0.9 and above: APCER 1 2/3 1/3 1/3 0 0 0, BPCER 0 0 0 1/3 1/3 2/3 1
    scores, pais = [0.4, 0.8, 0.9, 0.1, 0.3, 0.6], labels(3, 3)
    assert eer_threshold(scores, pais) == 0.6
    assert eer(scores, pais) == 1 / 3


def test_perfect_separation_takes_the_lowest_bona_fide_score():
    scores, pais = [0.7, 0.9, 0.1, 0.2], labels(2, 2)
    assert eer_threshold(scores, pais) == min_acer_threshold(scores, pais) == 0.7
    assert eer(scores, pais) == 0.0


def test_eer_pools_the_instruments():
    # at 0.5 the pool accepts 1 of 10 and rejects 1 of 10 bona fide: equal; the worst PAI passes 1 of 1
    scores = [0.4] + [0.9] * 9 + [0.5] + [0.1] * 9
    pais = labels(10, 1, 9)
    threshold = eer_threshold(scores, pais)
    assert threshold == 0.5
    assert eer(scores, pais) == 0.1
    assert error_rates(scores, pais, threshold).apcer == 1.0


def test_a_tie_takes_the_smaller_sum_of_rates():
    # 0.2: APCER 1/2, BPCER 0; 0.5: APCER 1/2, BPCER 1, as far apart but worse in BPCER and no better in APCER
    scores, pais = [0.2, 0.1, 0.5], labels(1, 2)
    below, above = error_rates(scores, pais, 0.2), error_rates(scores, pais, 0.5)
    assert below.apcer_pooled - below.bpcer == above.bpcer - above.apcer_pooled == 0.5
    assert eer_threshold(scores, pais) == 0.2
    assert eer(scores, pais) == 0.25


def test_a_full_tie_takes_the_higher_threshold():
    # 0.5: APCER 1/2, BPCER 0; 0.9: APCER 0, BPCER 1/2
    scores, pais = [0.5, 0.9, 0.5, 0.1], labels(2, 2)
    assert eer_threshold(scores, pais) == 0.9
    assert eer(scores, pais) == 0.25


def test_one_score_for_everybody_rejects_everybody():
    scores, pais = [0.5, 0.5, 0.5], labels(1, 2)
    assert eer_threshold(scores, pais) == math.nextafter(0.5, 1)
    assert eer(scores, pais) == 0.5


def test_gaps_that_only_float_rounding_tells_apart_are_a_tie():
    # at 0.4: 2 of 10 attacks accepted, 0 of 10 bona fide rejected; at 0.6: 1 and 3. Both gaps are 1/5
    assert abs(0.1 - 0.3) < abs(0.2 - 0.0)
    bona_fide = [0.4] * 3 + [0.6] * 7
    attacks = [0.1] * 8 + [0.4] + [0.6]
    assert eer_threshold(bona_fide + attacks, labels(10, 10)) == 0.4  # the smaller sum, 2/10 against 4/10
    assert eer(bona_fide + attacks, labels(10, 10)) == 0.1


def test_infinite_scores():
    assert eer_threshold([math.inf, 1.0, -math.inf, 0.0], labels(2, 2)) == 1.0
    # +inf attacks cannot be rejected by any float64 threshold; the figure says so instead of inventing one
    scores, pais = [math.inf, math.inf], labels(1, 1)
    assert eer_threshold(scores, pais) == math.inf
    assert eer(scores, pais) == 0.5
    assert min_acer_threshold([-math.inf, -math.inf], labels(1, 1)) == math.nextafter(-math.inf, 0)


def test_above_the_greatest_finite_float_is_infinity_without_a_warning():
    huge = sys.float_info.max
    with np.errstate(all="raise"):
        assert eer_threshold([huge, huge], labels(1, 1)) == math.inf
    assert eer_threshold([0.0, -0.0], labels(1, 1)) == math.nextafter(0, 1)


def test_float64_neighbours_are_distinct_candidates():
    low = 0.7
    high = math.nextafter(low, 1)
    assert eer_threshold([high, low], labels(1, 1)) == high
    assert eer([high, low], labels(1, 1)) == 0.0


def test_min_acer_by_hand():
    # one attack of two passes at 0.5 (ACER 1/4); above it all bona fide are lost (ACER 1/2)
    scores, pais = [0.5, 0.5, 0.5, 0.1], labels(2, 2)
    assert min_acer_threshold(scores, pais) == 0.5


def test_min_acer_minds_the_worst_instrument_where_eer_and_pooling_do_not():
    # at 0.3 the lone mask passes: pooled 1/10, worst 1; rejecting it costs 2 of 5 bona fide
    scores = [0.3, 0.3, 0.9, 0.9, 0.9] + [0.1] * 9 + [0.4]
    pais = labels(5, 9, 1)
    threshold = min_acer_threshold(scores, pais)
    assert threshold == 0.9
    assert error_rates(scores, pais, threshold).acer == 0.2
    pooled = min_acer_threshold(scores, labels(5, 10))
    assert pooled == 0.3
    assert error_rates(scores, labels(5, 10), pooled).acer == 0.05


def test_min_acer_tie_takes_the_higher_threshold():
    # 0.5: APCER 1/2, BPCER 0; 0.9: APCER 0, BPCER 1/2
    assert min_acer_threshold([0.5, 0.9, 0.5, 0.1], labels(2, 2)) == 0.9


DEV = ([0.8, 0.9, 0.1, 0.2], labels(2, 2))
TEST = ([0.5, 0.6, 0.3, 0.4], labels(2, 2))


def test_dev_rules_never_see_the_test_scores():
    chosen = select_threshold("dev-eer", *DEV, test_scores=TEST[0], test_pais=TEST[1])
    assert (chosen.value, chosen.rule) == (0.8, "dev-eer")
    assert "development" in chosen.provenance
    assert "test" not in chosen.provenance
    assert select_threshold("dev-min-acer", *DEV, test_scores=TEST[0], test_pais=TEST[1]).value == 0.8
    # on the test set that threshold rejects every bona fide: the honest figure, not the tuned one
    assert error_rates(*TEST, chosen.value).bpcer == 1.0


def test_test_eer_sees_the_test_scores_alone_and_says_so():
    chosen = select_threshold("test-eer", *DEV, test_scores=TEST[0], test_pais=TEST[1])
    assert chosen.value == 0.5
    assert chosen.rule == "test-eer"
    assert "tuned on test" in chosen.provenance
    assert error_rates(*TEST, chosen.value).hter == 0.0


def test_dev_eer_and_dev_min_acer_differ():
    # above 0.4 one bona fide in four is lost and nothing passes: least ACER 1/8; EER balances at 0.3
    scores = [0.3, 0.9, 0.9, 0.9] + [0.1] * 3 + [0.4]
    pais = labels(4, 3, 1)
    assert select_threshold("dev-eer", scores, pais).value == 0.4
    assert select_threshold("dev-min-acer", scores, pais).value == 0.9


def test_fixed_is_taken_as_given():
    chosen = select_threshold("fixed", value=0.5)
    assert (chosen.value, chosen.rule) == (0.5, "fixed")
    assert "0.5" in chosen.provenance


@pytest.mark.parametrize(
    ("rule", "arguments", "words"),
    [
        ("dev-err", {}, "did you mean dev-eer"),
        (
            "",
            {},
            f"choose {', '.join(THRESHOLD_RULES)}",
        ),
        ("dev-eer", {}, "needs development scores"),
        ("dev-min-acer", {"dev_scores": [0.1]}, "needs development scores"),
        ("test-eer", {"dev_scores": DEV[0], "dev_pais": DEV[1]}, "needs the test scores"),
        ("fixed", {}, "has no value"),
        ("fixed", {"value": math.nan}, "threshold is NaN"),
        ("dev-eer", {"dev_scores": DEV[0], "dev_pais": DEV[1], "value": 0.5}, "use rule 'fixed'"),
    ],
)
def test_select_threshold_refuses(rule, arguments, words):
    with pytest.raises(MetricError, match=words) as caught:
        select_threshold(rule, **arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("function", [eer, eer_threshold, min_acer_threshold])
@pytest.mark.parametrize(("scores", "pais"), [([], []), ([math.nan, 1], labels(1, 1)), ([1.0], labels(1))])
def test_thresholds_refuse_what_is_undefined(function, scores, pais):
    with pytest.raises(MetricError):
        function(scores, pais)
