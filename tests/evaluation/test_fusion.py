"""Fusion by hand, the cascade against Algorithm 2 written out per sample, and files that do not match."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from autofas.cli import main, main_values
from autofas.errors import MetricError
from autofas.evaluation.alignment import align
from autofas.evaluation.cascade import Thresholds, cascade, tune
from autofas.evaluation.fusion import greedy_selection, weighted_mean
from autofas.evaluation.judgement import dev_error
from autofas.metrics import ScoreTable, write_scores
from tests.evaluation.evaluation_files import random_table, table_of

A = table_of("a s1 bona_fide 0.8\nb s1 print 0.2\nc s2 bona_fide 0.4")
B = table_of("a s1 bona_fide 0.4\nb s1 print 0.6\nc s2 bona_fide 1.0")


def shuffled(table: ScoreTable, seed: int = 0) -> ScoreTable:
    order = np.random.default_rng(seed).permutation(len(table))
    columns = (
        [column[i] for i in order] for column in (table.paths, table.videos, table.subjects, table.pais)
    )
    return ScoreTable(*columns, table.scores[order])


def test_means_by_hand() -> None:
    assert weighted_mean([A, B]).scores == pytest.approx([0.6, 0.4, 0.7])
    assert weighted_mean([A, B], [3, 1]).scores == pytest.approx([0.7, 0.3, 0.55])
    assert weighted_mean([A, B], [0, 1]).scores.tolist() == B.scores.tolist()
    assert weighted_mean([A]).scores.tolist() == A.scores.tolist()


def test_the_order_of_rows_does_not_matter() -> None:
    one, other = random_table(1), random_table(2)
    fused = weighted_mean([one, shuffled(other)])
    assert fused.scores == pytest.approx((one.scores + other.scores) / 2)
    assert fused.paths == one.paths


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (table_of("a s1 bona_fide 0.4\nb s1 print 0.6"), "no score for 'c/2'"),
        (table_of("a s1 bona_fide 0.4\nb s1 print 0.6\nc s2 bona_fide 1\nd s2 print 0"), "for 'd/3', which"),
        (table_of("a s1 bona_fide 0.4\nb s1 replay 0.6\nc s2 bona_fide 1.0"), "says pai 'print'"),
        (table_of("a s1 bona_fide 0.4\nb s3 print 0.6\nc s2 bona_fide 1.0"), "says subject 's1'"),
        (replace(A, paths=["a/0", "a/0", "c/2"]), "twice"),
    ],
)
def test_files_that_do_not_match_are_errors(other: ScoreTable, words: str) -> None:
    with pytest.raises(MetricError, match=words):
        weighted_mean([A, other])


def test_files_without_names_are_matched_by_position() -> None:
    bare = [replace(t, paths=[""] * 3, videos=[""] * 3, subjects=[""] * 3) for t in (A, B)]
    assert weighted_mean(bare).scores == pytest.approx([0.6, 0.4, 0.7])
    short = ScoreTable([""] * 2, [""] * 2, [""] * 2, ["bona_fide", "print"], np.array([0.1, 0.2]))
    with pytest.raises(MetricError, match="by position"):
        align([bare[0], short], ["A", "B"])


def test_bad_weights_and_opposite_infinities() -> None:
    for weights in ([1], [0, 0], [-1, 2], [np.nan, 1]):
        with pytest.raises(MetricError, match="weights"):
            weighted_mean([A, B], weights)
    high, low = replace(A, scores=np.array([np.inf, 0, 0])), replace(A, scores=np.array([-np.inf, 0, 0]))
    with pytest.raises(MetricError, match="undefined"):
        weighted_mean([high, low])
    assert weighted_mean([high, low], [0, 1]).scores[0] == -np.inf


def test_cascade_by_hand() -> None:
    names = "a s1 bona_fide {}\nb s1 print {}\nc s2 bona_fide {}\nd s2 print {}\ne s2 print {}\nf s2 print {}"
    first = table_of(names.format(0.95, 0.05, 0.55, 0.30, 0.60, 0.40))
    second = table_of(names.format(0.97, 0.01, 0.75, 0.80, 0.70, 0.42))
    infrared = table_of(names.format(0.00, 1.00, 0.90, 0.90, 0.05, 0.90))
    found = cascade([first, second], infrared, Thresholds(low=0.2, high=0.8, second=0.1, lead=0.35))
    # a, b sure; c: (2 * 0.65 + 0.55) / 3 > 0.5 -> max; d: lead 0.30 < 0.35; e: IR 0.05 < 0.1;
    # f: (2 * 0.41 + 0.40) / 3 <= 0.5 -> min
    assert found.table.scores == pytest.approx([0.96, 0.03, 0.75, 0.30, 0.05, 0.40])
    assert found.decided_by.tolist() == [0, 0, 3, 1, 2, 3]
    assert found.shares == pytest.approx(
        {"ensemble": 1 / 3, "lead": 1 / 6, "second": 1 / 6, "extreme": 1 / 3}
    )


@pytest.mark.parametrize("lead_threshold", [None, 0.4])
def test_cascade_equals_algorithm_2_written_out(lead_threshold: float | None) -> None:
    members = [random_table(seed) for seed in range(6)]
    infrared = random_table(9)
    limits = Thresholds(low=0.35, high=0.6, second=0.3, lead=lead_threshold)
    found = cascade([members[0], *map(shuffled, members[1:])], shuffled(infrared), limits)
    for row in range(len(infrared)):
        scores = [float(table.scores[row]) for table in members]
        mean = sum(scores) / 6
        if mean > 0.6 or mean < 0.35:
            final = mean
        elif lead_threshold is not None and scores[0] < lead_threshold:
            final = scores[0]
        elif infrared.scores[row] < 0.3:
            final = float(infrared.scores[row])
        else:
            final = max(scores) if (6 * mean + scores[0]) / 7 > 0.5 else min(scores)
        assert found.table.scores[row] == pytest.approx(final)


def test_cascade_edges() -> None:
    whole = cascade([A, B], A, Thresholds(low=0.0, high=0.0, second=0.0))
    assert whole.table.scores == pytest.approx([0.6, 0.4, 0.7])
    with pytest.raises(MetricError, match="low <= high"):
        Thresholds(low=0.9, high=0.1, second=0.5)
    with pytest.raises(MetricError, match=r"\[0, 1\]"):
        Thresholds(low=0.1, high=1.5, second=0.5)
    with pytest.raises(MetricError, match="a score 2"):
        cascade([A], replace(B, scores=np.array([0.1, 2.0, 0.3])), Thresholds(0.1, 0.9, 0.5))
    with pytest.raises(MetricError, match="none was given"):
        cascade([], B, Thresholds(0.1, 0.9, 0.5))
    with pytest.raises(MetricError, match="lead"):
        cascade([A], B, Thresholds(0.1, 0.9, 0.5), lead=1)


def test_tuned_thresholds_do_not_lose_on_dev() -> None:
    depth, infrared = random_table(1), random_table(2, shift=0.4)
    limits = tune([depth], infrared, quantiles=5)
    assert dev_error(cascade([depth], infrared, limits).table) <= dev_error(depth)


def test_greedy_selection_by_hand_and_never_worse_on_dev() -> None:
    members = [random_table(seed, shift) for seed, shift in ((1, 0.1), (2, 0.3), (3, 0.3), (4, 0.05))]
    chosen = greedy_selection(members, steps=8)
    singles = [dev_error(table) for table in members]
    assert chosen.order[0] == singles.index(min(singles))
    fused = weighted_mean(members, chosen.weights)
    assert sum(chosen.weights) == len(chosen.order)
    assert dev_error(fused) <= min(singles)
    videos = fused.by_video()
    labels = [pai == "bona_fide" for pai in videos.pais]
    assert chosen.errors[-1][1] == pytest.approx(1 - roc_auc_score(labels, videos.scores))
    perfect = replace(members[0], scores=np.array([float(p == "bona_fide") for p in members[0].pais]))
    assert greedy_selection([members[0], perfect], steps=3).weights == (0, 1)
    with pytest.raises(MetricError, match="steps"):
        greedy_selection(members, steps=0)


def test_fuse_command_judges_against_the_member_best_on_dev(tmp_path, capsys) -> None:
    paths = []
    for name, seed, shift in (("depth", 1, 0.3), ("ir", 2, 0.3), ("color", 3, 0.1)):
        for split, add in (("dev", 100), ("test", 0)):
            path = tmp_path / f"{name}-{split}.csv"
            write_scores(path, random_table(seed + add, shift))
            paths.append(str(path))
    devs, tests = paths[::2], paths[1::2]
    out = str(tmp_path / "fused")
    mean = main_values(["fuse", *tests, "--dev", *devs, "--out", out])
    assert mean["best_on_dev"] in tests
    assert mean["against_best"]["interval"][0] <= mean["against_best"]["acer_difference"]
    assert mean["threshold_provenance"] == "EER of the development scores"
    common = [
        "fuse",
        *tests[:1],
        "--second",
        tests[1],
        "--dev",
        devs[0],
        "--second-dev",
        devs[1],
        "--out",
        out,
    ]
    tuned = main_values([*common, "--method", "cascade", "--tune"])
    limits = tuned["fusion"]["thresholds"]
    again = main_values(
        [
            *(*common, "--method", "cascade", "--band", str(limits["low"]), str(limits["high"])),
            *("--second-threshold", str(limits["second"])),
        ]
    )
    assert again["acer"] == tuned["acer"]
    greedy = main_values(["fuse", *tests, "--dev", *devs, "--method", "greedy", "--steps", "4", "--out", out])
    assert sum(greedy["fusion"]["weights"]) == len(greedy["fusion"]["order"])
    capsys.readouterr()
    assert main(["fuse", *tests, "--out", out]) == 2
    assert "threshold comes from dev" in capsys.readouterr().err
    assert main(["fuse", *tests, "--dev", *devs, "--method", "cascade", "--out", out]) == 2
    assert "--second" in capsys.readouterr().err
