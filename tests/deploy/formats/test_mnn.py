"""Files of mnn: exported, run in its own runtime, the same scores."""

import pytest

pytest.importorskip("MNN", reason="mnn is not installed")

from autofas.deploy.formats.mnn import WINOGRAD_MEMORY_LEVEL
from autofas.deploy.runtime import open_scorer
from tests.deploy.formats.files import check, check_strangers, made


@pytest.fixture(scope="module")
def folder(evaluated_run, tmp_path_factory):
    return made(evaluated_run, "mnn", tmp_path_factory.mktemp("mnn") / "files")


def test_both_forms_score_in_mnn_as_the_run_does(folder, evaluated_run, capsys):
    check(folder, evaluated_run, ".mnn", capsys)


def test_a_file_for_mnn_is_held_to_its_record(folder, tmp_path):
    check_strangers(folder, ".mnn", tmp_path)


def test_the_smallest_tile_of_winograds_transform_is_asked_for(folder, monkeypatch):
    """MNN's own choice of tile put a map at 108 pixels 2e-4 off, which no `export` would have kept."""
    import MNN

    asked = []

    class Manager:
        def __init__(self, made):
            self.made = made

        def set_hint(self, *values):
            asked.append(values)
            self.made.set_hint(*values)

    real, load = MNN.nn.create_runtime_manager, MNN.nn.load_module_from_file
    monkeypatch.setattr(MNN.nn, "create_runtime_manager", lambda config: Manager(real(config)))
    monkeypatch.setattr(
        MNN.nn,
        "load_module_from_file",
        lambda *words, runtime_manager: load(*words, runtime_manager=runtime_manager.made),
    )
    open_scorer(folder / "model.mnn", threads=1)
    assert asked == [(WINOGRAD_MEMORY_LEVEL, 0)]
