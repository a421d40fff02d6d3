"""autofas train: a network by name or genotype, the run folder it leaves, and what cannot be asked of it."""

from pathlib import Path

import yaml
from PIL import Image

from autofas.cli import main
from autofas.errors import DataError


def test_a_run_folder_is_left_with_its_figures(trained):
    values, runs = trained
    folder = Path(values["run"])
    assert folder.parent == runs / "train"
    names = {path.name for path in folder.iterdir()}
    assert {"config.yaml", "env.json", "results.csv", "log.txt", "weights", "scores-dev.csv"} <= names
    assert (folder / "weights" / "best.safetensors").is_file()
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert (config["baseline"], config["epochs"], config["input_size"]) == ("feathernet_a", 1, 32)
    assert len((folder / "results.csv").read_text().splitlines()) == 2


def test_a_preset_and_flags_reach_the_configuration(capsys):
    words = ["train", "--baseline", "cdcn", "--preset", "quick", "--batch-size", "7", "--modality", "depth"]
    assert main([*words, "--print-config"]) == 0
    config = yaml.safe_load(capsys.readouterr().out)
    assert (config["baseline"], config["batch_size"]) == ("cdcn", 7)
    assert config["data"]["modalities"] == ["depth"]


def test_what_cannot_be_asked(tmp_path, capsys):
    for words, message in (
        (["train"], "give either genotype (a file) or baseline (a name)"),
        (["train", "--baseline", "cdcm"], "cdcn"),
        (["train", "--genotype", str(tmp_path / "g.json")], "g.json"),
        (["train", "--baseline", "cdcn", "--input-size", "x"], "--input-size"),
    ):
        assert main(words) == 2
        assert message in capsys.readouterr().err


def test_a_dev_split_without_a_class_is_named_before_anything_is_decoded(tmp_path, capsys):
    rows = ["path,pai,subject,session,video,frame,split"]
    for split, people in (("train", "ab"), ("dev", "cd"), ("test", "ef")):
        for person in people:
            for pai in ("bona_fide", "print") if split != "dev" else ("bona_fide",):
                rows.append(f"{person}-{pai}.png,{pai},{person},1,{person}-{pai},0,{split}")
    manifest = tmp_path / "half.csv"  # its pictures do not exist
    manifest.write_text("\n".join(rows) + "\n")
    words = ["--dataset", str(manifest), "--runs-dir", str(tmp_path / "runs"), "--quiet"]
    assert main(["train", "--baseline", "feathernet_a", "--modality", "color", *words]) == 2
    error = capsys.readouterr().err
    assert "half: dev has no attack rows, and dev needs both classes" in error
    assert "--protocol" in error


def small_faces(folder, kinds_of_dev=("bona_fide", "print", "replay"), test=()):
    """A manifest of flat pictures: bona fide dark, attacks bright."""
    rows = ["path,pai,subject,session,video,frame,split"]
    for split, people in (("train", "ab"), ("dev", "cd")):
        for person in people:
            for pai in ("bona_fide", "print", "replay") if split == "train" else kinds_of_dev:
                rows.append(f"{person}-{pai}.png,{pai},{person},1,{person}-{pai},0,{split}")
    rows += test
    for row in rows[1:]:
        name, pai = row.split(",")[:2]
        Image.new("RGB", (32, 32), (40, 40, 40) if pai == "bona_fide" else (200, 200, 200)).save(
            folder / name
        )
    manifest = folder / "faces.csv"
    manifest.write_text("\n".join(rows) + "\n")
    return manifest


def test_an_instrument_that_dev_lacks_is_named_before_anything_is_decoded(tmp_path, capsys, monkeypatch):
    manifest = small_faces(tmp_path, kinds_of_dev=("bona_fide", "print"))
    said = []

    def stop(*_, **__):
        said.append(capsys.readouterr())
        raise DataError("decoding begins")

    monkeypatch.setattr("autofas.data.opening.FrameStore.build", stop)
    words = ["--dataset", str(manifest), "--runs-dir", str(tmp_path / "runs"), "--input-size", "32"]
    words += ["--modality", "color"]
    assert main(["train", "--baseline", "feathernet_a", *words]) == 2
    assert "note: dev has no replay rows, but train has" in said[0].out + said[0].err
    assert "--protocol" in said[0].out + said[0].err


def test_scores_that_rank_attacks_above_bona_fide_are_said_at_the_end(tmp_path, capsys, monkeypatch):
    manifest = small_faces(tmp_path)
    words = ["--dataset", str(manifest), "--runs-dir", str(tmp_path / "runs"), "--input-size", "32"]
    words += ["--modality", "color"]
    words += ["--epochs", "1", "--baseline", "feathernet_a", "--threads", "1", "--quiet"]
    for error, said in (((0.9, 0.8), True), ((0.2, 0.1), False)):
        monkeypatch.setattr("autofas.training.train.dev_error", lambda *_, error=error: error)
        assert main(["train", *words]) == 0
        out = capsys.readouterr().out
        assert ("feathernet_a on dev per video: AUC 20.00 % is below one half" in out) is said


def test_events_without_the_extra_are_told_before_any_data_is_read(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("autofas.runs.event_log.find_spec", lambda name: None)
    monkeypatch.setattr("autofas.data.opening.OpenedDatasets.divided", None)
    words = [
        "train",
        *["--baseline", "feathernet_b"],
        "--dataset",
        "synthetic",
        "--runs-dir",
        str(tmp_path),
        "--tensorboard",
    ]
    assert main(words) == 2
    line = capsys.readouterr().err
    assert line.startswith(
        "autofas train: events for TensorBoard need tensorboard, which is not installed; pip"
    )
    assert line.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
