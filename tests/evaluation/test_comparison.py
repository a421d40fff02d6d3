"""Paired differences: nothing shown for equal models, a difference where there is one, one-line errors."""

from dataclasses import replace

import numpy as np
import pytest

from autofas.errors import MetricError
from autofas.evaluation.comparison import NOT_SHOWN, compare, verdict
from autofas.evaluation.judgement import Terms
from tests.evaluation.evaluation_files import random_table

FIXED = Terms("fixed", 0.5)


def test_a_model_does_not_differ_from_itself() -> None:
    table = random_table(1)
    found = compare(table, table, FIXED, FIXED)
    assert found.acer_difference == 0
    assert found.interval == (0, 0)
    assert found.verdict == NOT_SHOWN


def test_a_perfect_model_beats_a_random_one() -> None:
    noise = random_table(1, shift=0)
    perfect = replace(noise, scores=np.array([float(pai == "bona_fide") for pai in noise.pais]))
    found = compare(perfect, noise, FIXED, FIXED, names=("perfect", "noise"))
    assert found.a.acer == 0
    assert found.acer_difference == -found.b.acer
    assert found.interval[1] < 0
    assert found.verdict == "perfect has the lower ACER"
    turned = compare(noise, perfect, FIXED, FIXED, names=("noise", "perfect"))
    assert turned.interval == (-found.interval[1], -found.interval[0])


def test_each_model_has_its_own_dev_threshold() -> None:
    table, dev = random_table(1, 0.5), random_table(2, 0.5)
    scaled, scaled_dev = (replace(t, scores=10 * t.scores - 3) for t in (table, dev))
    found = compare(table, scaled, Terms(), Terms(), dev_a=dev, dev_b=scaled_dev)
    assert found.a.acer == found.b.acer
    assert found.b.threshold == pytest.approx(10 * found.a.threshold - 3)


def test_verdicts() -> None:
    assert verdict(-0.1, 0.0, ("A", "B")) == NOT_SHOWN
    assert verdict(0.0, 0.1, ("A", "B")) == NOT_SHOWN
    assert verdict(0.01, 0.1, ("A", "B")) == "B has the lower ACER"


def test_faults_are_one_line() -> None:
    table = random_table(1)
    nobody = replace(table, subjects=[""] * len(table))
    with pytest.raises(MetricError, match="subjects are not known"):
        compare(nobody, nobody, FIXED, FIXED)
    with pytest.raises(MetricError, match="different levels"):
        compare(table, table, FIXED, Terms("fixed", 0.5, level="frame"))
    alone = random_table(1, subjects=1)
    with pytest.raises(MetricError, match="only one subject"):
        compare(alone, alone, FIXED, FIXED)
