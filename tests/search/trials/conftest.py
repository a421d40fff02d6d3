"""Small searches by trials that several tests look at."""

import pytest

from autofas.search.search import search
from tests.search.searches import config

TINY = {"epochs": 1, "warmup_epochs": 0, "batch_size": 60}


def trials(tmp_path, data, **changes):
    """The configuration of a search by trials of one epoch each at 16 pixels."""
    return config(tmp_path, data, **(TINY | {"strategy": "evolution", "trials": 6} | changes))


@pytest.fixture
def optuna():
    """Optuna; skipped where the extra is not installed."""
    return pytest.importorskip("optuna", reason="the extra [trials] is not installed")


@pytest.fixture(scope="session")
def evolved(tmp_path_factory, cache):
    """The configuration and the result of a search of six trials by evolution, a population of three."""
    pytest.importorskip("optuna", reason="the extra [trials] is not installed")
    from tests.conftest import TINY_FACES

    chosen = trials(tmp_path_factory.mktemp("evolved"), TINY_FACES, study={"population": 3}, name="whole")
    return chosen, search(chosen)
