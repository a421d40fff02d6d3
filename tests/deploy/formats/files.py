"""A run's files in one format of phones, and what every such format has to do."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from autofas.cli import main, main_values
from autofas.deploy.info import beside, read_beside
from autofas.deploy.runtime import open_scorer
from autofas.errors import RunError


def made(run: Path, name: str, out: Path) -> Path:
    """The folder of a run's files in a format, of both forms; BGR, which RGB would not show."""
    words = ["export", "--run", str(run), "--format", name, "--form", "both", "--channels", "BGR"]
    assert main([*words, "--crops", "40", "--out", str(out), "--quiet"]) == 0
    return out


def check(folder: Path, run: Path, suffix: str, capsys) -> None:
    """Both forms score as the run does, say what they are, and predict, benchmark and verify take them."""
    given = np.random.default_rng(0).integers(0, 256, (3, 3, 32, 32), dtype=np.uint8)
    wanted = open_scorer(run, threads=1).score({"color": given})
    for stem, form in (("model", "tensor"), ("model-crop", "crop")):
        path = folder / f"{stem}{suffix}"
        scorer = open_scorer(path, threads=1)
        found = scorer.score({"color": given})
        np.testing.assert_allclose(found.scores, wanted.scores, atol=1e-5)
        np.testing.assert_allclose(found.maps, wanted.maps, atol=1e-4)
        assert np.ptp(found.scores) > 1e-4  # that they are equal means something
        assert scorer.info.form == form
        told = json.loads(beside(path).read_text())
        assert told["parity"]["crops"] == 40
        assert told["parity"]["changed"] == 0
        assert set(told["files"]) == {
            file.name for file in folder.glob(f"{stem}.*") if file.suffix != ".json"
        }
    verbs(folder / f"model-crop{suffix}", folder, capsys)


def verbs(path: Path, folder: Path, capsys) -> None:
    """predict, benchmark and verify on one file."""
    from tests.deploy.stand_ins import photograph

    words = ["predict", str(path), str(photograph(folder.parent)), "--no-detector", "--quiet"]
    (row,) = main_values(words)["rows"]
    assert 0 <= row["score"] <= 1
    (one,) = main_values(["benchmark", str(path), "--repeats", "2", "--warmup", "0", "--quiet"])["files"]
    assert one["latency_ms"]["1"] > 0
    assert 10 < one["peak_mb"] < 500
    assert one["bytes"] == json.loads(beside(path).read_text())["bytes"]
    capsys.readouterr()
    assert main(["verify", str(path)]) == 0
    assert "as recorded" in capsys.readouterr().out


def check_strangers(folder: Path, suffix: str, tmp_path: Path) -> None:
    """A file without its record, or with another's, is refused before its runtime sees it."""
    for file in folder.glob("model.*"):
        shutil.copy(file, tmp_path / file.name)
    path = tmp_path / f"model{suffix}"
    record = beside(path).read_text()
    with path.open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(RunError, match=r"is not the file that .*json describes"):
        open_scorer(path)
    beside(path).unlink()
    with pytest.raises(
        RunError, match=r"lacks .*json, which says how its input is prepared; keep them together"
    ):
        open_scorer(path)
    beside(path).write_text(record.replace('"tensor"', '"image"', 1))
    with pytest.raises(RunError, match="form: "):
        read_beside(path)
