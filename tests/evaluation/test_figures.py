"""Figures as values: what is written is read back, and what only one class can give is given."""

import json
import math

import pytest

from autofas.errors import MetricError, RunError
from autofas.evaluation.figures import Metrics, Report, read_metrics
from autofas.evaluation.judgement import Terms, judge
from autofas.evaluation.report import report
from autofas.metrics import error_rates
from tests.evaluation.evaluation_files import made_metrics, random_table, table_of

HALF = Terms("fixed", 0.5)
ATTACKS = table_of("""
a s1 print 0.9
b s2 print 0.2
c s1 replay 0.1
d s2 replay 0.3
""")
BONA_FIDE = table_of("""
a s1 bona_fide 0.9
b s2 bona_fide 0.2
c s3 bona_fide 0.8
d s4 bona_fide 0.7
""")
DEV = table_of("""
p t1 bona_fide 0.8
q t2 bona_fide 0.6
r t1 print 0.4
s t2 print 0.3
""")


def test_a_metrics_file_reads_back_as_what_was_written(tmp_path) -> None:
    found = report(random_table(1), None, Terms("fixed", math.inf), {"device": ["1"] * 192})
    metrics = Metrics(**(dict(made_metrics()) | dict(found)))
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(metrics.to_json(), allow_nan=False))
    assert read_metrics(path) == metrics
    assert read_metrics(path).threshold == math.inf
    assert json.loads(path.read_text())["breakdown"][0]["threshold"] == "inf"


def test_what_was_not_asked_for_is_not_written() -> None:
    values = made_metrics().to_json()
    assert not {"label", "target_eer", "non_responses"} & set(values)
    assert list(values)[:4] == ["schema_version", "model", "kind", "dataset"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"acer": 1.5}, "acer"),
        ({"acre": 0.1}, "acre"),
        ({"threshold": None}, "threshold"),
        ({"by_level": {"video": {}}}, "by_level.video"),
        ({"breakdown": {}}, "breakdown"),
    ],
)
def test_a_damaged_metrics_file_is_one_line(tmp_path, change, words) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(made_metrics().to_json() | change))
    with pytest.raises(RunError, match=words) as caught:
        read_metrics(path)
    assert "\n" not in str(caught.value)


def test_a_run_without_figures_names_the_command(tmp_path) -> None:
    with pytest.raises(RunError, match="autofas evaluate --run"):
        read_metrics(tmp_path / "metrics.json")


def test_attacks_alone_have_an_apcer_at_a_dev_threshold() -> None:
    found = judge(ATTACKS, DEV, Terms()).figures  # the dev EER is 0 at 0.6
    assert found.threshold == 0.6
    assert (found.apcer, found.apcer_pooled, found.apcer_by_pai) == (0.5, 0.25, {"print": 0.5, "replay": 0})
    assert (found.errors_by_pai, found.bpcer_errors) == ({"print": (1, 2), "replay": (0, 2)}, (0, 0))
    assert set(found.intervals_95) == {"apcer", "apcer_pooled"}
    for name in ("bpcer", "acer", "hter", "eer", "auc"):
        assert (found.rate(name), found.reason(name)) == (None, "there is no bona fide presentation")
    assert found.reason("tpr_at_fpr.0.01") == "there is no bona fide presentation"
    assert found.reason("bpcer_at_apcer.0.1") == "there is no bona fide presentation"


def test_bona_fide_alone_have_a_bpcer() -> None:
    found = judge(BONA_FIDE, None, HALF).figures
    assert (found.bpcer, found.bpcer_errors, found.apcer_by_pai) == (0.25, (1, 4), {})
    assert set(found.intervals_95) == {"bpcer"}
    for name in ("apcer", "apcer_pooled", "acer", "hter", "eer", "auc"):
        assert (found.rate(name), found.reason(name)) == (None, "there is no attack presentation")
    assert found.reason("tpr_at_fpr.0.01") == "there is no attack presentation"
    assert found.reason("bpcer_at_apcer.0.1") == "there is no attack presentation"


