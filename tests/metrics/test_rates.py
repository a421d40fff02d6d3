"""Error rates at a given threshold, by hand first."""

import math
import sys

import numpy as np
import pytest

from autofas.errors import MetricError
from autofas.metrics import error_rates, group_pais

# four bona fide, five prints, two replays; at 0.5 one bona fide falls, one print and one replay pass
SCORES = [0.9, 0.8, 0.5, 0.2, 0.6, 0.4, 0.3, 0.2, 0.1, 0.7, 0.0]


PAIS = ["bona_fide"] * 4 + ["print"] * 5 + ["replay"] * 2


def test_every_rate_by_hand():
    rates = error_rates(SCORES, PAIS, 0.5)
    assert rates.apcer_by_pai == {"print": 0.2, "replay": 0.5}
    assert rates.apcer == 0.5
    assert rates.apcer_pooled == 2 / 7
    assert rates.bpcer == 0.25
    assert rates.acer == 0.375
    assert rates.hter == (2 / 7 + 0.25) / 2
    assert rates.threshold == 0.5
    assert rates.counts_by_pai == {"print": (1, 5), "replay": (1, 2)}
    assert rates.bpcer_count == (1, 4)
    assert rates.apcer_pooled_count == (2, 7)
    assert rates.worst_pai == "replay"


def test_the_worst_instrument_is_not_the_pool():
    # 1 of 10 prints and all of 2 replays pass: pooling reports 25 %, the protocol 100 %
    scores = [1.0] * 4 + [0.9] + [0.1] * 9 + [0.9] * 2
    pais = ["bona_fide"] * 4 + ["print"] * 10 + ["replay"] * 2
    rates = error_rates(scores, pais, 0.5)
    assert (rates.apcer, rates.apcer_pooled) == (1.0, 0.25)
    assert (rates.acer, rates.hter) == (0.5, 0.125)


def test_equal_to_the_threshold_is_accepted():
    rates = error_rates([0.5, 0.5], ["bona_fide", "print"], 0.5)
    assert (rates.bpcer, rates.apcer) == (0.0, 1.0)
    rates = error_rates([0.5, 0.5], ["bona_fide", "print"], math.nextafter(0.5, 1))
    assert (rates.bpcer, rates.apcer) == (1.0, 0.0)


def test_perfect_separation_at_the_lowest_bona_fide_score_has_no_error():
    rates = error_rates([0.7, 0.9, 0.1, 0.2], ["bona_fide"] * 2 + ["print"] * 2, 0.7)
    assert rates.acer == rates.hter == rates.apcer == rates.bpcer == 0.0


def test_comparison_is_in_float64():
    above = math.nextafter(0.7, 1)
    assert np.float32(above) == np.float32(0.7)  # float32 cannot tell these apart
    rates = error_rates([above, 0.7], ["bona_fide", "print"], above)
    assert (rates.bpcer, rates.apcer) == (0.0, 0.0)
    # float32 0.7 is 0.69999998807...: upcast, not rounded to the threshold
    assert error_rates(np.array([0.7, 0.7], np.float32), ["bona_fide", "print"], 0.7).bpcer == 1.0


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, np.float16, np.float32, bool])
def test_other_number_types_are_upcast(dtype):
    rates = error_rates(np.array([1, 0, 1, 0], dtype), ["bona_fide", "bona_fide", "print", "print"], 1)
    assert (rates.bpcer, rates.apcer) == (0.5, 0.5)


def test_infinite_scores_and_thresholds_are_legal():
    scores, pais = [math.inf, 0.0, -math.inf], ["bona_fide", "print", "replay"]
    assert error_rates(scores, pais, math.inf).acer == 0.0
    assert error_rates(scores, pais, -math.inf).apcer_by_pai == {"print": 1.0, "replay": 1.0}
    assert error_rates([1.0, 0.0], ["bona_fide", "print"], math.inf).bpcer == 1.0


def test_labels_may_be_a_list_a_string_array_or_an_object_array():
    expected = error_rates(SCORES, PAIS, 0.5)
    for pais in (np.array(PAIS), np.array(PAIS, dtype=object), tuple(PAIS), ["".join(p) for p in PAIS]):
        assert error_rates(np.array(SCORES), pais, 0.5) == expected


def test_many_instruments_are_counted_apart():
    pais = ["bona_fide"] + [f"mask-{i:02d}" for i in range(50)]
    scores = [0.5] + [i / 50 for i in range(50)]
    for labels in (pais, np.array(pais)):
        rates = error_rates(scores, labels, 0.5)
        assert rates.counts_by_pai == {f"mask-{i:02d}": (int(i >= 25), 1) for i in range(50)}


