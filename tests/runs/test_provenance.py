"""What env.json says: the commit of a checkout, the digest of the sources, versions and machine."""

import json
import os
import subprocess
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from autofas import __version__
from autofas.runs import provenance
from autofas.runs.provenance import code_version, commit, environment, machine


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository with one commit, in which a package stands as autofas does in its own."""
    place = tmp_path / "tree" / "package" / "runs"
    place.mkdir(parents=True)
    (place / "provenance.py").write_text("")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.setattr(provenance, "__file__", str(place / "provenance.py"))
    return tmp_path / "tree"


def git(folder, *words):
    own = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(folder), *own, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_commit_of_a_checkout_and_a_mark_where_it_was_changed(checkout):
    git(checkout, "init", "--quiet")
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--message", "first")
    git(checkout, "tag", "v1")  # the commit is named, whatever tags there are
    wanted = git(checkout, "rev-parse", "HEAD")[:12]
    assert commit() == wanted
    (checkout / "package" / "runs" / "provenance.py").write_text("edited")
    assert commit() == f"{wanted}+"


def test_outside_a_checkout_or_without_git_there_is_none(checkout, monkeypatch):
    assert commit() == ""
    monkeypatch.setenv("PATH", str(checkout))
    assert commit() == ""


def test_one_letter_in_one_source_is_another_code(tmp_path, monkeypatch):
    spec = ModuleSpec("autofas", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(provenance, "find_spec", lambda name: spec if name == "autofas" else None)
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "notes.txt").write_text("not code")
    first = code_version()
    assert first["autofas"] == __version__
    (tmp_path / "notes.txt").write_text("still not code")
    assert code_version() == first
    (tmp_path / "a.py").write_text("x = 2\n")
    changed = code_version()
    assert {key for key in first if changed[key] != first[key]} == {"sources"}
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert code_version() != first


def test_an_environment_can_be_written_and_says_what_is_not_installed(monkeypatch):
    monkeypatch.setattr(provenance, "PACKAGES", ("torch", "no-such-package"))
    monkeypatch.setattr("sys.argv", ["/somewhere/bin/autofas", "search", "--seed", "3"])
    told = json.loads(json.dumps(environment("cpu", 2)))
    assert told["packages"]["no-such-package"] is None
    assert told["packages"]["torch"]
    assert told["command"] == ["autofas", "search", "--seed", "3"]
    assert (told["device"], told["threads"], told["ranks"], told["schema_version"]) == ("cpu", 2, 1, 1)


def test_a_module_that_was_run_is_named_as_it_was_started(monkeypatch):
    monkeypatch.setattr("sys.argv", ["/somewhere/autofas/__main__.py", "train", "--quiet"])
    assert environment("cpu", 1)["command"] == ["python", "-m", "autofas", "train", "--quiet"]


def test_a_machine_has_a_name_where_proc_does_not_tell_it(monkeypatch):
    assert f"{os.cpu_count()} cores" in machine()
    monkeypatch.setattr(provenance.platform, "processor", lambda: "arm")

    def absent(self, *given, **keys):
        raise FileNotFoundError(self)

    monkeypatch.setattr(Path, "read_text", absent)
    assert machine().startswith(f"arm, {os.cpu_count()} cores, ")
