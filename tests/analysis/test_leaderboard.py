"""Round trip, faults named by row and column, averages by hand, tables."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autofas.analysis.leaderboard import (
    COLUMNS,
    append_leaderboard,
    average,
    leaderboard_table,
    read_leaderboard,
    write_leaderboard,
)
from autofas.errors import DataError
from tests.analysis.table_rows import row_of


def test_columns_are_the_contract() -> None:
    names = "model kind dataset protocol fold apcer apcer_pooled bpcer acer hter auc threshold threshold_rule"
    expected = (*names.split(), "params", "macs", "counter", "input", "seed", "commit")
    assert list(COLUMNS) == list(expected)


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "results" / "leaderboard.csv"
    rows = [
        row_of(acer=1 / 3, threshold=0.1 + 0.2),
        row_of(
            model="autofas (s0, K=4)".replace(",", "").replace("=", "-"),
            kind="searched",
            fold=None,
            seed=None,
        ),
        row_of(
            apcer_pooled=None, hter=None, auc=None, threshold=None, fold=2, input="color 3x8x8 + ir 3x8x8"
        ),
        row_of(fold=3, threshold_rule='fixed, "0.5"', commit=""),
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
    rows = [row_of(acer=acer, seed=seed, threshold=threshold) for seed, acer in enumerate(acers)]
    write_leaderboard(path, rows)
    assert [(row.acer, row.threshold) for row in read_leaderboard(path)] == [(a, threshold) for a in acers]


def test_append_and_replace(tmp_path: Path) -> None:
    path = tmp_path / "board.csv"
    append_leaderboard(path, [row_of()])
    append_leaderboard(path, [row_of(fold=2)])
    assert len(read_leaderboard(path)) == 2
    before = path.read_bytes()
    with pytest.raises(DataError, match="rows 2 and 4 are the same measurement"):
        append_leaderboard(path, [row_of(acer=0.3)])
    assert path.read_bytes() == before
    append_leaderboard(path, [row_of(acer=0.3)], replace=True)
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
    write_leaderboard(path, [row_of()])
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
    path.write_bytes(b"\xff")
    with pytest.raises(DataError, match="cannot be read"):
        read_leaderboard(path)
    path.write_text(good + '\n"open')
    with pytest.raises(DataError, match="not valid CSV"):
        read_leaderboard(path)
    path.write_text(good + "\n")
    assert read_leaderboard(path) == []
    write_leaderboard(path, [row_of()])
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    with pytest.raises(DataError, match="rows 2 and 3 are the same measurement"):
        read_leaderboard(path)


def test_average_by_hand() -> None:
    rows = [row_of(fold=1, acer=0.1), row_of(fold=2, acer=0.2), row_of(fold=3, acer=0.6, hter=None)]
    rows += [row_of(model="zero", acer=0.0)]
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


def test_hand_designed_models_of_the_same_name_but_other_size_stay_apart() -> None:
    assert len(average([row_of(seed=0), row_of(seed=1, params=400000)])) == 2
    assert len(average([row_of(seed=0), row_of(seed=1)])) == 1


@pytest.mark.parametrize("kind", ["searched", "random"])
def test_what_every_seed_finds_anew_is_one_model_of_several_sizes(kind: str) -> None:
    found = {"model": "found", "kind": kind}
    rows = [row_of(seed=0, params=20_000, macs=7_000_000, **found), row_of(seed=1, params=18_000, **found)]
    (both,) = average(rows)
    assert both.params == (18_000, 20_000)
    assert both.seeds == 2
    assert "18.0K to 20.0K" in leaderboard_table(rows)
    assert len(average([rows[0], row_of(seed=1, model="other", kind=kind)])) == 2
