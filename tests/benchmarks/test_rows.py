"""A table that grows row by row."""

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
