"""One small search for all tests of the room that only look at what a search leaves."""

import pytest

from autofas.search.search import search
from tests.search.searches import config


@pytest.fixture(scope="session")
def first(tmp_path_factory, cache):
    """The result of a search of three epochs, with its run folder."""
    from tests.conftest import TINY_FACES

    return search(config(tmp_path_factory.mktemp("runs"), TINY_FACES))
