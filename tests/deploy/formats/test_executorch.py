"""Files of executorch: exported, run in its own runtime, the same scores."""

import pytest

pytest.importorskip("executorch", reason="executorch is not installed")

from tests.deploy.formats.files import check, check_strangers, made


@pytest.fixture(scope="module")
def folder(evaluated_run, tmp_path_factory):
    return made(evaluated_run, "executorch", tmp_path_factory.mktemp("executorch") / "files")


def test_both_forms_score_in_executorch_as_the_run_does(folder, evaluated_run, capsys):
    check(folder, evaluated_run, ".pte", capsys)


def test_a_file_for_executorch_is_held_to_its_record(folder, tmp_path):
    check_strangers(folder, ".pte", tmp_path)
