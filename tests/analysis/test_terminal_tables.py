"""A table on a terminal fits it and loses no cell; in a pipe it is plain text to the character."""

import io
import re
import sys

import pytest

from autofas.analysis.terminal_tables import shown_list, shown_table
from autofas.analysis.text_tables import text_table

HEADER = ["model", "ACER %", "AUC %", "from"]
ROWS = [
    ["searched", "6.94", "97.10", "dev-eer"],
    ["[bold]odd[/bold] 人", "36.81", "75.75", "dev-near-attacks"],
]
NUMBERS = ["ACER %", "AUC %"]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    """The table on a terminal of a width."""

    def show(width, rows=ROWS):
        monkeypatch.setattr(sys, "stdout", Terminal())
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("TERM", "xterm")
        found = shown_table(HEADER, rows, NUMBERS)
        monkeypatch.undo()
        return found

    monkeypatch.delenv("NO_COLOR", raising=False)
    return show


def test_a_pipe_gets_plain_text_whatever_columns_says(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setitem(sys.modules, "rich.table", None)  # it is not asked
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert shown_table(HEADER, ROWS, NUMBERS) == text_table(HEADER, ROWS, NUMBERS)


@pytest.mark.parametrize("width", [30, 40, 60, 80, 200])
def test_a_terminal_is_never_too_narrow_and_every_cell_is_there(shown, width):
    from rich.cells import cell_len

    plain = COLOUR.sub("", shown(width))
    assert max(cell_len(line) for line in plain.splitlines()) <= width
    words = plain.split()
    whole = ("searched", "6.94", "97.10", "36.81", "75.75", "[bold]odd[/bold]", "dev-near-attacks")
    if width >= 40:  # below, a name too wide for any block is broken
        assert [cell for cell in whole if cell not in words] == []
        assert plain.count("model") == (1 if width >= 60 else 2)


def test_numbers_stand_to_the_right_and_words_to_the_left(shown):
    first, _, one, other = COLOUR.sub("", shown(100)).splitlines()
    wide = 1  # the letter that takes two columns
    assert one.index("6.94") == other.index("36.81") + 1 + wide == first.index("ACER %") + 2
    assert one.index("dev-eer") == other.index("dev-near") + wide == first.index("from")


def test_colour_is_there_and_is_not_where_no_color_says_so(shown, monkeypatch):
    assert COLOUR.search(shown(80))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert not COLOUR.search(shown_table(HEADER, ROWS, NUMBERS))


def test_an_empty_table_is_its_header(shown):
    assert COLOUR.sub("", shown(80, rows=[])).split()[:2] == ["model", "ACER"]


def test_narrow_blocks_name_their_rows_and_say_nothing_twice(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "44")
    monkeypatch.setenv("NO_COLOR", "1")
    header = ["model", "data", "level", "APCER %", "AUC %", "threshold"]
    rows = [
        ["runs/train/searched", "", "video", "55.56", "87.83", "0.46274828910827637"],
        ["", "", "95 %", "43.4-67.3", "", ""],
        ["runs/train/searched", "", "frame", "51.39", "86.10", "0.46274828910827637"],
        ["", "", "95 %", "40.1-62.0", "", ""],
    ]
    first, other = shown_table(header, rows, header[3:]).split("\n\n")
    assert "data" not in first
    assert first.count("95 %") == 2
    assert [line.split() for line in other.splitlines()[2:]] == [
        ["video", "87.83", "0.46274828910827637"],
        ["frame", "86.10", "0.46274828910827637"],
    ]


def test_what_is_told_of_a_name_wraps_beside_it_on_a_terminal_alone(monkeypatch):
    told = {"afa": "attention and augmentation for small faces", "cdcn": "a map"}
    assert shown_list(told) == "afa   attention and augmentation for small faces\ncdcn  a map"
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "30")
    assert shown_list(told).splitlines() == [
        "afa   attention and",
        "      augmentation for small",
        "      faces",
        "cdcn  a map",
    ]
    monkeypatch.setenv("COLUMNS", "12")  # too narrow for words beside a name
    assert len(shown_list(told).splitlines()) == 2
    assert shown_list({}) == ""
