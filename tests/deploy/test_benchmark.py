"""autofas benchmark and pareto --x latency, as a user runs them."""

import json

import pytest
from PIL import Image

from autofas.analysis.latency_table import LatencyRow, append_latencies, read_latencies
from autofas.cli import main

FAST = ["--repeats", "3", "--warmup", "1", "--quiet"]


@pytest.fixture(scope="module")
def benchmarked(exported, trained):
    assert main(["benchmark", str(trained), *FAST]) == 0
    return trained.parent.parent / "latency.csv"


def test_a_run_and_its_files_stand_in_one_table(exported, trained, capsys):
    assert main(["benchmark", str(trained), *FAST, "--no-memory", "--json"]) == 0
    out = capsys.readouterr().out.splitlines()
    files = {one["runtime"]: one for one in json.loads(out[-1])["files"]}
    assert set(files) == {
        "torch eager fp32", "onnxruntime fp32", "onnxruntime fp32 crop", "onnxruntime int8",
        "onnxruntime int8 crop",
    }  # fmt: skip
    whole = json.loads((trained / "metrics.json").read_text())
    for name in ("torch eager fp32", "onnxruntime fp32", "onnxruntime fp32 crop"):
        assert files[name]["parity"]["changed"] == 0
        assert files[name]["parity"]["score_error"] < 1e-4
        assert files[name]["acer"] == pytest.approx(whole["acer"])
    assert files["torch eager fp32"]["parity"]["score_error"] == 0
    assert all(value > 0 for one in files.values() for value in one["latency_ms"].values())
    assert files["onnxruntime fp32"]["bytes"] == (exported / "model.onnx").stat().st_size


def test_a_file_alone_is_timed_and_judged_by_nobody(exported, capsys):
    words = ["benchmark", str(exported / "model.onnx"), *FAST, "--json"]
    assert main(words) == 0
    (one,) = json.loads(capsys.readouterr().out.splitlines()[-1])["files"]
    assert one["parity"] is None
    assert one["acer"] is None
    assert 20 < one["peak_mb"] < 400  # torch alone takes more than that


def test_latency_is_a_horizontal_axis(benchmarked, trained, tmp_path, capsys):
    board = str(trained.parent.parent / "leaderboard.csv")
    words = ["pareto", str(trained), "--x", "latency", "--leaderboard", board]
    assert main([*words, "--out", str(tmp_path / "p.png"), "--json"]) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert values["front"] == ["small"]
    assert Image.open(tmp_path / "p.png").size == (1600, 1000)
    rows = read_latencies(benchmarked)
    assert {row.runtime for row in rows} >= {"torch eager fp32", "onnxruntime fp32", "onnxruntime int8"}
    assert all(row.input == "3x32x32" for row in rows)


def test_a_model_without_a_latency_is_named_with_the_command(trained, tmp_path, capsys):
    board = tmp_path / "leaderboard.csv"
    board.write_text((trained.parent.parent / "leaderboard.csv").read_text())
    assert main(["pareto", str(trained), "--x", "latency", "--leaderboard", str(board)]) == 2
    error = capsys.readouterr().err
    assert "small (3x32x32) has no latency" in error
    assert f"run autofas benchmark {trained}" in error


def test_a_measurement_made_again_takes_the_old_ones_place(tmp_path):
    row = LatencyRow(
        model="m", input="3x8x8", params=1, runtime="r", threads=1, latency_ms=2.5, iqr_ms=0.0, machine="one"
    )
    append_latencies(tmp_path / "l.csv", [row, row.model_copy(update={"threads": 2})])
    append_latencies(tmp_path / "l.csv", [row.model_copy(update={"latency_ms": 1.25})])
    assert [(one.threads, one.latency_ms) for one in read_latencies(tmp_path / "l.csv")] == [
        (2, 2.5),
        (1, 1.25),
    ]
