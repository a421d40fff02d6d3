"""Folders from strangers: what is read and written under one stays in it, whichever door it comes through."""

import os

import pytest

from autofas.cli import main
from autofas.errors import RunError
from autofas.evaluation.verification import verify
from autofas.runs.run_folder import Run
from autofas.storage.folders import closed_folder, file_in


@pytest.fixture
def folder(tmp_path):
    """What a run folder is at least, with a file beside it that is none of its business."""
    made = tmp_path / "run"
    made.mkdir()
    (made / "config.yaml").write_text("baseline: feathernet_a\n")
    (made / "log.txt").write_text("one\n")
    (tmp_path / "secret.txt").write_text("secret\n")
    return made


def out_of(folder, name, target="../secret.txt") -> None:
    (folder / name).symlink_to(target)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("weights", ".."),
        ("results.csv", "../secret.txt"),
        ("checkpoint-last", "/etc"),
        ("scores-test.csv", "/dev/zero"),
        ("loop", "loop"),
        ("resumed.txt", "../not-there"),
    ],
)
def test_a_link_out_of_the_folder_is_refused_by_every_door(folder, name, target) -> None:
    out_of(folder, name, target)
    message = f"{name} is a link out of its run folder"
    for door in (closed_folder, Run.open, verify):
        with pytest.raises(RunError, match=message):
            door(folder)
    assert (folder.parent / "secret.txt").read_text() == "secret\n"


@pytest.mark.parametrize("words", [["table", "auto-fas-1"], ["verify"], ["average"]])
def test_verbs_that_read_run_folders_refuse_a_link_out(folder, capsys, words) -> None:
    out_of(folder, "metrics.json")
    assert main([*words, str(folder)]) == 2
    assert "metrics.json is a link out of its run folder" in capsys.readouterr().err


def test_links_inside_and_a_linked_folder_itself_are_fine_pipes_are_not(folder) -> None:
    (folder / "latest.txt").symlink_to("log.txt")
    (folder.parent / "other").symlink_to("run")
    assert closed_folder(folder.parent / "other") == folder.parent / "other"
    os.mkfifo(folder / "metrics.json")
    with pytest.raises(RunError, match=r"metrics.json is a pipe, socket or device"):
        Run.open(folder)


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", "a/b", "", ".", "..", None, 3, "a\0b"])
def test_a_file_that_a_folders_file_names_lies_right_in_it(folder, name) -> None:
    with pytest.raises(RunError, match="is not the name of a file in this folder"):
        file_in(folder, name)
    assert file_in(folder, "log.txt") == folder / "log.txt"
