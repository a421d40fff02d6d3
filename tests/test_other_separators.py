"""Tables as spreadsheets save them, through the command line: read alike where they mean one thing.

Tables that autofas writes itself keep to commas, and say so.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from autofas.analysis.leaderboard import COLUMNS as BOARD
from autofas.analysis.leaderboard import read_leaderboard
from autofas.cli import main, main_values
from autofas.errors import AutofasError
from autofas.evaluation.paper_tables import read_table
from autofas.metrics import read_scores

KEPT: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "leaderboard": (read_leaderboard, [",".join(BOARD)]),
    "paper's table": (lambda path: read_table(str(path)), ["model,APCER %,BPCER %,ACER %", "a,1.0,2.0,1.5"]),
}
SCORES = {
    "scores": ["path,video,subject,pai,score", "a,v,s,bona_fide,0.9", "b,w,t,print,0.25"],
    "bob": ["claimed_id,test_label,attack_type,score", "s,v,,0.9", "t,w,print,0.25"],
    "named": ["label,score", "1,0.9", "0,0.25"],
    "bare": ["0.9,1", "0.25,0"],
    "path score label": ["a b.png,0.9,1", "c.png,0.25,0"],
}
FIXED = ["--threshold", "fixed", "--threshold-value", "0.5"]
WORDS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def written(path: Path, lines: list[str], mark: str, *, above: str = "", encoding: str = "utf-8-sig") -> Path:
    text = above + "\n".join(line.replace(",", mark) for line in lines) + "\n"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("mark", WORDS)
def test_our_own_tables_say_what_parts_their_columns(tmp_path: Path, name: str, mark: str) -> None:
    read, lines = KEPT[name]
    place = tmp_path / "table.csv"
    assert read(written(place, lines, ",")) is not None
    for above in ("", "sep=;\n"):
        with pytest.raises(AutofasError) as caught:
            read(written(place, lines, mark, above=above))
        said = WORDS[mark] if not above else "semicolons"
        assert str(caught.value).startswith(
            f"{place}: line 1: its columns are parted by {said}; save the table"
        )
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", ["", "sep", "comment", "utf-16", "decimals"])
@pytest.mark.parametrize("name", SCORES)
def test_scores_are_judged_alike_and_told(tmp_path: Path, capsys, name: str, form: str) -> None:
    place, encoding = tmp_path / "s.csv", "utf-16" if form == "utf-16" else "utf-8"
    for mark in (*WORDS, ","):
        lines = [line.replace(",", mark) for line in SCORES[name]]
        above = {"sep": [f"sep={mark}"], "comment": ["# model: a", "# of today"]}.get(form, [])
        decimal = "," if form == "decimals" and mark != "," else "."
        text = "\n".join([*above, *lines, ""]).replace("0.", f"0{decimal}")
        place.write_bytes(text.encode(encoding))
        found = read_scores(place)
        assert (found.pais[0], found.scores.tolist()) == ("bona_fide", [0.9, 0.25])
        main_values(["score", str(place), *FIXED])
        printed = capsys.readouterr().out
        assert (f"columns parted by {WORDS.get(mark)}" in printed) == (mark in WORDS)
        assert ("UTF-16 text" in printed) == (form == "utf-16")
        assert ("decimal commas" in printed) == (decimal == ",")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pai;score\nbona_fide;1,234\nprint;2,345\n", "column path, video, subject is missing"),
        ("score;label\n1,234;1\n2,345;0\n", "column score: 1,234 may be a decimal or a thousand"),
        (
            "score;label\n0,5;1\n0.7;0\n",
            r"column score: has commas \(0,5\) and points \(0.7\) in its numbers",
        ),
        ("0.9 1\n0.1;0\n", "row 2: 1 fields"),
        ("score;label\n1.234,5;1\n", "'1.234,5' is not a number"),
    ],
)
def test_what_can_be_read_in_two_ways_is_one_line(tmp_path: Path, capsys, text: str, words: str) -> None:
    (tmp_path / "s.csv").write_text(text)
    assert main(["score", str(tmp_path / "s.csv"), *FIXED]) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert re.search(words, printed.err)


def test_other_marks_inside_a_table_of_commas_stay(tmp_path: Path) -> None:
    place = tmp_path / "scores.csv"
    place.write_text("path,video,subject,pai,score,a;b\tc|d\nx;y,v,s|t,bona_fide,0.9,;\n")
    assert read_scores(place).paths == ["x;y"]


@pytest.mark.parametrize("mark", [*WORDS, ","])
def test_a_manifest_is_inspected_alike_and_told(tmp_path: Path, capsys, mark: str) -> None:
    lines = ["path,pai,subject,session,video,frame,split"]
    lines += [
        f"img\\{split}{pai}.png,{pai},{split},1,{split}{pai},0,{split}"
        for split in ("Train", "val", "Test")
        for pai in ("bona_fide", "print")
    ]
    place = written(tmp_path / "manifest.csv", lines, mark, encoding="utf-16")
    values = main_values(["inspect", "--dataset", str(place), "--names-only"])
    assert [row["split"] for row in values["counts"]] == ["train", "train", "dev", "dev", "test", "test"]
    assert values["differences"] == []
    printed = capsys.readouterr().out
    assert (f"columns parted by {WORDS.get(mark)}" in printed) == (mark in WORDS)
    assert "UTF-16 text" in printed
    assert "split Test as test, Train as train, val as dev" in printed
    assert "6 cells of path such as 'img" in printed


def test_a_list_in_utf_16_with_semicolons_is_drafted(tmp_path: Path) -> None:
    for name in "abcdef":
        (tmp_path / f"{name}.png").write_bytes(b"")
    lines = [
        f"{name}.png,{n % 2},{'train' if n < 2 else 'val' if n < 4 else 'test'}"
        for n, name in enumerate("abcdef")
    ]
    place = written(
        tmp_path / "list.csv", ["path,label,split", *lines], ";", above="sep=;\n", encoding="utf-16"
    )
    values = main_values(["manifest", str(place), "--out", str(tmp_path / "m.csv")])
    assert {(row["split"], row["pai"]) for row in values["counts"]} == {
        (split, pai) for split in ("train", "dev", "test") for pai in ("bona_fide", "attack")
    }
