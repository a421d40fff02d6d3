"""latency.csv: what is appended is read back, a fault is named by row, and a plot takes one kind of row."""

import pytest

from autofas.analysis.latency_table import (
    COLUMNS,
    PLOTTED,
    LatencyRow,
    append_latencies,
    latencies_of,
    read_latencies,
)
from autofas.errors import DataError
from tests.analysis.leaderboard_rows import row_of


def measured(model="m", **changes):
    values = {"model": model, "input": "3x64x64", "params": 10, "runtime": PLOTTED, "threads": 1}
    return LatencyRow(**{**values, "latency_ms": 2.5, "iqr_ms": 0.0, "machine": "one", **changes})


def test_a_measurement_made_again_takes_the_old_ones_place(tmp_path):
    place = tmp_path / "new" / "l.csv"
    append_latencies(place, [measured(), measured(threads=2)])
    append_latencies(place, [measured(latency_ms=1.25)])
    assert read_latencies(place) == [measured(threads=2), measured(latency_ms=1.25)]


def test_numbers_are_read_back_to_the_last_bit(tmp_path):
    row = measured(latency_ms=0.1 + 0.2, iqr_ms=1e-17, machine='A, B "C", 2 cores')
    append_latencies(tmp_path / "l.csv", [row])
    assert read_latencies(tmp_path / "l.csv") == [row]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("latency_ms", "0", "row 2: latency_ms"),
        ("latency_ms", "nan", "row 2: latency_ms"),
        ("threads", "one", "row 2: threads"),
        ("params", "-1", "row 2: params"),
        ("model", "../m", "row 2: model"),
        ("machine", '"a', "is not valid CSV"),
    ],
)
def test_a_fault_is_named_with_its_row_in_one_line(tmp_path, column, value, message):
    cells = {name: str(getattr(measured(), name)) for name in COLUMNS} | {column: value}
    (tmp_path / "l.csv").write_text(",".join(COLUMNS) + "\n" + ",".join(cells.values()) + "\n")
    with pytest.raises(DataError, match=message) as caught:
        read_latencies(tmp_path / "l.csv")
    assert "\n" not in str(caught.value)
    assert "l.csv" in str(caught.value)


def test_a_missing_column_and_one_too_many_are_named(tmp_path):
    (tmp_path / "l.csv").write_text("model,input\nm,3x8x8\n")
    with pytest.raises(DataError, match=r"row 2: params is missing; runtime is missing"):
        read_latencies(tmp_path / "l.csv")
    (tmp_path / "l.csv").write_text(",".join((*COLUMNS, "note")) + "\n" + "a," * len(COLUMNS) + "b\n")
    with pytest.raises(DataError, match=r"unknown key note"):
        read_latencies(tmp_path / "l.csv")
    (tmp_path / "l.csv").write_text(";".join(COLUMNS) + "\n")
    with pytest.raises(DataError, match=r"parted by semicolons"):
        read_latencies(tmp_path / "l.csv")


def test_a_plot_takes_one_thread_of_onnxruntime_in_fp32(tmp_path):
    place = tmp_path / "l.csv"
    others = [
        measured(threads=2, latency_ms=9),
        measured(runtime="torch eager fp32", latency_ms=9),
        measured(runtime="onnxruntime int8", latency_ms=9),
        measured(input="3x32x32", latency_ms=9),
    ]
    append_latencies(place, [*others[:2], measured(), *others[2:]])
    assert latencies_of([row_of("m", 10, 0.1)], place)[("m", "3x64x64", 10)] == 2.5


def test_a_model_without_a_measurement_is_named_with_the_command(tmp_path):
    place = tmp_path / "l.csv"
    rows = [row_of("m", 10, 0.1), row_of("other", 20, 0.2)]
    with pytest.raises(
        DataError, match=r"m \(3x64x64\) has no latency in .*l.csv; run autofas benchmark RUN$"
    ):
        latencies_of(rows, place)
    append_latencies(place, [measured(), measured("other", params=21)])  # another network of that name
    with pytest.raises(DataError, match=r"other \(3x64x64\) has no latency .* autofas benchmark 'a b' c$"):
        latencies_of(rows, place, ["a b", "c"])


def test_a_model_that_was_timed_in_torch_alone_has_to_be_exported_first(tmp_path):
    """`benchmark` takes the files there are; where nothing was exported it alone leads nowhere."""
    append_latencies(tmp_path / "l.csv", [measured(runtime="torch eager fp32")])
    wanted = r"by onnxruntime fp32 on one thread; run autofas export, then autofas benchmark RUN$"
    with pytest.raises(DataError, match=wanted):
        latencies_of([row_of("m", 10, 0.1)], tmp_path / "l.csv")


def test_machines_are_not_mixed(tmp_path):
    append_latencies(tmp_path / "l.csv", [measured(), measured(machine="two", threads=4)])
    rows = [row_of("m", 10, 0.1)]
    assert latencies_of(rows, tmp_path / "l.csv")  # what the other machine measured is not plotted
    append_latencies(tmp_path / "l.csv", [measured("n", machine="two")])
    with pytest.raises(DataError, match=r"holds latencies of one and two; keep those of one machine"):
        latencies_of(rows, tmp_path / "l.csv")
