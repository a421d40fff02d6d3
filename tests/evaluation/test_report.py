"""Reports as JSON and CSV: valid, and every row with the origin of its threshold."""

import csv
import io
import json
import math

import pytest

from autofas.errors import MetricError
from autofas.evaluation.figures import Figures
from autofas.evaluation.judgement import Judged, Terms
from autofas.evaluation.report import breakdown_text, figures_text, report
from autofas.metrics import Threshold, read_columns, read_scores, write_scores
from tests.evaluation.evaluation_files import table_of
from tests.evaluation.judged_tables import TEST

HALF = Terms("fixed", 0.5)


def test_infinite_thresholds_are_valid_json() -> None:
    table = table_of("a s1 bona_fide inf\nb s2 bona_fide 0.8\nc s1 print inf\nd s2 print 0.2")
    found = Judged(table, table.pais, HALF, Threshold(math.inf, "fixed", "fixed by hand")).figures.to_json()
    assert json.loads(json.dumps(found, allow_nan=False))["threshold"] == "inf"
    assert Figures(**found).threshold == math.inf


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
