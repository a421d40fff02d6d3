"""The catalog alone knows the data sets' names; what an entry says is true of its reader."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import autofas
from autofas.data import readers
from autofas.data.catalog import (
    BUILT_IN,
    ENTRIES,
    WITHOUT_READER,
    built_in_name,
    default_protocol,
    expected_folds,
    protocol_label,
    unknown_name,
)
from autofas.data.protocols.division import folds

PACKAGE = Path(autofas.__file__).parent


GENERATED = {
    "config/data.py": "the default of the configuration",
    "commands/demo.py": "the demonstration's data",
    "data/dataset.py": "the generated faces' folder in the cache",
    "report/sections.py": "the caveat on figures of generated faces",
    "data/opening.py": "the field of their settings",
    "deploy/describe.py": "what is said of networks that have seen nothing else",
}
"""Where else the generated faces may be named, and as what."""


def words_of(file: Path) -> set[str]:
    """The strings that a module writes out, one of which might be a name."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in found if isinstance(value, str)}


def test_no_other_module_names_a_data_set():
    names = {word for name, entry in ENTRIES.items() for word in (name, *entry.aliases)} | {*WITHOUT_READER}
    files = {file.relative_to(PACKAGE).as_posix(): file for file in PACKAGE.rglob("*.py")}
    assert names & words_of(files.pop("data/catalog.py")) == names
    for place, file in files.items():
        known = {"synthetic"} if place in GENERATED else set()
        known |= {"replay"} if place == "data/folder_names.py" else set()  # the attack, as folders are called
        assert words_of(file) & names <= known, f"{place} names a data set"


def test_every_reader_has_an_entry_and_the_contract():
    modules = {entry.reader for entry in ENTRIES.values() if entry.reader}
    folder = Path(readers.__file__).parent
    sets = {file.stem for file in folder.glob("*.py") if "\ndef read(" in file.read_text(encoding="utf-8")}
    assert sets == modules
    for entry in ENTRIES.values():
        if entry.reader:
            module = entry.load()
            assert module.ABOUT.title in inspect.getdoc(module) or module.ABOUT.title in module.ABOUT.layout
            assert list(inspect.signature(module.read).parameters) == ["root", "frames_per_video"]


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_protocols_of_an_entry_exist(name):
    entry = ENTRIES[name]
    label = protocol_label(name)
    assert label in {"none", "official", *entry.protocols}
    for protocol in entry.protocols:
        cameras = pd.DataFrame({"device": ["a", "b"]})
        found = folds(protocol, cameras if protocol == "cross-device" else None)
        assert found == entry.folds.get(protocol, found)
    assert set(entry.folds) <= set(entry.protocols)


def test_names_are_told_from_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [built_in_name(word) for word in ("OULU-NPU", "Replay_Attack", "casia fasd", "nuaa")] == [
        "oulu", "replay-attack", "casia-mfsd", "nuaa"
    ]  # fmt: skip
    assert [built_in_name(word) for word in ("oulu.csv", "./oulu", "mine", "siw-m")] == [None] * 4
    (tmp_path / "nuaa").write_text("a manifest by that name")
    assert built_in_name("NUAA") == "nuaa"
    assert built_in_name("nuaa") == "nuaa"  # the very name always means the set


def test_default_protocols_and_folds():
    assert default_protocol("replay") == "grandtest"
    assert default_protocol("replay", "print") == "print"
    assert default_protocol("my/manifest.csv") is None
    assert protocol_label("my/manifest.csv") == "none"
    assert expected_folds("oulu", "4") == (1, 2, 3, 4, 5, 6)
    assert expected_folds("oulu", "1") == expected_folds("mine", "none") == expected_folds("nuaa", "1") == ()


def test_an_unknown_name_is_told_the_near_ones():
    assert "did you mean replay-attack?" in str(unknown_name("replay-atack"))
    assert "SiW-M has no reader yet" in str(unknown_name("SiW_M"))
    assert f"choose {', '.join(BUILT_IN)}" in str(unknown_name("zzz"))


def test_naming_the_sets_imports_nothing_heavy():
    script = "import sys, autofas.data.catalog; print({'pandas', 'numpy', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
