"""autofas train: a network by name or genotype, the run folder it leaves, and what cannot be asked of it."""

from pathlib import Path

import yaml

from autofas.cli import main


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
