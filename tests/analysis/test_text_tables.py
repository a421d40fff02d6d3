"""Tables as text and numbers as papers print them."""

import pytest

from autofas.analysis.leaderboard import (
    leaderboard_table,
)
from autofas.analysis.text_tables import (
    column_blocks,
    count,
    fitted_table,
    markdown_table,
    percent,
    terminal_width,
    text_table,
)
from tests.analysis.table_rows import row_of


def test_tables() -> None:
    rows = [
        row_of(fold=1, acer=0.1),
        row_of(fold=2, acer=0.2),
        row_of(model="auto-fas", kind="searched", acer=0.0123),
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
    several = leaderboard_table([*rows, row_of(protocol="1")])
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


def test_a_table_fits_a_width_in_blocks_that_begin_with_the_first_column() -> None:
    header, rows = ["name", "one", "two", "three"], [["a", "1" * 6, "2" * 6, "3" * 6]]
    whole = fitted_table(header, rows, ["one"])
    assert whole == fitted_table(header, rows, ["one"], 28) == text_table(header, rows, ["one"])
    parted = fitted_table(header, rows, ["one"], 27).split("\n\n")
    assert parted == [
        text_table(header[:3], [rows[0][:3]], ["one"]),
        text_table(["name", "three"], [["a", "3" * 6]]),
    ]
    for width in range(12, 40):
        assert max(map(len, fitted_table(header, rows, width=width).splitlines())) <= width
    assert fitted_table(header, rows, width=3).count("name") == 3  # no column is lost where none fits
    assert fitted_table(["a"], [["b"]], width=1) == "a\n-\nb"


def test_every_block_of_a_table_says_whose_its_rows_are() -> None:
    header = ["by", "value", "bona fide", "attacks", "APCER %"]
    rows = [
        ["pai", "print1", "0", "12", "83"],
        ["pai", "print2", "0", "12", "91"],
        ["device", "1", "2", "8", "75"],
    ]
    # widths 6, 6, 9, 7, 7 and 2 between: the first four take 34
    assert column_blocks(header, rows, 34) == [[0, 1, 2, 3], [0, 1, 4]]
    assert column_blocks(header, rows[1:], 34) == [[0, 1, 2, 3], [0, 4]]  # one column tells these two apart
    assert column_blocks(header, rows, 20) == [[0, 1], [0, 2], [0, 3], [0, 4]]  # two would leave no room
    assert column_blocks(header, rows, None) == [[0, 1, 2, 3, 4]]


def test_a_column_that_says_one_thing_tells_no_rows_apart() -> None:
    header = ["model", "data", "level", "APCER %", "BPCER %"]
    rows = [
        ["runs/train/afa", "", "video", "83.33", "1.00"],
        ["", "", "95 %", "43.4-67.3", "0.1-2"],
        ["runs/train/afa", "", "frame", "83.33", "1.00"],
        ["", "", "95 %", "43.4-67.3", "0.1-2"],
    ]
    numbers = header[3:]
    assert column_blocks(header, rows, 40, numeric=numbers) == [[0, 1, 2, 3], [2, 4]]
    rows[2][0] = "runs/train/cdcn"
    assert column_blocks(header, rows, 40, numeric=numbers) == [[0, 1, 2, 3], [0, 4]]
    rows[0][0] = rows[2][0] = ""
    rows[0][2] = rows[2][2] = "95 %"  # nothing but numbers tells them apart: these name no row
    assert column_blocks(header, rows, 20, numeric=numbers)[-1] == [0, 4]


def test_a_pipe_has_no_width_and_columns_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert terminal_width() is None
    monkeypatch.setenv("COLUMNS", "97")
    assert terminal_width() == 97
