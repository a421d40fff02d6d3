"""Frames to videos, folds to one figure."""

import math
import statistics

import numpy as np
import pytest

from autofas.errors import MetricError
from autofas.metrics import aggregate_by_video, summarize_folds


def test_means_by_hand_in_order_of_first_appearance():
    scores, pais, videos = aggregate_by_video(
        [0.5, 1.0, 0.25, 0.0, 0.75],
        ["print", "bona_fide", "print", "bona_fide", "print"],
        ["z", "a", "z", "a", "m"],
    )
    assert scores.tolist() == [0.375, 0.5, 0.75]
    assert scores.dtype == np.float64
    assert pais == ["print", "bona_fide", "print"]
    assert videos == ["z", "a", "m"]


def test_the_mean_is_taken_in_float64():
    # float32 would lose the small frame entirely
    scores, _, _ = aggregate_by_video(np.array([2.0**24, 1.0], np.float32), ["print"] * 2, ["v", "v"])
    assert scores[0] == (2.0**24 + 1) / 2
    # a running float64 sum of ten tenths is 0.9999999999999999
    scores, _, _ = aggregate_by_video([0.1] * 10, ["print"] * 10, ["v"] * 10)
    assert scores[0] == 0.1


def test_one_class_alone_and_numpy_arrays_will_do():
    scores, pais, videos = aggregate_by_video(
        np.array([1, 2]), np.array(["print", "print"]), np.array(["b", "a"])
    )
    assert (scores.tolist(), pais, videos) == ([1.0, 2.0], ["print", "print"], ["b", "a"])


def test_infinities_and_huge_scores():
    scores, _, _ = aggregate_by_video([math.inf, 1.0, -math.inf], ["print"] * 3, ["a", "a", "b"])
    assert scores.tolist() == [math.inf, -math.inf]
    scores, _, _ = aggregate_by_video([1.7e308, 1.7e308, 1.7e308], ["print"] * 3, ["a"] * 3)
    assert scores[0] == pytest.approx(1.7e308, rel=1e-15)
    with pytest.raises(MetricError, match=r"video 'a' has scores \+inf and -inf"):
        aggregate_by_video([math.inf, -math.inf], ["print"] * 2, ["a", "a"])


def test_against_a_loop_over_videos():
    rng = np.random.default_rng(0)
    names = [f"{i}_video" for i in rng.integers(0, 40, 1000)]
    kind = {name: rng.choice(["bona_fide", "print", "replay"]) for name in names}
    frames = rng.normal(size=1000)
    scores, pais, videos = aggregate_by_video(frames, [kind[name] for name in names], names)
    assert videos == list(dict.fromkeys(names))
    for score, pai, video in zip(scores, pais, videos, strict=True):
        assert score == statistics.fmean(f for f, name in zip(frames, names, strict=True) if name == video)
        assert pai == kind[video]


@pytest.mark.parametrize(
    ("scores", "pais", "videos", "words"),
    [
        (
            [1, 2],
            ["print", "bona_fide"],
            ["v", "v"],
            r"video 'v' has two labels, 'print' and 'bona_fide' \(index 1\)",
        ),
        ([1, math.nan], ["print"] * 2, ["u", "v"], r"score of video 'v' is NaN \(index 1\)"),
        ([1, None], ["print"] * 2, ["u", "v"], r"scores\[1\] is None"),
        ([1, 2], ["print"] * 2, ["u"], "videos has 1 entries for 2 scores"),
        ([1, 2], ["print"], ["u", "v"], "pais has 1 entries for 2 scores"),
        ([1, 2], ["print"] * 2, ["u", ""], r"videos\[1\] is ''"),
        ([1, 2], ["print"] * 2, ["u", math.nan], r"videos\[1\] is nan"),
        ([1, 2], ["print", "0"], ["u", "v"], "bare number"),
        ([], [], [], "scores is empty"),
    ],
)
def test_aggregation_refuses(scores, pais, videos, words):
    with pytest.raises(MetricError, match=words) as caught:
        aggregate_by_video(scores, pais, videos)
    assert "\n" not in str(caught.value)


def test_folds_by_hand():
    # mean 5; deviations -3 -1 -1 -1 0 0 2 4: squares sum to 32, over 8 (not 7) folds 4, root 2
    assert summarize_folds([2, 4, 4, 4, 5, 5, 7, 9]) == (5.0, 2.0)
    assert summarize_folds([0.25]) == (0.25, 0.0)


def test_folds_against_numpy():
    values = np.random.default_rng(0).random(6)
    mean, std = summarize_folds(values)
    assert mean == pytest.approx(np.mean(values), abs=1e-15)
    assert std == pytest.approx(np.std(values, ddof=0), abs=1e-15)
    assert std != pytest.approx(np.std(values, ddof=1), rel=1e-2)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], "no fold"),
        ([0.1, math.nan], "fold 2 is NaN"),
        ([0.1, math.inf], "fold 2 is inf"),
        (["a"], "fold 1 is 'a'"),
    ],
)
def test_folds_refuse(values, words):
    with pytest.raises(MetricError, match=words):
        summarize_folds(values)
