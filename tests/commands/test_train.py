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