def test_pooling_as_cdcn_does_never_exceeds_the_maximum_and_differs():
    rng = np.random.default_rng(0)
    pais = np.repeat(["bona_fide", "print1", "print2", "replay1", "replay2"], [40, 10, 30, 20, 60])
    differs = 0
    for _ in range(200):
        rates = error_rates(rng.random(160), pais, rng.random())
        assert rates.apcer_pooled <= rates.apcer
        assert rates.hter <= rates.acer
        differs += rates.apcer_pooled < rates.apcer
    assert differs > 150


def test_oulu_protocol_4_rates_are_multiples_of_five_percent():
    rng = np.random.default_rng(1)
    pais = ["bona_fide"] * 20 + ["print2"] * 20 + ["replay2"] * 20
    rates = error_rates(rng.random(60), pais, 0.37)
    for rate in (rates.bpcer, *rates.apcer_by_pai.values()):
        assert (rate * 20) == round(rate * 20)
    # with one printer and one display, families and instruments coincide
    assert error_rates(rng.random(60), group_pais(pais, "family"), 0.5).apcer_by_pai.keys() == {
        "print",
        "replay",
    }


def test_families_change_the_maximum():
    scores = [1.0, 0.9, 0.1, 0.1, 0.1]
    pais = ["bona_fide", "print1", "print2", "replay1", "replay2"]
    assert error_rates(scores, group_pais(pais, "instrument"), 0.5).apcer == 1.0
    assert error_rates(scores, group_pais(pais, "family"), 0.5).apcer == 0.5


@pytest.mark.parametrize(
    ("scores", "pais", "threshold", "words"),
    [
        ([0.5, math.nan], ["bona_fide", "print"], 0.5, r"scores\[1\] is NaN"),
        (np.array([0.5, np.nan], np.float32), ["bona_fide", "print"], 0.5, r"scores\[1\] is NaN"),
        ([0.5, None], ["bona_fide", "print"], 0.5, r"scores\[1\] is None"),
        ([0.5, "high"], ["bona_fide", "print"], 0.5, r"scores\[1\] is 'high'"),
        ([0.5, 1j], ["bona_fide", "print"], 0.5, r"scores\[1\] is 1j"),
        ([10**400, 0], ["bona_fide", "print"], 0.5, "beyond float64"),
        ([], [], 0.5, "scores is empty"),
        ([0.5], ["bona_fide", "print"], 0.5, "2 entries for 1 scores"),
        ([[0.5], [0.1]], ["bona_fide", "print"], 0.5, r"shape \(2, 1\)"),
        ([[0.5], [0.1, 0.2]], ["bona_fide", "print"], 0.5, "cannot be read as an array"),
        ([0.5, 0.1], ["bona_fide", "bona_fide"], 0.5, "no attack score among 2"),
        ([0.5, 0.1], ["print", "replay"], 0.5, "no bona fide score among 2"),
        ([0.5, 0.1], ["bona_fide", ""], 0.5, "index 1: the label is empty"),
        ([0.5, 0.1], ["bona_fide", math.nan], 0.5, "index 1: label nan is not a string"),
        ([0.5, 0.1], ["bona_fide", "nan"], 0.5, "index 1: label 'nan' is unknown"),
        ([0.5, 0.1], ["bona_fide", 0], 0.5, "index 1: label 0 is not a string"),
        ([0.5, 0.1], [b"bona_fide", "print"], 0.5, "index 0: label b'bona_fide' is not a string"),
        ([0.5, 0.1], ["bona_fide", ["print"]], 0.5, "not a string"),
        ([0.5, 0.1], "bona_fide", 0.5, "pais is one string"),
        ([0.5, 0.1], np.array([["bona_fide"], ["print"]]), 0.5, r"pais has shape \(2, 1\)"),
        ([0.5, 0.1], ["bona_fide", "print"], math.nan, "threshold is NaN"),
        ([0.5, 0.1], ["bona_fide", "print"], "0.5", "threshold is '0.5'"),
        ([0.5, 0.1], ["bona_fide", "print"], None, "threshold is None"),
    ],
)
def test_bad_input_is_one_line_naming_the_cause(scores, pais, threshold, words):
    with pytest.raises(MetricError, match=words) as caught:
        error_rates(scores, pais, threshold)
    assert "\n" not in str(caught.value)


def test_the_package_needs_neither_torch_nor_pandas():
    import subprocess

    code = (
        "import sys, autofas.metrics; "
        "print(sorted({'torch', 'pandas', 'scipy', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
