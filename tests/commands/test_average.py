"""autofas average: the mean of every weight in a run folder of its own, judged and verified as any other."""

from pathlib import Path

import pytest
import torch

from autofas.cli import main, main_values
from autofas.config.data import DataConfig
from autofas.config.evaluate import EvaluateConfig
from autofas.config.train import TrainConfig
from autofas.evaluation.evaluate import evaluate
from autofas.evaluation.verification import verify
from autofas.models.build import build
from autofas.models.weights import WEIGHTS_FILE, read_weights, save_weights
from autofas.runs.record import read_record
from autofas.runs.run_folder import Run, stored_config
from tests.evaluation.evaluation_files import small_data_set


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with a small data set."""
    folder = tmp_path_factory.mktemp("average")
    small_data_set(folder / "a")
    return folder


@pytest.fixture
def two(root, tmp_path):
    """Run folders of two networks that differ in their seed, as far as averaging looks at them."""
    return [untrained(tmp_path / "runs", root / "a", seed) for seed in (0, 1)]


def untrained(runs: Path, data: Path, seed: int, **changes) -> Path:
    """A run folder with the weights that a seed begins with."""
    own = DataConfig(
        dataset=str(data / "manifest.csv"), protocol="none", workers=0, cache_dir=str(data.parent / "cache")
    )
    config = TrainConfig(baseline="feathernet_a", input_size=32, seed=seed, data=own, **changes)
    torch.manual_seed(seed)
    with Run.create(str(runs), "train", f"seed{seed}", echo=False) as run:
        run.start(config, "cpu", 1)
        (run.path / WEIGHTS_FILE.parent).mkdir()
        network = build("feathernet_a", input_size=32)
        save_weights(network, run.path / WEIGHTS_FILE, margin=1.3, provenance={"dataset": own.dataset})
    return run.path


def test_average_of_two_runs_by_hand(two, tmp_path, capsys):
    values = main_values(["average", *map(str, two), "--runs-dir", str(tmp_path / "runs"), "--quiet"])
    made = Path(values["run"])
    assert made == tmp_path / "runs" / "train" / "average"
    one, other, mean = (read_weights(folder / WEIGHTS_FILE)[0] for folder in (*two, made))
    for name, tensor in mean.items():
        if tensor.is_floating_point():
            assert torch.equal(tensor, ((one[name].double() + other[name].double()) / 2).to(tensor.dtype))
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"weights  {made / WEIGHTS_FILE}", f"next     autofas evaluate --run {made}"]


def test_the_new_run_says_of_what_it_is_and_can_be_judged(two, tmp_path):
    words = ["average", *map(str, two), "--runs-dir", str(tmp_path / "runs"), "--name", "mean", "--quiet"]
    made = Path(main_values(words)["run"])
    assert made.name == "mean"
    assert stored_config(made) == stored_config(two[0])
    origin = read_weights(made / WEIGHTS_FILE)[1].provenance
    assert (origin["run"], origin["average_of"]) == ("mean", "seed0, seed1")
    assert read_record(made)["entries"][0]["verb"] == "average"
    evaluate(EvaluateConfig(run=str(made), device="cpu", threads=1))
    assert verify(made).faults == []


def test_a_network_averaged_with_itself_is_itself(two, tmp_path):
    words = ["average", *[str(two[0])] * 3, "--runs-dir", str(tmp_path / "runs"), "--quiet"]
    made = Path(main_values(words)["run"])
    before, after = (read_weights(folder / WEIGHTS_FILE)[0] for folder in (two[0], made))
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_what_cannot_be_averaged(two, root, tmp_path, capsys):
    other = untrained(tmp_path / "others", root / "b", 0)
    for words, message in (
        ([two[0]], "1 weights file cannot be averaged; give two or more"),
        ([two[0], other], f"{other} and {two[0]} were trained on different data; average runs of one split"),
        ([two[0], tmp_path / "nowhere"], "nowhere is not a run folder"),
    ):
        assert main(["average", *map(str, words), "--runs-dir", str(tmp_path / "new"), "--quiet"]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    assert not (tmp_path / "new").exists()
