"""Round trip, faults named by row and column, averages by hand, tables."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autofas.analysis.leaderboard import (
    COLUMNS,
    LeaderboardRow,
    append_leaderboard,
    average,
    leaderboard_table,
    read_leaderboard,
    write_leaderboard,
)
from autofas.analysis.text_tables import count, markdown_table, percent, text_table
from autofas.errors import DataError


def _row(**changes: object) -> LeaderboardRow:
    values: dict[str, object] = {
        "model": "feathernet_b", "kind": "hand-designed", "dataset": "oulu", "protocol": "3", "fold": 1,
        "apcer": 0.1, "apcer_pooled": 0.05, "bpcer": 0.2, "acer": 0.15, "hter": 0.125, "auc": 0.9,
        "threshold": 0.5, "threshold_rule": "dev-eer", "params": 351220, "macs": 80199680,
        "counter": "autofas", "input": "3x224x224", "seed": 0, "commit": "abc1234",
    }  # fmt: skip
    return LeaderboardRow.model_validate(values | changes)


def test_columns_are_the_contract() -> None:
    names = "model kind dataset protocol fold apcer apcer_pooled bpcer acer hter auc threshold threshold_rule"
    expected = (*names.split(), "params", "macs", "counter", "input", "seed", "commit")
    assert list(COLUMNS) == list(expected)


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "results" / "leaderboard.csv"
    rows = [
        _row(acer=1 / 3, threshold=0.1 + 0.2),
        _row(
            model="autofas (s0, K=4)".replace(",", "").replace("=", "-"),
            kind="searched",
            fold=None,
            seed=None,
        ),
        _row(apcer_pooled=None, hter=None, auc=None, threshold=None, fold=2, input="color 3x8x8 + ir 3x8x8"),
        _row(fold=3, threshold_rule='fixed, "0.5"', commit=""),
    ]
    write_leaderboard(path, rows)
    assert read_leaderboard(path) == rows
    assert read_leaderboard(path)[0].acer == 1 / 3
    assert path.read_text().splitlines()[0] == ",".join(COLUMNS)
    assert [p.name for p in path.parent.iterdir()] == ["leaderboard.csv"]  # no temporary file stays


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=4), st.floats(allow_nan=False, allow_infinity=False))
def test_floats_come_back_the_same(tmp_path: Path, acers: list[float], threshold: float) -> None:
    path = tmp_path / "board.csv"
    rows = [_row(acer=acer, seed=seed, threshold=threshold) for seed, acer in enumerate(acers)]
    write_leaderboard(path, rows)
    assert [(row.acer, row.threshold) for row in read_leaderboard(path)] == [(a, threshold) for a in acers]


def test_append_and_replace(tmp_path: Path) -> None:
    path = tmp_path / "board.csv"
    append_leaderboard(path, [_row()])
    append_leaderboard(path, [_row(fold=2)])
    assert len(read_leaderboard(path)) == 2
    before = path.read_bytes()
    with pytest.raises(DataError, match="rows 2 and 4 are the same measurement"):
        append_leaderboard(path, [_row(acer=0.3)])
    assert path.read_bytes() == before
    append_leaderboard(path, [_row(acer=0.3)], replace=True)
    assert sorted(row.acer for row in read_leaderboard(path)) == [0.15, 0.3]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("acer", "1.5", r"row 2: acer: .*less than or equal to 1 \(got '1.5'\)"),
        ("acer", "nan", r"row 2: acer"),
        ("acer", "", r"row 2: acer is missing"),
        ("bpcer", "5 %", r"row 2: bpcer: .*\(got '5 %'\)"),
        ("kind", "hand", r"row 2: kind: .*'searched', 'hand-designed' or 'random'"),
        ("params", "0.35M", r"row 2: params"),
        ("macs", "-1", r"row 2: macs"),
        ("fold", "1.5", r"row 2: fold"),
        ("threshold", "inf", r"row 2: threshold"),
        ("model", "=HYPERLINK(1)", r"row 2: model"),
        ("seed", "zero", r"row 2: seed"),
    ],
)
def test_a_fault_is_named_by_row_and_column(tmp_path: Path, column: str, value: str, message: str) -> None:
    path = tmp_path / "board.csv"
    write_leaderboard(path, [_row()])
    header, line = path.read_text().splitlines()
    cells = line.split(",")
    cells[COLUMNS.index(column)] = value
    path.write_text(f"{header}\n{','.join(cells)}\n")
    with pytest.raises(DataError, match=message) as caught:
        read_leaderboard(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_faults_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "board.csv"
    with pytest.raises(DataError, match="does not exist"):
        read_leaderboard(path)
    path.write_text("")
    with pytest.raises(DataError, match="lacks the column"):
        read_leaderboard(path)
    good = ",".join(COLUMNS)
    path.write_text(good.replace("acer,hter", "acerr,hter") + "\n")
    with pytest.raises(DataError, match="unknown column 'acerr', did you mean acer"):
        read_leaderboard(path)
    path.write_text(good + ",model\n")
    with pytest.raises(DataError, match="model twice"):
        read_leaderboard(path)
    path.write_text(good + "\na,b\n")
    with pytest.raises(DataError, match="row 2 has 2 cells, the header 19"):
        read_leaderboard(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="cannot be read"):
        read_leaderboard(path)
    path.write_text(good + '\n"open')
    with pytest.raises(DataError, match="not valid CSV"):
        read_leaderboard(path)
    path.write_text(good + "\n")
    assert read_leaderboard(path) == []
    write_leaderboard(path, [_row()])
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    with pytest.raises(DataError, match="rows 2 and 3 are the same measurement"):
        read_leaderboard(path)


def test_average_by_hand() -> None:
    rows = [_row(fold=1, acer=0.1), _row(fold=2, acer=0.2), _row(fold=3, acer=0.6, hter=None)]
    rows += [_row(model="zero", acer=0.0)]
    first, second = average(rows)
    assert first.first.model == "zero"
    assert first.std["acer"] == 0.0
    assert second.mean["acer"] == pytest.approx(0.3)
    assert second.std["acer"] == pytest.approx(np.sqrt((0.04 + 0.01 + 0.09) / 3))
    assert second.mean["hter"] is None
    assert (second.seeds, second.folds, second.rows) == (1, 3, 3)
    sample = average(rows, ddof=1)
    assert sample[1].std["acer"] == pytest.approx(np.sqrt(0.14 / 2))
    assert sample[0].std["acer"] is None


def test_models_of_the_same_name_but_other_size_stay_apart() -> None:
    assert len(average([_row(seed=0), _row(seed=1, params=400000)])) == 2
    assert len(average([_row(seed=0), _row(seed=1)])) == 1


def test_tables() -> None:
    rows = [
        _row(fold=1, acer=0.1),
        _row(fold=2, acer=0.2),
        _row(model="auto-fas", kind="searched", acer=0.0123),
    ]
    text = leaderboard_table(rows)
    lines = text.splitlines()
    assert lines[0] == "data set oulu, protocol 3, input 3x224x224, threshold dev-eer, MACs by autofas"
    assert lines[4].startswith("auto-fas")  # lowest ACER first
    assert " 1.23 " in lines[4]
    assert " 15.00 ± 5.00 " in lines[5]
    assert "1x2" in lines[5]
    assert "0.35M" in lines[5]
    markdown = leaderboard_table(rows, "markdown", digits=1).splitlines()
    assert len({line.count("|") for line in markdown[2:]}) == 1
    assert " 15.0 ± 5.0 " in markdown[5]
    several = leaderboard_table([*rows, _row(protocol="1")])
    assert several.splitlines()[2].split()[0] == "protocol"


def test_plain_tables_and_numbers() -> None:
    assert text_table(["a", "n"], [["x", "1"], ["yy", "22"]], ["n"]) == "a    n\n--  --\nx    1\nyy  22"
    assert (
        markdown_table(["a", "n"], [["x|y", "1"]], ["n"]) == "| a    |   n |\n| ---- | --: |\n| x\\|y |   1 |"
    )
    with pytest.raises(ValueError, match="3 cells under 2"):
        text_table(["a", "b"], [["1", "2", "3"]])
    shown = [count(v) for v in (None, 0, 999, 45200, 345332, 11177538, 80199680, 1813562000)]
    assert shown == ["-", "0", "999", "45.2K", "0.35M", "11.2M", "80.2M", "1.81G"]
    assert (percent(0.0123), percent(None), percent(0.5, 1, 0.01)) == ("1.23", "-", "50.0 ± 1.0")
