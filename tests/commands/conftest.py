"""A network trained for an epoch on small faces, once for the verbs that need one."""

import pytest

from autofas.cli import main_values

SMALL = "data.synthetic={train_users: 2, dev_users: 1, test_users: 1, frames_per_video: 1, size: 32}"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The values of autofas train, and the folder of its runs."""
    runs = tmp_path_factory.mktemp("runs")
    words = ["train", "--baseline", "feathernet_a", "--epochs", "1", "--input-size", "32", "--set", SMALL]
    return main_values([*words, "--runs-dir", str(runs), "--threads", "1", "--quiet"]), runs