def test_one_presentation_has_reasons_alone() -> None:
    found = report(table_of("a s1 print 0.9"), None, HALF)
    assert all(found.rate(name) is None and found.reason(name) for name in ("apcer", "bpcer", "acer", "auc"))
    assert found.errors_by_pai == {"print": (1, 1)}
    assert "one attack presentation" in str(found.reason("apcer_pooled"))
    assert found.reason("bpcer") == "there is no bona fide presentation"


def test_a_dev_set_that_sets_no_threshold_is_named() -> None:
    with pytest.raises(MetricError, match="the dev scores set no threshold: no attack score among 4"):
        judge(ATTACKS, BONA_FIDE, Terms())
    with pytest.raises(MetricError, match="the test scores set no threshold: no bona fide"):
        judge(ATTACKS, None, Terms("test-eer"))


def test_figures_are_those_of_the_metrics_room() -> None:
    table = random_table(4).by_video()
    found = judge(table, None, Terms("fixed", 0.55, grouping="instrument")).figures
    rates = error_rates(table.scores, table.pais, 0.55)
    for name in ("apcer", "apcer_pooled", "apcer_by_pai", "bpcer", "acer", "hter"):
        assert getattr(found, name) == getattr(rates, name)


def test_a_report_begins_with_its_own_level() -> None:
    found = report(random_table(1), None, Terms("fixed", 0.5, level="frame"))
    assert isinstance(found, Report)
    assert list(found.levels()) == ["frame", "video"]
    assert found.levels()["frame"] == found.by_level["frame"]
    assert found.apcer == found.by_level["frame"].apcer


FIGURES = {
    "apcer": 0.5, "apcer_pooled": 0.5, "apcer_by_pai": {"print": 0.5}, "errors_by_pai": {"print": [1, 2]},
    "bpcer": 0.0, "bpcer_errors": [0, 2], "acer": 0.25, "hter": 0.25, "eer": 0.25, "auc": 0.75,
    "intervals_95": {"bpcer": [0.0, 0.8], "acer": None}, "tpr_at_fpr": {"0.01": None},
    "bpcer_at_apcer": {"0.1": None}, "undefined": {"tpr_at_fpr 0.01": "not resolvable"}, "samples": 4,
    "bona_fide": 2, "attacks": 2, "subjects": 2, "pai_grouping": "family", "threshold": 0.5,
    "threshold_rule": "dev-eer", "threshold_provenance": "EER of the development scores", "level": "video",
}  # fmt: skip


METRICS = {
    "model": "m", "kind": "searched", "dataset": "d", "trained_on": "d", "protocol": "1", "fold": None,
    "split": "test", **FIGURES, "by_level": {"video": FIGURES}, "breakdown": [], "source": "d",
    "terms": {"rule": "dev-eer", "value": None, "grouping": "family", "level": "video"}, "run": "exp",
    "scores_file": "scores-test.csv", "dev_scores_file": "scores-dev.csv", "supervision": "bce",
    "options": {}, "init": "none", "modalities": ["color"], "recipe_sha256": "0", "seed": 0, "commit": "",
}  # fmt: skip


def test_a_stated_version_is_read_and_so_is_a_file_of_before_there_were_any(tmp_path) -> None:
    path = tmp_path / "metrics.json"
    for version in ({}, {"schema_version": 1}):
        path.write_text(json.dumps(METRICS | version))
        assert read_metrics(path).model == "m"
    for change, message in (
        ({"schema_version": 2}, r"metrics.json has schema_version 2; this autofas reads 1$"),
        ({"model": "../x"}, "model: "),
        ({"by_level": {"x": 1}}, "by_level"),
    ):
        path.write_text(json.dumps(METRICS | change))
        with pytest.raises(RunError, match=message):
            read_metrics(path)
