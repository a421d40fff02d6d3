"""Rates by instrument, device and session, by hand and against the rates of the part."""

import pytest

from autofas.errors import MetricError
from autofas.evaluation.judgement import Terms
from autofas.evaluation.report import report
from autofas.metrics import error_rates
from tests.evaluation.evaluation_files import random_table
from tests.evaluation.judged_tables import TEST

HALF = Terms("fixed", 0.5)


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


def test_a_video_with_two_devices_is_an_error() -> None:
    with pytest.raises(MetricError, match="two values of device"):
        report(TEST, None, HALF, {"device": ["1", "2", *"1111111111"]})
