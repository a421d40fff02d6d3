"""Run folders from strangers: what is read and written under one stays in it."""

import json
import os

import pytest

from autofas.cli import main, one_line
from autofas.config.resolve import to_yaml
from autofas.config.train import TrainConfig
from autofas.data.cache import CACHE_MARK, mark_cache, own_cache
from autofas.errors import RunError
from autofas.evaluation.evaluate import training_of
from autofas.evaluation.figures import read_metrics
from autofas.evaluation.verification import verify
from autofas.runs.record import read_record, record
from autofas.runs.run_folder import Run
from autofas.runtime.launch import Launch
from autofas.storage.folders import closed_folder, file_in


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "run"
    made.mkdir()
    (made / "config.yaml").write_text(to_yaml(TrainConfig(baseline="feathernet_a")))
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


def test_a_lock_that_is_a_link_is_not_written_through(folder, capsys) -> None:
    out_of(folder, ".lock")
    assert main(["evaluate", "--run", str(folder), "--quiet"]) == 2
    assert "is a link out of its run folder" in capsys.readouterr().err
    assert (folder.parent / "secret.txt").read_text() == "secret\n"


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


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "/x"])
def test_a_runs_name_is_one_word(tmp_path, name) -> None:
    with pytest.raises(RunError, match="cannot name a run folder"):
        Run.create(str(tmp_path), "train", name)


def test_a_cache_that_a_stranger_names_is_not_used(tmp_path, folder) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    theirs.mkdir()
    mark_cache(mine)
    assert json.loads((mine / CACHE_MARK).read_text()) == {"schema_version": 1}
    for cache, used in ((mine, str(mine)), (theirs, None), (tmp_path / "new", None)):
        config = TrainConfig(baseline="feathernet_a", data={"cache_dir": str(cache)})
        (folder / "config.yaml").write_text(to_yaml(config))
        assert own_cache(str(cache)) == used
        assert training_of(folder).data.cache_dir == used
    assert not (tmp_path / "new").exists()


FIGURES = {
    "apcer": 0.5, "apcer_pooled": 0.5, "apcer_by_pai": {"print": 0.5}, "errors_by_pai": {"print": [1, 2]},
    "bpcer": 0.0, "bpcer_errors": [0, 2], "acer": 0.25, "hter": 0.25, "eer": 0.25, "auc": 0.75,
    "intervals_95": {"bpcer": [0.0, 0.8], "acer": None}, "tpr_at_fpr": {"0.01": None},
    "bpcer_at_apcer": {"0.1": None}, "undefined": {"tpr_at_fpr 0.01": "not resolvable"}, "samples": 4,
    "bona_fide": 2, "attacks": 2, "subjects": 2, "pai_grouping": "family", "threshold": 0.5,
    "threshold_rule": "dev-eer", "threshold_provenance": "EER of the development scores", "level": "video",
}  # fmt: skip
METRICS = {
    "model": "m", "kind": "searched", "dataset": "d", "trained_on": "d", "protocol": "1", "fold": None,
    "split": "test", **FIGURES, "by_level": {"video": FIGURES}, "breakdown": [], "source": "d",
    "terms": {"rule": "dev-eer", "value": None, "grouping": "family", "level": "video"}, "run": "exp",
    "scores_file": "scores-test.csv", "dev_scores_file": "scores-dev.csv", "supervision": "bce",
    "options": {}, "init": "none", "modalities": ["color"], "recipe_sha256": "0", "seed": 0, "commit": "",
}  # fmt: skip


def test_versions_of_figures_record_and_environment(folder) -> None:
    path = folder / "metrics.json"
    for version in ({}, {"schema_version": 1}):
        path.write_text(json.dumps(METRICS | version))
        assert read_metrics(path).model == "m"
    for change, message in (
        ({"schema_version": 2}, r"metrics.json has schema_version 2; this autofas reads 1$"),
        ({"model": "../x"}, "model: "),
        ({"by_level": {"x": 1}}, "by_level"),
    ):
        path.write_text(json.dumps(METRICS | change))
        with pytest.raises(RunError, match=message):
            read_metrics(path)
    record(folder, "train")
    known = json.loads((folder / "record.json").read_text())
    assert read_record(folder)["files"].keys() == {"config.yaml", "log.txt", "metrics.json"}
    for change, message in (
        ({"schema_version": 2}, r"record.json has schema_version 2; this autofas reads 1$"),
        ({"files": []}, "files: "),
        ({"data": 3}, "data: "),
    ):
        (folder / "record.json").write_text(json.dumps(known | change))
        with pytest.raises(RunError, match=message):
            read_record(folder)
    (folder / "env.json").write_text(json.dumps({"schema_version": 5}))
    with pytest.raises(RunError, match=r"env.json has schema_version 5"):
        Run.open(folder).note_other_machine("cpu", 1)


def test_messages_keep_to_one_line_and_move_no_cursor() -> None:
    assert one_line("a\nb\x1b[2J\u202e\ud800") == "a b\\x1b[2J\\u202e\\ud800"
    assert len(one_line("x" * 10**6)) < 2100


def test_a_taken_name_is_numbered_so_that_it_reads_as_no_other(tmp_path) -> None:
    def made(name):
        return Run.create(str(tmp_path), "train", name).path.name

    assert [made("so0"), made("so0"), made("so0")] == ["so0", "so0-2", "so0-3"]
    assert [made("so"), made("so"), made("so2")] == ["so", "so2", "so2-2"]
    assert [made(None), made(None)] == ["exp", "exp2"]


def test_a_restart_finds_its_own_numbered_folder(tmp_path, monkeypatch) -> None:
    for name in ("so0", "so0-2", "so02"):
        place = tmp_path / "train" / name
        place.mkdir(parents=True)
        (place / "config.yaml").write_text(to_yaml(TrainConfig(baseline="feathernet_a")))
        launch = "this" if name == "so0-2" else "another"
        (place / "env.json").write_text(json.dumps({"schema_version": 1, "launch": launch}))
    monkeypatch.setattr("autofas.runs.run_folder.launched", lambda: Launch(run_id="this", restarts=1))
    assert Run.before_restart(str(tmp_path), "train", "so0") == tmp_path / "train" / "so0-2"
