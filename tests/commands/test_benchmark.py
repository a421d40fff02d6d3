"""autofas benchmark: a run and its files in one table, and the latencies that pareto draws."""

import json
import shutil

import pytest
from PIL import Image

from autofas.analysis.latency_table import read_latencies
from autofas.cli import main, main_values
from autofas.deploy.describe import NO_PROTECTION

FAST = ["--repeats", "2", "--warmup", "0", "--quiet"]


@pytest.fixture(scope="module")
def benchmarked(exported, evaluated_run, tmp_path_factory):
    """The values of a run's benchmark, and the file that keeps its latencies."""
    kept = tmp_path_factory.mktemp("benchmark") / "latency.csv"
    words = ["benchmark", str(evaluated_run), *FAST, "--no-memory", "--latencies", str(kept)]
    return main_values(words), kept


def test_a_run_and_its_files_stand_in_one_table(benchmarked, exported, evaluated_run):
    files = {one["runtime"]: one for one in benchmarked[0]["files"]}
    assert set(files) == {
        "torch eager fp32", "onnxruntime fp32", "onnxruntime fp32 crop", "onnxruntime int8",
        "onnxruntime int8 crop",
    }  # fmt: skip
    whole = json.loads((evaluated_run / "metrics.json").read_text())
    for name in ("torch eager fp32", "onnxruntime fp32", "onnxruntime fp32 crop"):
        assert files[name]["parity"]["changed"] == 0
        assert files[name]["parity"]["score_error"] < 1e-4
        assert files[name]["acer"] == pytest.approx(whole["acer"])
    assert files["torch eager fp32"]["parity"]["score_error"] == 0
    assert all(value > 0 for one in files.values() for value in one["latency_ms"].values())
    assert files["onnxruntime fp32"]["bytes"] == (exported / "model.onnx").stat().st_size


def test_a_file_alone_is_timed_and_judged_by_nobody(exported, capsys):
    values = main_values(["benchmark", str(exported / "model.onnx"), *FAST])
    (one,) = values["files"]
    assert values["latencies"] is None  # no run, so no leaderboard to keep them beside
    assert one["parity"] is None
    assert one["acer"] is None
    assert 20 < one["peak_mb"] < 400  # torch alone takes more than that
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split()[:3] == ["network", "runtime", "kB"]
    assert f"note     {NO_PROTECTION}" in printed


def test_latency_is_a_horizontal_axis(benchmarked, evaluated_run, tmp_path, capsys):
    board = str(tmp_path / "leaderboard.csv")  # latencies are looked for beside it
    shutil.copy(evaluated_run.parent.parent / "leaderboard.csv", board)
    shutil.copy(benchmarked[1], tmp_path / "latency.csv")
    words = ["pareto", str(evaluated_run), "--x", "latency", "--leaderboard", board]
    assert main([*words, "--out", str(tmp_path / "p.png"), "--json"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    values = json.loads(last)
    assert any(line.startswith("latency  small ") and line.endswith("one thread)") for line in lines)
    assert values["front"] == ["small"]
    one = next(one for one in benchmarked[0]["files"] if one["runtime"] == "onnxruntime fp32")
    assert values["latency_ms"] == {"small": one["latency_ms"]["1"]}
    assert Image.open(tmp_path / "p.png").size == (1600, 1000)
    rows = read_latencies(benchmarked[1])
    assert {row.runtime for row in rows} >= {"torch eager fp32", "onnxruntime fp32", "onnxruntime int8"}
    assert all(row.input == "3x32x32" for row in rows)


def test_a_model_without_a_latency_is_named_with_the_command(evaluated_run, tmp_path, capsys):
    board = tmp_path / "leaderboard.csv"
    board.write_text((evaluated_run.parent.parent / "leaderboard.csv").read_text())
    assert main(["pareto", str(evaluated_run), "--x", "latency", "--leaderboard", str(board)]) == 2
    error = capsys.readouterr().err
    assert "small (3x32x32) has no latency" in error
    assert f"run autofas benchmark {evaluated_run}" in error


def test_latencies_are_kept_beside_the_runs_leaderboard(evaluated_run, tmp_path, capsys):
    run = shutil.copytree(evaluated_run, tmp_path / "train" / "alone")
    shutil.rmtree(run / "export", ignore_errors=True)
    values = main_values(["benchmark", str(run), *FAST, "--no-memory"])
    assert values["latencies"] == str(tmp_path / "latency.csv")
    assert f"kept     {tmp_path / 'latency.csv'}" in capsys.readouterr().out
    assert {row.runtime for row in read_latencies(tmp_path / "latency.csv")} == {"torch eager fp32"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone.onnx"], "gone.onnx does not exist"),
        (["."], ". is not a run folder"),
        (["gone.onnx", "--repeats", "0"], "0 repeats measure nothing; give at least 1"),
        ([], "required"),
    ],
)
def test_what_cannot_be_asked_for(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["benchmark", *words]) == 2
    error = capsys.readouterr().err
    assert said in error.splitlines()[-1]
