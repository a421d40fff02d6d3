"""Subject bootstrap of ACER and of the paired difference of two models."""

import math

import numpy as np
import pytest

from autofas.errors import MetricError
from autofas.metrics import bootstrap_acer, bootstrap_acer_difference, error_rates


def table(subjects, rng, bona_fide=3, attacks=(4, 6), shift=1.0):
    """Scores, labels and subjects of a data set where every subject has its own bias."""
    scores, pais, names = [], [], []
    for subject in range(subjects):
        bias = rng.normal() * 0.5
        for name, count in zip(["bona_fide", "print", "replay"], (bona_fide, *attacks), strict=True):
            scores += (rng.normal(size=count) + bias + (shift if name == "bona_fide" else 0)).tolist()
            pais += [name] * count
            names += [f"s{subject}"] * count
    return scores, pais, names


def test_two_subjects_by_hand():
    # subject a has no error, b only errors: a resample holds a, b in 2:0, 1:1, 0:2, so ACER is 0, 1/2 or 1
    scores, pais, subjects = [1, 0, 0, 1], ["bona_fide", "print"] * 2, ["a", "a", "b", "b"]
    wide = bootstrap_acer(scores, pais, subjects, 0.5, rng=np.random.default_rng(0))
    assert (wide.estimate, wide.low, wide.high) == (0.5, 0.0, 1.0)
    assert (wide.level, wide.replicates, wide.redrawn) == (0.95, 2000, 0)
    # each end has probability 1/4, so half the mass lies in the middle
    narrow = bootstrap_acer(scores, pais, subjects, 0.5, rng=np.random.default_rng(0), level=0.4)
    assert (narrow.low, narrow.high) == (0.5, 0.5)


def test_equal_to_the_threshold_is_accepted():
    scores, pais, subjects = [0.5, 0, 0.5, 0], ["bona_fide", "print"] * 2, ["a", "a", "b", "b"]
    assert bootstrap_acer(scores, pais, subjects, 0.5, rng=np.random.default_rng(0)).high == 0.0


def test_no_error_has_no_spread():
    scores, pais, subjects = [1, 0, 1, 0], ["bona_fide", "print"] * 2, ["a", "a", "b", "b"]
    found = bootstrap_acer(scores, pais, subjects, 0.5, rng=np.random.default_rng(0), replicates=50)
    assert (found.estimate, found.low, found.high) == (0.0, 0.0, 0.0)


def test_the_estimate_is_the_acer_and_the_seed_decides_the_rest():
    scores, pais, subjects = table(20, np.random.default_rng(3))
    first = bootstrap_acer(scores, pais, subjects, 0.5, rng=np.random.default_rng(7))
    assert first.estimate == pytest.approx(error_rates(scores, pais, 0.5).acer, abs=1e-15)
    assert first.low < first.estimate < first.high
    assert bootstrap_acer(scores, pais, subjects, 0.5, rng=np.random.default_rng(7)) == first
    assert bootstrap_acer(scores, pais, subjects, 0.5, rng=np.random.default_rng(8)) != first


def test_against_a_loop_that_resamples_rows():
    scores, pais, subjects = table(12, np.random.default_rng(4))
    found = bootstrap_acer(scores, pais, subjects, 0.4, rng=np.random.default_rng(0), replicates=4000)
    rows = {name: [i for i, s in enumerate(subjects) if s == name] for name in set(subjects)}
    rng = np.random.default_rng(1)
    acers = []
    for _ in range(1500):
        drawn = [i for name in rng.choice(sorted(rows), len(rows)) for i in rows[name]]
        acers.append(error_rates([scores[i] for i in drawn], [pais[i] for i in drawn], 0.4).acer)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(acers, [0.025, 0.975])), abs=0.02)


