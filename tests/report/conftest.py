"""Two evaluated trainings and a search of the smallest generated faces, shared by the tests of the page."""

import pytest

from autofas.cli import main

FACES = "data.synthetic={train_users: 2, dev_users: 2, test_users: 2, frames_per_video: 1, size: 32}"


@pytest.fixture(scope="session")
def runs(tmp_path_factory, cache):
    """(searched, hand-designed, search): three run folders."""
    folder = tmp_path_factory.mktemp("report") / "runs"
    common = ["--preset", "quick", "--runs-dir", str(folder), "--threads", "1", "--quiet", "--set", FACES]
    search = ["--set", "input_size=32", "--set", "batch_size=30", "--set", "warmup_epochs=0", "--epochs", "2"]
    assert main(["search", *common, *search]) == 0
    found = folder / "search" / "exp"
    train = ["--epochs", "2", "--input-size", "32"]
    assert main(["train", *common, *train, "--genotype", str(found / "genotype.json"), "--name", "own"]) == 0
    assert main(["train", *common, *train, "--baseline", "mobilenet_v2", "--name", "other"]) == 0
    trained = [folder / "train" / name for name in ("own", "other")]
    assert main(["evaluate", "--run", *map(str, trained), "--threads", "1", "--quiet"]) == 0
    return (*trained, found)
