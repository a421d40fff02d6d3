"""autofas pareto: the plot and its table from a leaderboard, by data set and protocol."""

import pytest

from autofas.analysis.leaderboard import write_leaderboard
from autofas.cli import main, main_values
from tests.analysis.leaderboard_rows import row_of
from tests.evaluation.evaluated_runs import run_folder


@pytest.fixture
def board(tmp_path):
    path = tmp_path / "leaderboard.csv"
    rows = [
        row_of("small", 10, 0.3),
        row_of("large", 1000, 0.1),
        row_of("worse", 2000, 0.2),
        row_of("elsewhere", 5, 0.05, dataset="oulu", protocol="2"),
    ]
    write_leaderboard(path, rows)
    return path


def test_the_front_of_one_data_set(board, capsys):
    words = ["pareto", "--leaderboard", str(board), "--dataset", "synthetic"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "front    small, large" in out
    assert f"picture  {board.parent / 'pareto-params.png'}" in out
    assert (board.parent / "pareto-params.png").read_bytes().startswith(b"\x89PNG")
    values = main_values([*words, "--x", "macs", "--out", str(board.parent / "m.png")])
    assert values["front"] == ["small", "large"]
    assert {row["model"] for row in values["rows"]} == {"small", "large", "worse"}
    assert (board.parent / "m.png").is_file()


def test_nothing_to_plot_is_said(board, tmp_path, capsys):
    assert main(["pareto", "--leaderboard", str(tmp_path / "none.csv")]) == 2
    assert "none.csv does not exist; evaluate a trained run first" in capsys.readouterr().err
    assert main(["pareto", "--leaderboard", str(board), "--dataset", "casia-surf"]) == 2
    assert "has no rows to plot for these arguments" in capsys.readouterr().err


def test_runs_in_another_folder_are_on_the_leaderboard_of_that_folder(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder, name, params in (("one", "small", 10), ("two", "large", 1000)):
        write_leaderboard(
            tmp_path / folder / "leaderboard.csv", [row_of(name, params, 0.3), row_of("x", 5, 0.4)]
        )
        (tmp_path / folder / "train").mkdir()
        place = run_folder(tmp_path / folder / "train", name, model=name, threshold_rule="dev-eer")
        assert place.is_dir()
    values = main_values(["pareto", "one/train/small", "two/train/large"])
    assert {row["model"] for row in values["rows"]} == {"small", "large"}
    assert values["picture"] == str(tmp_path / "one" / "pareto-params.png")
    assert main(["pareto", "one/train/small", "--leaderboard", "two/leaderboard.csv"]) == 2
    assert "small is not on the leaderboard; evaluate it again, or give" in capsys.readouterr().err