def test_subjects_widen_the_interval_that_presentations_would_give():
    # every third subject defeats the model in every presentation: ten presentations say as much as one
    pais = (["bona_fide"] * 5 + ["print"] * 5) * 30
    subjects = [f"s{i // 10}" for i in range(300)]
    scores = [float((pai == "bona_fide") != (i // 10 % 3 == 0)) for i, pai in enumerate(pais)]
    by_subject = bootstrap_acer(scores, pais, subjects, 0.5, rng=np.random.default_rng(0))
    alone = [f"row-{i}" for i in range(len(scores))]
    by_row = bootstrap_acer(scores, pais, alone, 0.5, rng=np.random.default_rng(0))
    assert by_subject.estimate == by_row.estimate == pytest.approx(1 / 3)
    assert by_subject.high - by_subject.low > 2.5 * (by_row.high - by_row.low)


def test_the_paired_difference_is_narrower_than_two_intervals_and_has_a_sign():
    rng = np.random.default_rng(6)
    scores, pais, subjects = table(20, rng)
    worse = (np.array(scores) + rng.normal(size=len(scores)) * 0.3).tolist()
    single = bootstrap_acer(scores, pais, subjects, 0.5, rng=np.random.default_rng(0))
    paired = bootstrap_acer_difference(scores, worse, pais, subjects, 0.5, 0.5, rng=np.random.default_rng(0))
    reverse = bootstrap_acer_difference(worse, scores, pais, subjects, 0.5, 0.5, rng=np.random.default_rng(0))
    expected = error_rates(scores, pais, 0.5).acer - error_rates(worse, pais, 0.5).acer
    assert paired.estimate == pytest.approx(expected, abs=1e-15)
    assert paired.high - paired.low < single.high - single.low
    assert (paired.low, paired.high) == pytest.approx((-reverse.high, -reverse.low), abs=1e-12)
    same = bootstrap_acer_difference(scores, scores, pais, subjects, 0.5, 0.5, rng=np.random.default_rng(0))
    assert (same.estimate, same.low, same.high) == (0.0, 0.0, 0.0)
    # the thresholds go with their models
    apart = bootstrap_acer_difference(scores, scores, pais, subjects, -99, 0.5, rng=np.random.default_rng(0))
    assert apart.estimate == 0.5 - single.estimate


def test_coverage_of_a_known_acer():
    # every presentation errs with probability 0.3 in both classes: one instrument, so ACER is 0.3
    rng = np.random.default_rng(9)
    pais = ["bona_fide", "print"] * 100
    subjects = [f"s{i // 4}" for i in range(200)]
    covered = 0
    for _ in range(200):
        wrong = rng.random(200) < 0.3
        scores = np.where(np.array(pais) == "bona_fide", ~wrong, wrong)
        found = bootstrap_acer(scores, pais, subjects, 0.5, rng=rng, replicates=300)
        covered += found.low <= 0.3 <= found.high
    assert 0.88 <= covered / 200 <= 0.99


def test_resamples_without_a_class_are_drawn_again_and_counted():
    # the mask was shown by one of three subjects: 8 of 27 resamples miss it
    scores = [1, 0, 1, 0, 1, 0, 1]
    pais = ["bona_fide", "print"] * 3 + ["mask"]
    subjects = ["a", "a", "b", "b", "c", "c", "c"]
    found = bootstrap_acer(scores, pais, subjects, 0.5, rng=np.random.default_rng(0))
    assert (found.estimate, found.low, found.high) == (0.5, 0.5, 0.5)
    assert found.redrawn / (found.redrawn + found.replicates) == pytest.approx(8 / 27, abs=0.03)


def test_too_few_complete_resamples_are_an_error():
    # nine instruments, each shown by its own subject: 9!/9^9, one resample in a thousand, holds them all
    pais = [p for i in range(9) for p in ("bona_fide", f"mask-{i}")]
    subjects = [f"s{i // 2}" for i in range(18)]
    with pytest.raises(MetricError, match="resamples of 9 subjects hold every class"):
        bootstrap_acer(range(18), pais, subjects, 9, rng=np.random.default_rng(0), replicates=200)


def test_many_subjects_are_resampled_in_batches_without_a_difference(monkeypatch):
    scores, pais, subjects = table(30, np.random.default_rng(2))
    whole = bootstrap_acer(scores, pais, subjects, 0.5, rng=np.random.default_rng(1))
    monkeypatch.setattr("autofas.metrics.bootstrap._WEIGHTS_AT_ONCE", 1000)
    assert bootstrap_acer(scores, pais, subjects, 0.5, rng=np.random.default_rng(1)) == whole


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subjects": ["a"] * 4}, "only one subject, 'a'"),
        ({"subjects": ["a", "b", "c"]}, "3 entries for 4 scores"),
        ({"subjects": ["a", "b", "", "d"]}, r"subjects\[2\] is ''"),
        ({"rng": 0}, "rng is int"),
        ({"replicates": 0}, "replicates is 0"),
        ({"replicates": 10.5}, "replicates is 10.5"),
        ({"level": 95}, "level is 95"),
        ({"threshold": math.nan}, "threshold is NaN"),
        ({"scores": [1, 0, math.nan, 0]}, r"scores\[2\] is NaN"),
    ],
)
def test_refuses(change, words):
    arguments = {
        "scores": [1, 0, 1, 0],
        "pais": ["bona_fide", "print"] * 2,
        "subjects": ["a", "a", "b", "b"],
        "threshold": 0.5,
        "rng": np.random.default_rng(0),
    }
    with pytest.raises(MetricError, match=words):
        bootstrap_acer(**(arguments | change))
