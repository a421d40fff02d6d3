"""A table whose columns are not parted by commas is refused in one line that says so, by every reader."""

from collections.abc import Callable
from pathlib import Path

import pytest

from autofas.analysis.leaderboard import COLUMNS as BOARD
from autofas.analysis.leaderboard import read_leaderboard
from autofas.data.manifests.manifest import REQUIRED, read_manifest
from autofas.errors import AutofasError, MetricError
from autofas.evaluation.paper_tables import read_table
from autofas.metrics import read_columns, read_scores

TABLES: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "manifest": (read_manifest, [",".join(REQUIRED), "a.png,print,s,1,v,0,train"]),
    "scores": (read_scores, ["path,video,subject,pai,score", "a,v,s,bona_fide,0.9"]),
    "columns of scores": (
        lambda path: read_columns(path, ["device"]),
        ["path,video,subject,pai,score,device", "a,v,s,bona_fide,0.9,1"],
    ),
    "scores of bob": (read_scores, ["claimed_id,test_label,attack_type,score", "s,v,,0.9"]),
    "leaderboard": (read_leaderboard, [",".join(BOARD)]),
    "paper's table": (lambda path: read_table(str(path)), ["model,APCER %,BPCER %,ACER %", "a,1.0,2.0,1.5"]),
}


def written(path: Path, lines: list[str], mark: str, above: str = "") -> Path:
    path.write_text(above + "\n".join(line.replace(",", mark) for line in lines) + "\n", encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(("mark", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_every_reader_says_what_parts_the_columns(tmp_path: Path, name: str, mark: str, word: str) -> None:
    read, lines = TABLES[name]
    place = tmp_path / "table.csv"
    assert read(written(place, lines, ",")) is not None
    for above in ("", "sep=;\n"):
        with pytest.raises(AutofasError) as caught:
            read(written(place, lines, mark, above))
        said = word if not above else "semicolons"
        assert str(caught.value).startswith(
            f"{place}: line 1: its columns are parted by {said}; save the table"
        )
        assert "\n" not in str(caught.value)


def test_a_semicolon_between_score_and_label(tmp_path: Path) -> None:
    with pytest.raises(MetricError, match=r"row 2: score and label are parted by a semicolon"):
        read_scores(written(tmp_path / "a.txt", ["0.9 1", "0.1,0"], ";"))


def test_other_marks_inside_a_table_of_commas_stay(tmp_path: Path) -> None:
    place = tmp_path / "scores.csv"
    place.write_text("path,video,subject,pai,score,a;b\tc|d\nx;y,v,s|t,bona_fide,0.9,;\n")
    assert read_scores(place).paths == ["x;y"]
