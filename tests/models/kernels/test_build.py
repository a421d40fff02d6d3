"""The commands that build the library, and what a machine without a compiler, or with a poor one, is told."""

import os

import pytest

from autofas.models.kernels import build as module
from autofas.models.kernels.build import LIBRARY, build, commands, find_compiler, units


def test_a_processor_gets_the_units_of_its_family():
    x86 = [unit.name for unit in units("x86_64")]
    assert x86 == ["float_generic", "float_avx2", "float_avx512", "double_generic", "double_avx2"]
    assert [unit.name for unit in units("aarch64")] == ["float_generic", "double_generic"]


def test_every_unit_is_one_compilation_and_the_link_takes_them_all(tmp_path):
    compilations, link = commands(tmp_path / LIBRARY, tmp_path, "clang++ -m64", machine="aarch64")
    assert all(command[:2] == ["clang++", "-m64"] for command in [*compilations, link])
    made = [command[command.index("-o") + 1] for command in compilations]
    assert len(made) == len(set(made)) == 2 + 2  # two units, the threads, the processor's name
    assert set(made) <= set(link)
    assert link[link.index("-o") + 1] == str(tmp_path / LIBRARY)


def test_the_compiler_is_the_named_one_else_the_first_on_the_path(monkeypatch):
    monkeypatch.setenv("CXX", "ccache g++")
    assert find_compiler() == "ccache g++"
    monkeypatch.delenv("CXX")
    monkeypatch.setattr(module.shutil, "which", lambda name: f"/bin/{name}" if name == "g++" else None)
    assert find_compiler() == "g++"
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    assert find_compiler() is None


def test_failures_are_one_line_and_leave_no_library(tmp_path, monkeypatch):
    with pytest.raises(RuntimeError, match="no-such-compiler does not start: No such file"):
        build(tmp_path / LIBRARY, "no-such-compiler")
    with pytest.raises(RuntimeError, match=r"^exit code 1$"):
        build(tmp_path / LIBRARY, "false")
    monkeypatch.setattr(module, "find_compiler", lambda: None)
    with pytest.raises(RuntimeError, match=r"no C\+\+ compiler found"):
        build(tmp_path / LIBRARY)
    assert list(tmp_path.iterdir()) == []


def test_a_library_is_current_until_a_source_is_younger(tmp_path, monkeypatch):
    for name in ("kernels.cpp", "cell.h", "build.py", "notes.txt"):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (1000, 1000))
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    monkeypatch.setattr(module, "__file__", str(tmp_path / "build.py"))
    assert not module.is_current(tmp_path / LIBRARY)
    (tmp_path / LIBRARY).write_text("of another processor")
    assert not module.is_current(tmp_path / LIBRARY)
    monkeypatch.setattr(module.ctypes, "CDLL", lambda path: None)
    os.utime(tmp_path / LIBRARY, (1001, 1001))
    assert module.is_current(tmp_path / LIBRARY)
    os.utime(tmp_path / "notes.txt", (2000, 2000))
    assert module.is_current(tmp_path / LIBRARY)
    for name in ("kernels.cpp", "cell.h", "build.py"):
        os.utime(tmp_path / name, (2000, 2000))
        assert not module.is_current(tmp_path / LIBRARY)
        os.utime(tmp_path / name, (1000, 1000))
