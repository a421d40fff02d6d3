"""What must not change a figure: the order of the rows, and any exact monotone change of the scale."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autofas.metrics import (
    aggregate_by_video,
    bpcer_at_apcer,
    eer,
    eer_threshold,
    error_rates,
    min_acer_threshold,
    roc_auc,
    tpr_at_fpr,
)

finite = st.one_of(
    st.integers(-4, 4).map(lambda i: i / 8),
    st.floats(-(2.0**400), 2.0**400, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 2.0**-400),
)


@st.composite
def labelled(draw):
    attacks = draw(
        st.lists(st.tuples(finite, st.sampled_from(["print", "replay", "mask"])), min_size=1, max_size=15)
    )
    bona_fide = draw(st.lists(st.tuples(finite, st.just("bona_fide")), min_size=1, max_size=15))
    rows = draw(st.permutations(attacks + bona_fide))
    return [score for score, _ in rows], [pai for _, pai in rows]


def figures(scores, pais, threshold):
    rates = error_rates(scores, pais, threshold)
    return (
        rates.apcer_by_pai,
        (rates.apcer, rates.apcer_pooled, rates.bpcer, rates.acer, rates.hter, eer(scores, pais)),
        (roc_auc(scores, pais), tpr_at_fpr(scores, pais, 0.2), bpcer_at_apcer(scores, pais, 0.2)),
    )


@settings(max_examples=150, deadline=None)
@given(labelled(), finite, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(data, threshold, random):
    scores, pais = data
    order = list(range(len(scores)))
    random.shuffle(order)
    shuffled = [scores[i] for i in order], [pais[i] for i in order]
    assert figures(*shuffled, threshold) == figures(scores, pais, threshold)
    assert eer_threshold(*shuffled) == eer_threshold(scores, pais)
    assert min_acer_threshold(*shuffled) == min_acer_threshold(scores, pais)


@settings(max_examples=150, deadline=None)
@given(labelled(), finite, st.integers(-300, 300))
def test_scaling_by_a_power_of_two_changes_no_figure(data, threshold, exponent):
    scores, pais = data
    scaled = [math.ldexp(score, exponent) for score in scores]
    limit = math.ldexp(threshold, exponent)
    assert figures(scaled, pais, limit) == figures(scores, pais, threshold)
    for rule in (eer_threshold, min_acer_threshold):
        found = rule(scores, pais)
        if found in scores:  # the point above the maximum is one step away, whose size depends on the scale
            assert rule(scaled, pais) == math.ldexp(found, exponent)


@settings(max_examples=100, deadline=None)
@given(labelled())
def test_replacing_scores_by_their_ranks_changes_no_figure(data):
    scores, pais = data
    ranks = np.unique(scores, return_inverse=True)[1]
    threshold = eer_threshold(scores, pais)
    rank = int((np.unique(scores) < threshold).sum())
    assert figures(ranks, pais, rank) == figures(scores, pais, threshold)


@settings(max_examples=100, deadline=None)
@given(labelled())
def test_turning_scores_and_classes_round_mirrors_the_area(data):
    scores, pais = data
    mirrored = ["attack" if pai == "bona_fide" else "bona_fide" for pai in pais]
    assert roc_auc([-score for score in scores], mirrored) == roc_auc(scores, pais)
    assert roc_auc([-score for score in scores], pais) == pytest.approx(1 - roc_auc(scores, pais), abs=1e-15)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(finite, st.sampled_from("abcd")), min_size=1, max_size=40),
    st.randoms(use_true_random=False),
)
def test_a_video_mean_does_not_depend_on_the_order_of_frames(frames, random):
    kinds = {"a": "bona_fide", "b": "print", "c": "bona_fide", "d": "replay"}

    def means(rows):
        scores, pais, videos = aggregate_by_video(
            [s for s, _ in rows], [kinds[v] for _, v in rows], [v for _, v in rows]
        )
        return {video: (score, pai) for score, pai, video in zip(scores.tolist(), pais, videos, strict=True)}

    shuffled = list(frames)
    random.shuffle(shuffled)
    assert means(shuffled) == means(frames)
