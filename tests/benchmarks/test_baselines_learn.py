"""The benchmarks of the hand-designed networks: a table, a picture, and no training done twice."""

import json
from pathlib import Path

import pytest
import torch

from autofas.errors import AutofasError
from benchmarks import baselines_learn, feathernet_ablation

torch.set_num_threads(1)
SMALL = ["--epochs", "1", "--users", "2", "1", "1", "--input-size", "32", "--device", "cpu", "--threads", "1"]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOFAS_CACHE", str(tmp_path_factory.getbasetemp() / "faces"))


def test_a_table_a_picture_and_a_second_call_that_trains_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "out"), "--json", "--quiet"]
    assert baselines_learn.main(["--models", "feathernet_a,feathernet_b", *SMALL, *places]) == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["rows"]
    assert {row["model"] for row in rows} == {"feathernet_a", "feathernet_b"}
    for row in rows:
        assert row["acer"] == pytest.approx((row["apcer"] + row["bpcer"]) / 2)
        assert row["train_seconds"] > 0
        assert row["cpu_seconds"] > 0
        assert row["beats_chance"] == (row["upper_95"] < 0.5)
    assert {row["model"]: row["params"] for row in rows} == {"feathernet_a": 345_332, "feathernet_b": 351_220}
    page = (tmp_path / "out/baselines_learn.md").read_text(encoding="utf-8")
    assert "| feathernet_a " in page
    assert "2/1/1 train/dev/test people" in page
    assert (tmp_path / "out/baselines_learn.png").stat().st_size > 10_000

    def refuse(*args: object, **keys: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(baselines_learn, "train", refuse)
    assert baselines_learn.main(["--models", "feathernet_a,feathernet_b", *SMALL, *places]) == 0
    with pytest.raises(AssertionError, match="trained again"):  # another seed is another measurement
        baselines_learn.main(["--models", "feathernet_a", *SMALL, *places, "--seed", "1"])


def test_a_network_that_cannot_be_trained_is_named_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "out"), "--json", "--quiet"]
    names = "feathernet,visionlabs_dlas_a,feathernet_a"
    assert baselines_learn.main(["--models", names, *SMALL, *places]) == 1
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [row["model"] for row in values["rows"]] == ["feathernet_a"]
    assert "does not exist; choose from feathernet_a" in values["failed"]["feathernet"]
    assert "choose 48 or more" in values["failed"]["visionlabs_dlas_a"]


def test_cost_bends_the_budget_by_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    def note(label: str, flags: dict, quiet: bool) -> None:
        asked[label] = (flags["input_size"], flags["epochs"], flags.get("data.modalities"))
        raise AutofasError("not trained here")

    monkeypatch.setattr(baselines_learn, "learn", note)
    names = "feathernet_b,resnet18,auxiliary_depth,visionlabs_dlas_a,afa"
    assert baselines_learn.main(["--models", names, "--out", str(tmp_path)]) == 1
    assert asked == {
        "feathernet_b": (64, 2, ["depth"]),
        "resnet18": (64, 2, ["depth"]),
        "auxiliary_depth": (32, 4, None),  # 2.96 GMACs at 64, 0.74 at 32
        "visionlabs_dlas_a": (48, 1, None),  # 2.63 GMACs at 64
        "afa": (8, 1, None),
    }


def test_effects_are_differences_of_the_same_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def invented(label: str, flags: dict, quiet: bool) -> dict:
        """ACER by arithmetic, to check the page by hand: GAP costs 10 points, the branch saves 2."""
        variant, seed = label.rsplit("-seed", 1)
        acer = 0.3 + 0.01 * int(seed) + 0.1 * ("gap" in variant) - 0.02 * ("branch" in variant)
        assert flags["options"]["head"] == feathernet_ablation.VARIANTS[variant][1]
        board = {
            "acer": acer,
            "apcer": acer,
            "bpcer": acer,
            "auc": 0.5,
            "params": 1,
            "macs": 1,
            "input": "3x64x64",
        }
        place = {"device": "none", "machine": "nowhere", "cpu_seconds": 1.0}
        return {"leaderboard": {**board, "commit": "0"}, **place}

    monkeypatch.setattr(feathernet_ablation, "learn", invented)
    assert feathernet_ablation.main(["--out", str(tmp_path), "--seeds", "0", "1", "2"]) == 0
    page = (tmp_path / "feathernet_ablation.md").read_text(encoding="utf-8")
    line = next(line for line in page.splitlines() if "pooled branch, with streaming" in line)
    assert [cell.strip() for cell in line.split("|")[2:-1]] == ["-2.00", "-2.00", "-2.00", "-2.00", "better"]
    line = next(
        line for line in page.splitlines() if line.startswith("| streaming instead of GAP + FC, without")
    )
    assert [cell.strip() for cell in line.split("|")[2:-1]] == [
        "-10.00",
        "-10.00",
        "-10.00",
        "-10.00",
        "better",
    ]
    line = next(line for line in page.splitlines() if line.startswith("| model1-streaming"))
    assert "31.00 ± 0.82" in line  # 30, 31, 32: standard deviation sqrt(2/3)
    assert len((tmp_path / "feathernet_ablation.csv").read_text(encoding="utf-8").splitlines()) == 19
