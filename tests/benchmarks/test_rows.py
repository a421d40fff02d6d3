"""A table that grows row by row."""

import pytest

from autofas.errors import DataError
from benchmarks.rows import append, read_rows


def test_rows_are_read_as_they_were_added(tmp_path):
    place = tmp_path / "new" / "rows.csv"
    assert read_rows(place) == []
    for number in (1, 2):
        append(place, {"network": "a, b", "seed": number, "fold": None})
    assert read_rows(place) == [
        {"network": "a, b", "seed": "1", "fold": ""},
        {"network": "a, b", "seed": "2", "fold": ""},
    ]
    assert place.read_text().count("network,seed,fold") == 1


def test_a_value_stands_in_the_column_of_its_name(tmp_path):
    place = tmp_path / "rows.csv"
    append(place, {"auc": 0.9, "acer": 0.1})
    append(place, {"acer": 0.2, "auc": 0.8})
    assert read_rows(place)[1] == {"auc": "0.8", "acer": "0.2"}


@pytest.mark.parametrize("row", [{"auc": 0.8}, {"auc": 0.8, "acer": 0.2, "eer": 0.3}])
def test_rows_of_another_version_are_not_mixed(tmp_path, row):
    place = tmp_path / "rows.csv"
    append(place, {"auc": 0.9, "acer": 0.1})
    before = place.read_bytes()
    with pytest.raises(DataError, match=r"rows\.csv has other columns than a row of today \((acer|eer)\)"):
        append(place, row)
    assert place.read_bytes() == before
