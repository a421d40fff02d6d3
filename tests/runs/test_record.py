"""record.json: what a verb left, what was done to it since, and a record that was itself changed."""

import json

import pytest

from autofas.errors import RunError
from autofas.runs.record import check_files, file_sha256, read_record, record, run_files


@pytest.fixture
def folder(tmp_path):
    """Two files and a checkpoint of a training, recorded."""
    (tmp_path / "checkpoint-last").mkdir()
    for name in ("config.yaml", "log.txt", "checkpoint-last/state.pt", ".lock", "resumed.txt"):
        (tmp_path / name).write_text(name)
    record(tmp_path, "train", weights_sha256="w", data={"trained_on": {"rows": 3}}, seed=4)
    return tmp_path


def test_a_record_holds_every_file_but_those_that_change_by_themselves(folder):
    assert run_files(folder) == ["checkpoint-last/state.pt", "config.yaml", "log.txt"]
    values = read_record(folder)
    assert values["files"] == {name: file_sha256(folder / name) for name in run_files(folder)}
    # of printf log.txt | sha256sum
    assert values["files"]["log.txt"].startswith("d7e60b33c666e6c4")
    (entry,) = values["entries"]
    assert (entry["verb"], entry["seed"], entry["files"]) == ("train", 4, run_files(folder))
    assert check_files(folder, values) == []


def test_a_file_changed_removed_or_added_has_its_line(folder):
    values = read_record(folder)
    (folder / "log.txt").write_text("another")
    (folder / "config.yaml").unlink()
    (folder / "notes.txt").write_text("")
    (folder / "resumed.txt").write_text("what a resumption notes is no part of the record")
    assert check_files(folder, values) == [
        "config.yaml is missing",
        "log.txt was changed after it was recorded",
        "notes.txt is not in the record",
    ]


def test_an_entry_holds_the_command_as_it_was_typed(tmp_path, monkeypatch):
    for program, started in (
        ("/bin/autofas", ["autofas"]),
        ("/a/autofas/__main__.py", ["python", "-m", "autofas"]),
    ):
        monkeypatch.setattr("sys.argv", [program, "train", "--seed", "4"])
        record(tmp_path, "train")
        assert read_record(tmp_path)["entries"][-1]["command"] == [*started, "train", "--seed", "4"]


def test_a_second_verb_vouches_for_what_it_wrote_alone(folder):
    (folder / "log.txt").write_text("edited in between")
    (folder / "metrics.json").write_text("{}")
    record(folder, "evaluate", written=["metrics.json", "metrics.json"], data={"test": {"rows": 1}})
    values = read_record(folder)
    assert [entry["verb"] for entry in values["entries"]] == ["train", "evaluate"]
    assert values["entries"][1]["files"] == ["metrics.json"]
    assert values["weights_sha256"] == "w"
    assert values["data"] == {"trained_on": {"rows": 3}, "test": {"rows": 1}}
    assert check_files(folder, values) == ["log.txt was changed after it was recorded"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 2}, r"record.json has schema_version 2; this autofas reads 1$"),
        ({"files": []}, "files: "),
        ({"data": 3}, "data: "),
        ({"sha512": ""}, "unknown key sha512, did you mean sha256"),
        ({"weights_sha256": "v"}, "was edited: its content does not have the digest it carries"),
    ],
)
def test_a_record_that_was_edited_is_refused(folder, change, message):
    place = folder / "record.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | change))
    with pytest.raises(RunError, match=message) as caught:
        read_record(folder)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_record_or_with_something_else_is_refused(folder):
    (folder / "record.json").write_text("[]")
    with pytest.raises(RunError, match=r"record.json is not a record: it holds a list"):
        read_record(folder)
    (folder / "record.json").unlink()
    with pytest.raises(RunError, match=r"has no record.json; it was not finished, or the record was removed"):
        read_record(folder)
    with pytest.raises(RunError, match=r"gone.txt cannot be read: No such file"):
        file_sha256(folder / "gone.txt")
