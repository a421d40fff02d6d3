"""Figures, levels and breakdowns by hand; undefined figures have a reason and are never 0 or 1."""

import csv
import io
import json
import math

import numpy as np
import pytest

from autofas.cli import main, main_values
from autofas.errors import MetricError
from autofas.evaluation.figures import Figures
from autofas.evaluation.judgement import Judged, Terms, dev_error, judge
from autofas.evaluation.report import breakdown_text, figures_text, report
from autofas.metrics import ScoreTable, Threshold, error_rates, read_columns, read_scores, write_scores
from tests.evaluation.evaluation_files import random_table, table_of

HALF = Terms("fixed", 0.5)
# six videos of two frames; video means 0.9 0.45 | 0.6 0.1 | 0.5 0.2
TEST = table_of("""
a s1 bona_fide 0.8
a s1 bona_fide 1.0
b s2 bona_fide 0.3
b s2 bona_fide 0.6
c s1 print1 0.7
c s1 print1 0.5
d s2 print2 0.1
d s2 print2 0.1
e s1 replay1 0.9
e s1 replay1 0.1
f s2 replay1 0.2
f s2 replay1 0.2
""")


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


def test_breakdown_by_hand() -> None:
    conditions = {"device": ["1", "1", "2", "2", "1", "1", "2", "2", "1", "1", "1", "1"]}
    rows = {(row.by, row.value): row for row in report(TEST, None, HALF, conditions).breakdown}
    assert rows["pai", "bona_fide"].bpcer == 0.5
    assert rows["pai", "replay1"].apcer == 0.5
    one = rows["device", "1"]  # bona fide a; print c accepted; replay e accepted, f not
    assert (one.bona_fide, one.attacks, one.apcer_pooled) == (1, 3, 2 / 3)
    assert one.bpcer is None
    assert one.apcer is None
    assert "one bona fide presentation" in one.undefined
    assert all(row.threshold == 0.5 and row.threshold_provenance for row in rows.values())


def test_breakdown_parts_agree_with_the_rates_of_the_part() -> None:
    table = random_table(1).by_video()
    device = [str(1 + index % 3) for index in range(len(table))]
    rows = report(table, None, Terms("fixed", 0.6), {"device": device}).breakdown
    for value in "123":
        part = [index for index, found in enumerate(device) if found == value]
        pais = [table.pais[index].rstrip("12") for index in part]
        rates = error_rates(table.scores[part], pais, 0.6)
        row = next(row for row in rows if (row.by, row.value) == ("device", value))
        assert (row.apcer, row.bpcer, row.acer) == (rates.apcer, rates.bpcer, rates.acer)


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


def test_infinite_thresholds_are_valid_json() -> None:
    table = table_of("a s1 bona_fide inf\nb s2 bona_fide 0.8\nc s1 print inf\nd s2 print 0.2")
    found = Judged(table, table.pais, HALF, Threshold(math.inf, "fixed", "fixed by hand")).figures.to_json()
    assert json.loads(json.dumps(found, allow_nan=False))["threshold"] == "inf"
    assert Figures(**found).threshold == math.inf


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


def test_a_video_with_two_devices_is_an_error() -> None:
    with pytest.raises(MetricError, match="two values of device"):
        report(TEST, None, HALF, {"device": ["1", "2", *"1111111111"]})


def test_every_csv_row_carries_the_origin_of_its_threshold() -> None:
    place = {"model": "m", "dataset": "d", "protocol": "1", "fold": None, "split": "test"}
    found = report(TEST, None, HALF)
    rows = list(csv.DictReader(io.StringIO(figures_text(found, place))))
    assert len(rows) > 20
    assert all(row["threshold_rule"] and row["threshold_provenance"] for row in rows)
    acer = next(row for row in rows if (row["figure"], row["level"]) == ("acer", "video"))
    assert (float(acer["value"]), acer["threshold"]) == (0.5, "0.5")
    # a cell without a value says why
    assert all(row["value"] or row["undefined"] for row in rows)
    parts = list(csv.DictReader(io.StringIO(breakdown_text(found.breakdown))))
    assert all(part["threshold_rule"] == "fixed" for part in parts)


def test_further_columns_survive_a_round_trip(tmp_path) -> None:
    devices = [str(index) for index in range(len(TEST))]
    write_scores(tmp_path / "s.csv", TEST, {"device": devices})
    assert read_columns(tmp_path / "s.csv", ("device", "session")) == {"device": devices}
    assert read_scores(tmp_path / "s.csv").scores.tolist() == TEST.scores.tolist()
    with pytest.raises(MetricError, match="device column"):
        write_scores(tmp_path / "t.csv", TEST, {"device": ["1"]})


def test_score_command_reports_what_evaluate_does(tmp_path, capsys) -> None:
    table = random_table(2)
    device = ["1" if "_0_" in path else "2" for path in table.paths]
    dev = random_table(3)
    dev = ScoreTable(dev.paths, dev.videos, [f"d{name}" for name in dev.subjects], dev.pais, dev.scores)
    write_scores(tmp_path / "test.csv", table, {"device": device})
    write_scores(tmp_path / "dev.csv", dev)
    stem = tmp_path / "out"
    values = main_values(
        ["score", str(tmp_path / "test.csv"), "--dev", str(tmp_path / "dev.csv"), "--out", str(stem)]
    )
    assert values["acer"] == report(table, dev, Terms()).acer
    assert {row["value"] for row in values["breakdown"] if row["by"] == "device"} == {"1", "2"}
    assert json.loads((tmp_path / "out.json").read_text())["acer"] == values["acer"]
    printed = capsys.readouterr().out
    assert "dev-eer: EER of the development scores" in printed
    assert main(["score", str(tmp_path / "test.csv")]) == 2
    assert "--dev" in capsys.readouterr().err


def test_score_refuses_a_dev_file_with_subjects_of_the_test(tmp_path, capsys) -> None:
    write_scores(tmp_path / "a.csv", random_table(1))
    assert main(["score", str(tmp_path / "a.csv"), "--dev", str(tmp_path / "a.csv")]) == 2
    assert "share subject" in capsys.readouterr().err


def test_score_reads_plain_text_without_videos(tmp_path) -> None:
    (tmp_path / "s.txt").write_text("0.9 1\n0.8 1\n0.1 0\n0.85 0\n")
    values = main_values(["score", str(tmp_path / "s.txt"), "--threshold", "test-eer"])
    assert values["level"] == "frame"
    assert list(values["by_level"]) == ["frame"]
    assert "tuned on test" in values["threshold_provenance"]


def test_score_interpolates_tpr_between_roc_points_on_request(tmp_path, capsys) -> None:
    # a tie of both classes is a slope from (0, 0.5) to (0.5, 1): at FPR 0.01 it stands at 0.51
    (tmp_path / "s.txt").write_text("0.5 1\n0.9 1\n0.5 0\n0.1 0\n")
    words = ["score", str(tmp_path / "s.txt"), "--threshold", "test-eer"]
    assert "tpr_at_fpr_interpolated" not in main_values(words)
    capsys.readouterr()
    rates = main_values([*words, "--interpolate"])["tpr_at_fpr_interpolated"]
    assert rates == pytest.approx({"0.01": 0.51, "0.001": 0.501, "0.0001": 0.5001})
    assert "interpolated: TPR 51.00 % at FPR 0.01, " in capsys.readouterr().out
