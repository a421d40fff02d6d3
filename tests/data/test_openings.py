"""A data set is opened once a command, however many folds, networks and runs the command goes through."""

import pandas as pd
import pytest
from PIL import Image

from autofas.cli import main
from autofas.config.data import DataConfig
from autofas.data import dataset as module
from autofas.data.opening import OpenedDatasets
from autofas.data.synthetic import generate

FOLDS = ["--protocol", "leave-subjects-out:2"]
TINY = ["--quiet", "--threads", "1", "--device", "cpu", "--epochs", "1", "--set", "batch_size=30"]


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """Generated faces as a manifest of someone's own, with depth."""
    folder = tmp_path_factory.mktemp("faces") / "mine"
    users = {"train": 4, "dev": 2, "test": 1}
    generate(folder, users=users, frames_per_video=1, size=32, modalities=("color", "depth"))
    return folder / "manifest.csv"


@pytest.fixture
def openings(monkeypatch, tmp_path):
    """Every opening of a manifest, in an empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    seen, real = [], module.read_manifest
    monkeypatch.setattr(module, "read_manifest", lambda path: seen.append(path) or real(path))
    return seen


def run(*words):
    assert main([str(word) for word in words]) == 0


def test_training_opens_it_once_for_its_modalities_its_folds_and_each_of_them(openings, faces):
    # which modalities a manifest has, and the folds of the protocol, depend on its rows
    words = ["--baseline", "feathernet_b", "--modality", "depth", "--input-size", "32"]
    run("train", *words, "--dataset", faces, *FOLDS, *TINY)
    assert openings == [faces]
    run("evaluate", "--run", "runs/train/exp-fold1", "runs/train/exp-fold2", "--quiet", "--threads", "1")
    assert openings == [faces] * 2


def test_search_opens_it_once_for_all_folds(openings, faces):
    sets = ["--set", "input_size=16", "--set", "warmup_epochs=0"]
    run("search", "--space", "small", "--dataset", faces, *FOLDS, *TINY, *sets)
    assert openings == [faces]


def test_what_is_read_again_is_what_would_be_read_otherwise(openings, faces):
    datasets = OpenedDatasets()
    config = DataConfig(dataset=str(faces))
    whole = datasets.whole(config)
    other = config.model_copy(update={"protocol": "leave-subjects-out:2", "fold": 2, "split_seed": 3})
    assert datasets.whole(other) is whole
    assert datasets.divided(other).fold == 2
    fewer = datasets.whole(config.model_copy(update={"frames_per_video": 1}))
    assert fewer is not whole
    assert len(openings) == 2


def test_crops_are_decoded_once_a_size_and_margin(openings, faces, tmp_path):
    datasets = OpenedDatasets()
    config = DataConfig(dataset=str(faces), cache_dir=str(tmp_path / "cache"))
    store = datasets.crops(config, 16)
    assert datasets.crops(config.model_copy(update={"protocol": 1}), 16) is store
    assert datasets.crops(config, 24).size == 24
    assert datasets.crops(config.model_copy(update={"margin": 1.0}), 16).margin == 1.0


def test_too_few_frames_are_told_before_anything_is_decoded(tmp_path, monkeypatch, capsys):
    # one person to train on, a frame of each kind: two ranks want two frames each
    monkeypatch.chdir(tmp_path)
    rows = []
    for subject, split in (("b", "train"), ("c", "dev")):
        for pai in ("bona_fide", "print"):
            name = f"{subject}-{pai}.png"
            Image.new("RGB", (40, 40)).save(name)
            rows.append({"path": name, "pai": pai, "subject": subject, "session": "1", "device": "1"})
            rows[-1] |= {"video": name, "frame": 0, "split": split}
    pd.DataFrame(rows).to_csv("manifest.csv", index=False)
    monkeypatch.setattr("autofas.data.opening.FrameStore.build", lambda *_, **__: pytest.fail("decoded"))
    monkeypatch.setattr("autofas.runtime.ranks.world_size", lambda: 2)
    monkeypatch.setattr("autofas.runtime.ranks.barrier", lambda: None)
    words = ["train", "--baseline", "feathernet_b", "--modality", "color", "--dataset", "manifest.csv"]
    words += ["--quiet", "--device", "cpu"]
    monkeypatch.setattr("autofas.runtime.ranks.from_first", lambda make: make())
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "2 training frames are too few for 2 ranks: a batch needs 2 on each" in error
