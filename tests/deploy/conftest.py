"""One trained and exported network for all tests of the room: the smallest that has a live map."""

import os

import numpy as np
import pytest

from autofas.cli import main
from autofas.models.genotype import genotype_from_cells, save_genotype
from autofas.models.space import load_space
from autofas.search.derive import random_cells

FACES = "data.synthetic={train_users: 2, dev_users: 2, test_users: 2, frames_per_video: 1, size: 32}"


@pytest.fixture(scope="session")
def trained(tmp_path_factory, cache):
    """A trained and evaluated run folder: a random genotype at 32 pixels, one epoch on generated faces."""
    folder = tmp_path_factory.mktemp("deploy")
    space = load_space("small")
    normal, reduction = random_cells(space, np.random.default_rng(0))
    save_genotype(genotype_from_cells(space, normal, reduction, "random"), folder / "genotype.json")
    words = [
        "--genotype",
        str(folder / "genotype.json"),
        "--runs-dir",
        str(folder / "runs"),
        "--name",
        "tiny",
    ]
    words += ["--preset", "quick", "--epochs", "1", "--input-size", "32", "--threads", "1"]
    assert main(["train", *words, "--set", FACES, "--quiet"]) == 0
    run = folder / "runs" / "train" / "tiny"
    assert main(["evaluate", "--run", str(run), "--threads", "1", "--quiet"]) == 0
    return run


@pytest.fixture(scope="session")
def exported(trained):
    """Its export folder: model.onnx and model-crop.onnx with their JSON; skipped without autofas[export]."""
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="needs autofas[export]")
    assert main(["export", "--run", str(trained), "--form", "both", "--int8", "--quiet"]) == 0
    assert os.listdir(trained / "export")
    return trained / "export"
