"""Judged scores by hand: both levels, thresholds of each, and figures that cannot be had."""

import numpy as np
import pytest

from autofas.errors import MetricError
from autofas.evaluation.judgement import Terms, dev_error, judge
from autofas.evaluation.report import report
from autofas.metrics import ScoreTable
from tests.evaluation.evaluation_files import table_of
from tests.evaluation.judged_tables import TEST

HALF = Terms("fixed", 0.5)


def test_both_levels_by_hand() -> None:
    found = report(TEST, None, HALF)
    video, frame = found.by_level["video"], found.by_level["frame"]
    # print: c of c, d accepted; replay: e (0.5 >= 0.5) of e, f
    assert (video.apcer, video.apcer_pooled, video.bpcer) == (0.5, 0.5, 0.5)
    assert video.acer == 0.5
    # frames: print 2 of 4, replay 1 of 4; bona fide 1 of 4 rejected
    assert (frame.apcer, frame.apcer_pooled, frame.bpcer) == (0.5, 0.375, 0.25)
    assert (frame.acer, frame.hter) == (0.375, 0.3125)
    assert found.acer == video.acer
    assert found.threshold_provenance == "fixed by hand at 0.5"


def test_epochs_are_compared_by_videos_not_by_frames() -> None:
    # frames overlap, their means by video (0.5, 0.8 against 0.4, 0.4) do not
    apart = "a 1 bona_fide 0.9\na 1 bona_fide 0.1\nb 1 print1 0.4\nb 1 print1 0.4\n"
    apart += "c 2 bona_fide 0.8\nc 2 bona_fide 0.8\nd 2 print2 0.2\nd 2 print2 0.6"
    assert dev_error(table_of(apart)) == (0, 0)
    # 0.5 and 0.3 against 0.4 and 0.2: at 0.4 one of two each is wrong, and one of four pairs
    mixed = "a 1 bona_fide 0.5\nb 1 print1 0.4\nc 2 bona_fide 0.3\nd 2 print2 0.2"
    assert dev_error(table_of(mixed)) == (0.5, 0.25)


def test_every_level_has_its_own_dev_threshold() -> None:
    dev = table_of("""
p t1 bona_fide 0.9
p t1 bona_fide 0.1
q t2 bona_fide 0.8
r t1 print1 0.4
r t1 print1 0.4
s t2 print1 0.0
""")
    found = report(TEST, dev, Terms()).by_level
    # videos: bona fide 0.5, 0.8 against 0.4, 0: the EER is 0 at 0.5; a frame of 0.1 moves the frames' one
    assert found["video"].threshold == 0.5
    assert found["frame"].threshold != 0.5


def test_a_pai_of_one_presentation_has_no_apcer() -> None:
    table = table_of("""
a s1 bona_fide 0.9
b s2 bona_fide 0.8
c s1 print 0.1
d s2 print 0.2
e s1 mask 0.95
""")
    found = judge(table, None, HALF).figures
    assert found.apcer is None
    assert found.acer is None
    assert "mask has one presentation" in found.undefined["apcer"]
    assert found.apcer_by_pai == {"mask": None, "print": 0.0}
    assert found.apcer_pooled == 1 / 3


def test_one_bona_fide_presentation_has_no_bpcer_or_auc() -> None:
    table = table_of("a s1 bona_fide 0.9\nb s1 print 0.1\nc s2 print 0.2")
    found = judge(table, None, HALF).figures
    for name in ("bpcer", "acer", "hter", "eer", "auc"):
        assert found.rate(name) is None
        assert "one bona fide" in found.undefined[name]
    assert found.apcer == 0


def test_figures_that_few_attacks_cannot_resolve_are_none_with_a_reason() -> None:
    found = judge(TEST, None, HALF).figures
    assert set(found.tpr_at_fpr.values()) == {None}
    assert found.undefined["tpr_at_fpr 0.01"] == "not resolvable: needs 100 attacks, there are 4"
    assert found.bpcer_at_apcer["0.05"] is None


def test_unknown_subjects_leave_the_interval_undefined() -> None:
    table = ScoreTable([""] * 4, [""] * 4, [""] * 4, ["bona_fide", "bona_fide", "x", "x"], np.arange(4.0))
    found = judge(table, None, Terms("fixed", 0.5, level="frame")).figures
    assert found.intervals_95["acer"] is None
    assert "subjects" in found.undefined["acer interval"]


def test_no_error_has_no_bootstrap_interval() -> None:
    table = table_of("a s1 bona_fide 0.9\nb s2 bona_fide 0.8\nc s1 print 0.1\nd s2 print 0.2")
    found = judge(table, None, HALF).figures
    assert found.acer == 0
    assert found.intervals_95["acer"] is None
    assert "no error to resample" in found.undefined["acer interval"]
    assert found.intervals_95["bpcer"][1] > 0.5


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("a s1 bona_fide 0.9\na s1 print 0.8\nb s1 print 0.1", "two labels"),
        ("a s1 bona_fide 0.9\na s2 bona_fide 0.8\nb s1 print 0.1", "two subjects"),
    ],
)
def test_degenerate_input_is_one_line(rows: str, words: str) -> None:
    with pytest.raises(MetricError, match=words) as caught:
        report(table_of(rows), None, HALF)
    assert "\n" not in str(caught.value)
