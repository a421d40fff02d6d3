"""The wheel holds every package and data file and nothing that would collide in site-packages; the kernels'
library is in it where a compiler was found, and nowhere else is anything lost."""

import ctypes
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PIP = [sys.executable, "-m", "pip"]
LIBRARY = "autofas/models/kernels/libautofas_kernels.so"
NO_COMPILER = "/nowhere/c++"
FAKE_COMPILER = """#!/bin/sh
# compiles nothing, and links a library with one function
while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; [ "$1" = -shared ] && link=1; shift; done
[ "$link" ] || exec touch "$out"
echo 'int autofas_here(void) { return 7; }' | cc -shared -x c - -o "$out"
"""


@pytest.fixture
def tree(tmp_path):
    """A copy of the checkout: the build writes beside its sources."""
    copy = tmp_path / "tree"
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        if name.startswith(("autofas/", "baselines/", "search_spaces/")) or "/" not in name:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    return copy


@pytest.fixture
def compiler(tmp_path):
    """A compiler that takes no time."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler here")
    path = tmp_path / "fake-c++"
    path.write_text(FAKE_COMPILER)
    path.chmod(0o755)
    return str(path)


def build_wheel(source, cxx):
    """The wheel of `source`, built in place with CXX=`cxx`, and what was printed."""
    command = [*PIP, "wheel", "-v", "--no-deps", "--no-build-isolation", "-w", str(source.parent)]
    environment = {**os.environ, "CXX": cxx}
    shown = subprocess.run(
        [*command, str(source)], env=environment, check=True, capture_output=True, text=True
    )
    (wheel,) = source.parent.glob("*.whl")
    return wheel, shown.stdout + shown.stderr


def test_the_wheel_is_complete_and_keeps_to_its_own_folder(tree):
    wheel, shown = build_wheel(tree, NO_COMPILER)
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    outside = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert outside == {"autofas"}
    expected = {
        str(Path("autofas") / path.relative_to(tree)) if folder != "autofas" else str(path.relative_to(tree))
        for folder in ("autofas", "baselines", "search_spaces")
        for path in (tree / folder).rglob("*")
        if path.suffix in (".py", ".yaml", ".typed", ".onnx", ".css", ".js", ".h", ".cpp")
    }
    assert expected <= names, sorted(expected - names)
    # a registry's page shows its picture: no address in it is relative to the checkout
    with zipfile.ZipFile(wheel) as archive:
        about = next(name for name in names if name.endswith(".dist-info/METADATA"))
        text = archive.read(about).decode()
    source = re.search(r"Project-URL: Source, (\S+)", text).group(1)
    assert f"]({source}/raw/HEAD/results/demo/pareto-params.png)" in text
    assert all(re.match(r"https?://|#", address) for address in re.findall(r"\]\(([^)]+)\)", text))
    # without a compiler it is of any platform, and one line says what that costs
    assert wheel.name.endswith("-py3-none-any.whl")
    assert LIBRARY not in names
    (line,) = [line for line in shown.splitlines() if "kernels were not compiled" in line]
    assert "/nowhere/c++ does not start" in line
    assert "a search on the CPU will take" in line


def test_with_a_compiler_the_wheel_is_of_its_platform_and_of_no_python_version(tree, compiler, tmp_path):
    wheel, shown = build_wheel(tree, compiler)
    assert "not compiled" not in shown
    assert "-py3-none-" in wheel.name
    assert not wheel.name.endswith("-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extract(LIBRARY, tmp_path)
        about = next(name for name in archive.namelist() if name.endswith(".dist-info/WHEEL"))
        assert "Root-Is-Purelib: false" in archive.read(about).decode()
    assert ctypes.CDLL(str(tmp_path / LIBRARY)).autofas_here() == 7
    # what is left in the build folder is not taken for that of a later build without a compiler
    wheel.unlink()
    wheel, _ = build_wheel(tree, NO_COMPILER)
    assert wheel.name.endswith("-py3-none-any.whl")


def test_the_source_distribution_holds_the_kernels_sources_and_builds(tree, compiler, tmp_path):
    (tree / LIBRARY).write_bytes(b"a library built in place")
    setup = [sys.executable, "setup.py", "-q", "sdist", "-d", str(tmp_path)]
    subprocess.run(setup, cwd=tree, check=True, capture_output=True)
    (archive,) = tmp_path.glob("autofas-*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path / "sdist", filter="data")
    (unpacked,) = (tmp_path / "sdist").iterdir()
    assert not (unpacked / LIBRARY).exists()
    folder = "autofas/models/kernels"
    sources = {path.name for path in (tree / folder).iterdir()} - {Path(LIBRARY).name}
    assert sources == {path.name for path in (unpacked / folder).iterdir()}
    wheel, _ = build_wheel(unpacked, compiler)
    assert LIBRARY in zipfile.ZipFile(wheel).namelist()


def test_an_editable_installation_has_the_library_in_place(tree, compiler, tmp_path):
    command = [*PIP, "install", "-q", "--no-deps", "--no-build-isolation", "--target", str(tmp_path / "site")]
    environment = {**os.environ, "CXX": compiler}
    subprocess.run([*command, "-e", str(tree)], env=environment, check=True, capture_output=True)
    assert ctypes.CDLL(str(tree / LIBRARY)).autofas_here() == 7
