"""Figures as terminal tables: a row a level, intervals beneath, where thresholds are from, and warnings."""

import re

import pytest

from autofas.commands.figure_tables import (
    Row,
    breakdown_table,
    cross_table,
    figures_table,
    inverted_lines,
    non_response_lines,
    row_of,
    summary_table,
)
from autofas.evaluation.figures import NonResponses, Part, TargetReport
from autofas.evaluation.summary import summarize
from tests.evaluation.evaluation_files import made_metrics, made_report


def cells(text):
    """The cells of every line of a table, which two spaces part."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]


def test_every_level_has_its_row_and_every_threshold_its_origin() -> None:
    found = cells(figures_table([row_of(made_metrics({"threshold": 1e-7, "auc": None}, model="own"))]))
    assert found[0] == [
        "model", "data", "split", "level", "APCER %", "pooled %", "BPCER %", "ACER %", "HTER %", "AUC %",
        "threshold", "from",
    ]  # fmt: skip
    rates = ["25.00"] * 5
    assert found[2] == ["own", "oulu p4", "test", "video", *rates, "-", "1e-07", "dev-eer"]
    assert found[3] == ["own", "oulu p4", "test", "frame", *rates, "-", "1e-07", "dev-eer"]
    assert found[4:] == [["dev-eer: EER of the development scores"], ["APCER: worst of print"]]


def test_a_fold_is_named_and_a_protocol_that_is_none_is_not() -> None:
    assert row_of(made_metrics(fold=3)).data == "oulu p4 fold 3"
    assert row_of(made_metrics(dataset="mine", protocol="none")).data == "mine"


def test_intervals_stand_beneath_the_rates_they_belong_to() -> None:
    figures = {"intervals_95": {"bpcer": (0.0126, 0.9874), "acer": None}}
    text = figures_table([Row("m", made_report(**figures))])
    lines = text.splitlines()
    assert lines[3].split() == ["95", "%", "1.3-98.7"]
    assert lines[3].index("1.3-98.7") + len("1.3-98.7") == lines[0].index("BPCER %") + len("BPCER %")
    assert "95 %: Clopper-Pearson intervals; that of ACER is a bootstrap over subjects" in lines


def test_what_is_missing_is_said_once() -> None:
    figures = {"acer": None, "eer": None, "undefined": {"acer": "why", "eer": "too", "tpr_at_fpr 0.01": "no"}}
    lines = figures_table([Row("a", made_report(**figures)), Row("b", made_report(**figures))]).splitlines()
    assert [line for line in lines if "why" in line] == ["acer per video: why", "acer per frame: why"]
    assert lines.count("eer per video: too") == 1
    assert not [line for line in lines if "tpr_at_fpr" in line]
    none = figures_table([Row("a", made_report(apcer_by_pai={}))])
    assert "APCER: worst of none: there is no attack" in none


def test_of_several_rows_each_is_told_of_its_own() -> None:
    counted = NonResponses(apnrr_by_pai={}, errors_by_pai={}, bpnrr=0.0, bpnrr_errors=(0, 9))
    out = "leave-one-dataset-out"
    figures = {"auc": 0.4, "non_responses": counted}
    place = {"protocol": out, "dataset": "O+C"}
    rows = [
        row_of(made_metrics(figures | {"apcer_by_pai": {pai: 0.0}}, **place, fold=fold))
        for fold, pai in ((1, "print"), (2, "mask"))
    ]
    lines = figures_table(rows).splitlines()
    assert f"APCER of m on O+C {out} fold 1: worst of print" in lines
    assert f"APCER of m on O+C {out} fold 2: worst of mask" in lines
    for fold in (1, 2):
        assert f"m on O+C {out} fold {fold}: BPNRR per video: 0.00 % (0 of 9 without a score)" in lines
        assert any(line.startswith(f"m on O+C {out} fold {fold} per video: AUC 40.00 %") for line in lines)
    assert "APCER: worst of print" in figures_table(rows[:1]).splitlines()


def test_inverted_scores_are_warned_of_once_a_model() -> None:
    models = [
        ("good", made_report(auc=0.5)),
        ("bad", made_report(auc=0.49)),
        ("unknown", made_report(auc=None)),
    ]
    (line,) = inverted_lines(models)
    assert line.startswith("bad per video: AUC 49.00 % is below one half, so attacks score higher")
    assert line in figures_table([Row("bad", made_report(auc=0.49))])


def test_non_responses_are_counted_by_instrument() -> None:
    found = NonResponses(
        apnrr_by_pai={"print": 0.25, "replay": 0.0}, errors_by_pai={"print": (1, 4), "replay": (0, 2)},
        bpnrr=None, bpnrr_errors=(0, 0),
    )  # fmt: skip
    assert list(non_response_lines(found, "frame")) == [
        "APNRR of print per frame: 25.00 % (1 of 4 without a score)",
        "APNRR of replay per frame: 0.00 % (0 of 2 without a score)",
        "BPNRR per frame: - % (0 of 0 without a score)",
    ]
    assert list(non_response_lines(None, "frame")) == []


def test_a_breakdown_says_why_a_part_has_no_rate() -> None:
    values = dict.fromkeys(("apcer_pooled_low", "apcer_pooled_high", "bpcer_low", "bpcer_high"), 0.1)
    values |= {"level": "video", "worst_pai": "print", "threshold": float("inf"), "threshold_rule": "fixed"}
    values |= {"threshold_provenance": "given", "bona_fide": 1, "attacks": 8, "apcer": 0.5, "bpcer": None}
    part = Part(
        by="device", value="2", **values, apcer_pooled=0.25, acer=None, undefined="one bona fide presentation"
    )
    found = cells(breakdown_table([part]))
    assert found[2] == ["device", "2", "1", "8", "50.00", "25.00", "-", "-", "inf", "fixed"]
    assert found[3] == ["device 2: one bona fide presentation"]


def runs(*places, **changes):
    return [made_metrics({"acer": acer}, fold=fold, seed=seed, run=f"r{fold}-{seed}", **changes)
            for fold, seed, acer in places]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "over", "acer"),
    [
        (runs((1, 0, 0.1)), "one run", "10.00"),
        (runs((1, 0, 0.1), (2, 0, 0.3)), "2 folds", "20.00 ± 10.00"),
        (runs((None, 0, 0.1), (None, 1, 0.3), protocol="1"), "2 seeds", "20.00 ± 10.00"),
        (runs((1, 0, 0.1), (2, 0, 0.1), (1, 1, 0.3), (2, 1, 0.3)), "2 folds x 2 seeds", "20.00 ± 10.00"),
    ],
)
def test_a_summary_says_over_what_its_mean_was_taken(given, over, acer) -> None:
    found = cells(summary_table(summarize(given)))
    assert found[0][6:8] == ["ACER %", "HTER %"]
    assert found[2][6] == acer
    assert found[2][-2:] == [over, "dev-eer, one per run"]
    assert ["std: ddof 0"] in found


def test_missing_folds_are_named_beneath() -> None:
    text = summary_table(summarize(runs((1, 0, 0.1), (4, 0, 0.3), model="own")))
    assert text.endswith("own: incomplete, fold 2, 3, 5, 6 of oulu p4 is missing")


def test_a_cross_test_shows_both_thresholds_with_their_labels() -> None:
    own = TargetReport(**dict(made_report(hter=0.125, threshold=0.75)), label="target-EER: tuned on test")
    crossed = made_metrics(
        {"hter": 0.5, "auc": 0.25}, dataset="casia", trained_on="oulu", protocol="none", target_eer=own,
        label="source-dev: threshold of the source", model="own",
    )  # fmt: skip
    found = cells(cross_table([crossed]))
    start = ["own", "oulu", "casia"]
    assert found[2] == [*start, "video", "50.00", "25.00", "0.5", "source-dev"]
    assert found[3] == [*start, "frame", "50.00", "25.00", "0.5", "source-dev"]
    assert found[4] == [*start, "video", "12.50", "25.00", "0.75", "target-EER"]
    assert found[6:8] == [["source-dev: threshold of the source"], ["target-EER: tuned on test"]]
    assert found[8][0].startswith("own on casia per video: AUC 25.00 % is below one half")
