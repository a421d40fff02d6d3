"""A network trained for an epoch on noise, judged on its own data and across on another set."""

import shutil
from pathlib import Path

import pytest

from autofas.config.data import DataConfig
from autofas.config.evaluate import EvaluateConfig
from autofas.evaluation.evaluate import evaluate
from tests.evaluation.evaluation_files import small_data_set, trained_run


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """A folder with data sets a and b, and a run trained on a, evaluated on a and across on b."""
    root = tmp_path_factory.mktemp("verify")
    manifest = small_data_set(root / "a")
    other = small_data_set(root / "b", seed=1)
    run = trained_run(root / "runs", manifest, root / "cache")
    evaluate(EvaluateConfig(run=str(run), device="cpu", threads=1, cross=DataConfig(dataset=str(other))))
    return root


@pytest.fixture
def run(made, tmp_path) -> Path:
    """A copy of the run to edit."""
    return Path(shutil.copytree(made / "runs" / "train" / "run", tmp_path / "run"))
