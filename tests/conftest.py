"""Small generated faces, made once a session and shared by the tests of the verbs."""

import os

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def one_thread():
    """Every test begins with one thread, whatever the verbs before it have set: other numbers of threads give
    other bits, and a forked process that would need its parent's threads waits for ever."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """A cache folder of the session's own: tests neither read nor fill the user's."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["AUTOFAS_CACHE"] = str(folder)
    return folder


TINY_FACES = {
    "synthetic": {
        "train_users": 4,
        "dev_users": 2,
        "test_users": 2,
        "frames_per_video": 1,
        "size": 32,
    },
    "workers": 2,
}
"""`data` of a configuration: 240 training, 120 dev and 60 test frames under protocol 1."""


@pytest.fixture
def tiny_data():
    return TINY_FACES
