"""Published tables against themselves: impossible means, counts and deviations are found."""

from fractions import Fraction

import pytest

from autofas.evaluation.consistency import check_table, realisable
from autofas.evaluation.paper_tables import Sizes, published_names, published_table, read_printed, read_table

# rows that the arithmetic refuses, and the figure it refuses
KNOWN = {
    "auto-fas-1": {
        ("1 Auxiliary", "APCER %"), ("1 Auxiliary", "BPCER %"),
        ("2 Auxiliary", "APCER %"), ("2 Auxiliary", "BPCER %"),
        ("2 Auto-FAS", "BPCER %"),
        ("3 Auxiliary", "APCER %"),
        ("4 Auxiliary", "APCER %"), ("4 Auxiliary", "BPCER %"), ("4 Auxiliary", "ACER %"),
        ("4 Auto-FAS", "APCER %"),
    },
    "auto-fas-3": {("Binary cross-entropy", "BPCER %")},
    "feathernets-2": {
        ("FishNet150", "TPR@FPR=1e-2"), ("MobileNetV2(1)", "TPR@FPR=1e-2"),
        ("ShuffleNetV2(1)", "TPR@FPR=1e-3"),
    },
    "visionlabs-3": {("resnet-18 subject 5-fold", "TPR@1e-4 %")},
    "visionlabs-4": {("Ours", "Test %"), ("Team 5", "Valid %"), ("Team 6", "Test %")},
    "visionlabs-5": {("IR", "TPR@1e-3 %")},
}  # fmt: skip


def csv_findings(tmp_path, text: str, **arguments):
    path = tmp_path / "table.csv"
    path.write_text(text)
    return check_table(read_table(str(path), **arguments))


@pytest.mark.parametrize("name", published_names())
def test_the_faults_of_every_published_table(name: str) -> None:
    findings = check_table(published_table(name))
    faults = {(finding.row, finding.column) for finding in findings if finding.kind == "fault"}
    assert faults == KNOWN.get(name, set())


def test_afa_has_no_false_alarm() -> None:
    tables = [published_table(f"afa-{number}") for number in (6, 7, 9, 10, 11, 12)]
    assert (
        sum(len(table.rows) for table in tables) == 31
    )  # 25 distinct: the same row stands in several tables
    assert len({tuple(row.values.items()) for table in tables for row in table.rows}) == 25
    assert not any(check_table(table) for table in tables)


def test_the_reasons_say_what_would_be_possible() -> None:
    texts = [finding.text for finding in check_table(published_table("auto-fas-1"))]
    assert any("the mean of 9.3 % and 10.4 % is 9.85 %" in text for text in texts)
    assert any("lies outside [0.2, 5.8] %" in text for text in texts)
    assert any("only possible with all 240 pooled" in text for text in texts)
    assert any("if digits are cut off" in text for text in texts)
    notes = check_table(published_table("auto-fas-4"))
    assert {finding.kind for finding in notes} == {"note"}


def test_the_mean_within_rounding(tmp_path) -> None:
    header = "method,apcer,npcer,acer\n"
    assert not csv_findings(tmp_path, header + "a,1.38,1.57,1.47\nb,1.38,1.57,1.48\nc,12.1,5.0,8.5\n")
    (found,) = csv_findings(tmp_path, header + "a,1.38,1.57,1.46\n")
    assert (found.row, found.column) == ("a", "acer")


def test_k_of_n(tmp_path) -> None:
    sizes = Sizes(bona_fide=120, attacks=(240, 240))
    header = "method,apcer,bpcer,acer\n"
    # 29/240 = 12.083, 6/120 = 5
    assert not csv_findings(tmp_path, header + "a,12.1,5.0,8.5\n", sizes=sizes)
    found = csv_findings(tmp_path, header + "a,12.2,5.1,8.65\n", sizes=sizes)
    assert {finding.column for finding in found} == {"apcer", "bpcer"}
    # over six folds of 20 the steps are 1/120
    six = Sizes(bona_fide=20, attacks=(20, 20), folds=6)
    assert not csv_findings(tmp_path, header + "a,36.7±29.7,13.3±14.1,25.0±12.7\n", sizes=six)


def test_more_than_everything_and_impossible_deviations(tmp_path) -> None:
    found = csv_findings(tmp_path, "method,hter\na,100.2\n")
    assert "more than everything" in found[0].text
    # two folds of 0 and 100 % have mean 50 and deviation 70.7 with ddof 1
    assert not csv_findings(tmp_path, "method,hter\na,50.0±70.7\n")
    assert csv_findings(tmp_path, "method,hter\na,50.0±70.9\n")
    assert csv_findings(tmp_path, "method,hter\na,1.0±20.0\n")


def test_tpr_does_not_rise_as_fpr_falls(tmp_path) -> None:
    header = "method,tpr_1e-3,tpr_1e-2\n"
    assert not csv_findings(tmp_path, header + "a,0.9,0.9\n", unit="fraction")
    (found,) = csv_findings(tmp_path, header + "a,0.99,0.9\n", unit="fraction")
    assert found.column == "tpr_1e-3"


def test_realisable_agrees_with_trying_every_k() -> None:
    for denominator in (7, 20, 120):
        for hundredths in range(0, 10001, 7):
            printed = read_printed(f"{hundredths / 100:.1f}", "")
            tried = any(
                abs(Fraction(100 * k, denominator) - printed.value) <= printed.half
                for k in range(denominator + 1)
            )
            scaled = read_printed(f"{hundredths / 100:.1f}", "")
            scaled = type(scaled)(scaled.value / 100, scaled.half / 100)
            assert realisable(scaled, denominator) == tried
