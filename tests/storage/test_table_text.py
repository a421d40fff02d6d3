"""What parts a table's columns, its encoding and its decimal mark, each read from the file or refused."""

import pytest

from autofas.errors import DataError
from autofas.storage.table_text import (
    Decimals,
    TableText,
    encoding_of,
    plain_columns,
    stated_mark,
    told_of_encoding,
)

LINES = ["path,score\n", "a,1\n", "b,2\n"]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("above", [[], ["sep={}\n"], ['"sep={}"\r\n'], ["# of today\n"], ["# a\n", "#\n"]])
def test_rows_are_the_same_whatever_parts_them(mark, above) -> None:
    lines = [line.format(mark) for line in above] + [line.replace(",", mark) for line in LINES]
    table = TableText(lines, ["score"])
    assert list(table) == [["path", "score"], ["a", "1"], ["b", "2"]]
    assert table.line == len(lines)
    words = {",": [], ";": ["columns parted by semicolons"], "\t": ["columns parted by tabs"]}
    assert table.told == words.get(mark, ["columns parted by bars"])


def test_a_mark_between_other_words_parts_nothing() -> None:
    table = TableText(["path,score,a;b|c\td\n", "x;y,1,2\n"], ["score"])
    assert list(table) == [["path", "score", "a;b|c\td"], ["x;y", "1", "2"]]
    assert (table.told, table.line) == ([], 2)
    assert list(TableText([], ["score"])) == []
    assert next(iter(TableText(["# path,score\n", "a,1\n"], ["score"]))) == ["path", "score"]
    assert [stated_mark(line) for line in ("sep=;\n", "SEP=\t\r\n", "sep=a\n", "sep=;;\n")] == [
        ";",
        "\t",
        "",
        "",
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8", "utf-8-sig"])
def test_an_encoding_is_read_from_the_first_bytes(tmp_path, encoding) -> None:
    place = tmp_path / "a.csv"
    text = "path,score\nGrüße.png,1\n"
    place.write_bytes(text.encode(encoding))
    found = encoding_of(place)
    assert place.read_text(encoding=found) == text
    assert told_of_encoding(found) == ([] if "8" in encoding else [f"{encoding[:6].upper()} text"])


@pytest.mark.parametrize("content", [b"", b"\0", b"a\0", b"\xff", b"\xff\xfe", b"caf\xe9,1\n", bytes(64)])
def test_bytes_that_are_no_text_are_left_to_the_decoder(tmp_path, content) -> None:
    place = tmp_path / "a.csv"
    place.write_bytes(content)
    assert encoding_of(place) in ("utf-8-sig", "utf-16")


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["0,5", "1,25", "-3,0e-2", ",5"], ["0.5", "1.25", "-3.0e-2", ".5"]),
        (["1,234", "0,5"], ["1.234", "0.5"]),  # the second says what the first is
        (["0.5", "1"], ["0.5", "1"]),
        (["0,123", "2"], ["0.123", "2"]),  # no thousand begins with a nought
        (["a,b", "1,2,3", ""], ["a,b", "1,2,3", ""]),  # not numbers: for the rules to refuse
    ],
)
def test_decimal_commas_become_points(words, numbers) -> None:
    assert plain_columns([("s.csv", words)], DataError) == [numbers]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["1,234", "12,345"], "s.csv: 1,234 may be a decimal or a thousand; write the numbers with points"),
        (["0.5", "0,25"], r"s.csv: has commas \(0,25\) and points \(0.5\) in its numbers; keep to points"),
    ],
)
def test_two_readings_are_refused(words, message) -> None:
    with pytest.raises(DataError, match=message):
        plain_columns([("s.csv", words)], DataError)


def test_what_was_turned_is_told() -> None:
    decimals = Decimals()
    assert (decimals.plain("0.5"), decimals.told) == ("0.5", [])
    assert (decimals.plain(" 0,5 "), decimals.told) == ("0.5", ["decimal commas"])
