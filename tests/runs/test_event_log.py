"""Events for TensorBoard: what is asked for without the extra or a folder is told before any work."""

import pytest
import torch

from autofas.config.run import RunConfig
from autofas.errors import ConfigError
from autofas.runs import event_log as module
from autofas.runs.event_log import EventLog, require_event_log


def test_nothing_is_asked_for_unless_told(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    require_event_log(RunConfig())
    with pytest.raises(ConfigError, match=r"need tensorboard, .* pip install 'autofas\[tensorboard\]'"):
        require_event_log(RunConfig(tensorboard=True, runs_dir="runs"))


def test_events_need_a_folder(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: "there")
    with pytest.raises(ConfigError, match="go into the run's folder; give runs_dir"):
        require_event_log(RunConfig(tensorboard=True))
    require_event_log(RunConfig(tensorboard=True, runs_dir="runs"))


def events_of(folder):
    """Scalars by tag, as (step, value), and the tags of pictures, of all event files of a folder."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulator.EventAccumulator(str(folder / module.FOLDER), size_guidance={"images": 0})
    found.Reload()
    tags = found.Tags()
    scalars = {tag: [(one.step, one.value) for one in found.Scalars(tag)] for tag in tags["scalars"]}
    return scalars, {tag: [one.step for one in found.Images(tag)] for tag in tags["images"]}


def test_rows_curves_and_maps_are_events_by_round(tmp_path):
    pytest.importorskip("tensorboard", reason="needs autofas[tensorboard]")
    log = EventLog(tmp_path, 0)
    for step in (1, 2):
        row = {"epoch": step, "train_loss": 0.5 / step, "arch_loss": "", "seconds": 1.0}
        log.write(step, row, {"alphas normal/a": 0.25}, {"attack": torch.rand(3, 4, 4)})
    log.close()
    scalars, pictures = events_of(tmp_path)
    assert scalars["results/train_loss"] == [(1, 0.5), (2, 0.25)]
    assert scalars["alphas normal/a"] == [(1, 0.25), (2, 0.25)]
    assert set(scalars) == {"results/train_loss", "results/seconds", "alphas normal/a"}
    assert pictures == {"live maps/attack": [1, 2]}


def test_what_a_lost_round_has_written_is_void(tmp_path):
    pytest.importorskip("tensorboard", reason="needs autofas[tensorboard]")
    for done, value in ((0, 1.0), (1, 2.0)):
        log = EventLog(tmp_path, done)
        for step in (done + 1, done + 2):
            log.write(step, {"loss": value}, {}, {})
        log.close()
    assert events_of(tmp_path)[0]["results/loss"] == [(1, 1.0), (2, 2.0), (3, 2.0)]
