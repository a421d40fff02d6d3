"""A bare checkout, without `pip install`, says in one line what to do, and changes nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCES = Path(__file__).parent.parent / "autofas"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A folder that holds autofas/ and, as a checkout does, baselines/ beside it."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(SOURCES, folder / "autofas", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(SOURCES.parent / "baselines", folder / "baselines")
    return folder.resolve()


def python(checkout, *words):
    """Python in the checkout that sees it and its own library, no installed package."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-S", *words], cwd=checkout, env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize("words", [[], ["--help"], ["spaces"], ["search", "--dataset", "synthetic"]])
def test_every_verb_asks_to_be_installed(checkout, words):
    found = python(checkout, "-m", "autofas", *words)
    assert found.returncode == 2
    assert not found.stdout
    assert found.stderr.count("\n") == 1
    assert f"{checkout} is not installed" in found.stderr
    assert found.stderr.endswith(f"pip install -e {checkout}\n")


def test_the_python_interface_asks_too(checkout):
    found = python(checkout, "-c", "import autofas; autofas.build('deeppixbis')")
    assert "NotInstalled: " in found.stderr.splitlines()[-1]
    assert "pip install -e" in found.stderr.splitlines()[-1]
