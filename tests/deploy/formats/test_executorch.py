"""Files of executorch: exported, run in its own runtime, the same scores."""

import subprocess
import sys

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


def test_its_notes_on_the_processor_are_not_printed(folder):
    words = f"from autofas.deploy.runtime import open_scorer; open_scorer({str(folder / 'model.pte')!r}, 1)"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
