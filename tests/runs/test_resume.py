"""Going on with a run: what must be as it was, what a checkpoint may hold, and where an error came from."""

import pytest
import torch

from autofas.config.run import RunConfig
from autofas.data.batches.batch import Batch
from autofas.errors import ConfigError, RunError
from autofas.runs.checkpoint import save_checkpoint
from autofas.runs.resume import (
    begin,
    check_progress,
    check_tensors,
    first_rows,
    naming,
    open_run,
    require_same_identity,
    restoring,
    saved_if_interrupted,
    saved_losses,
)
from autofas.runs.run_folder import Run
from autofas.runs.unwritten import UnwrittenRun
from autofas.runtime.interruption import Interrupted


def test_other_data_or_code_is_refused_with_the_difference(tmp_path):
    run = Run(tmp_path, echo=False)
    before = {"data": {"rows": 10, "manifest": "a"}, "code": {"torch": "2.13"}}
    now = {"data": {"rows": 11, "manifest": "a"}, "code": {"torch": "2.14"}}
    with pytest.raises(RunError, match=r"different data: rows was 10, is 11; use --accept-changed data"):
        require_same_identity(run, before, now, ())
    with pytest.raises(
        RunError, match=r"different code: torch was 2\.13, is 2\.14; use --accept-changed code"
    ):
        require_same_identity(run, before, now, ("data",))
    require_same_identity(run, before, now, ("data", "code"))
    require_same_identity(run, {}, now, ())  # version 1 did not say


def test_a_checkpoint_that_fits_no_run_is_one_line(tmp_path):
    run = Run(tmp_path, echo=False)
    network = torch.nn.Linear(2, 1)
    with pytest.raises(RunError, match="does not fit this run"), restoring(run):
        network.load_state_dict({"weight": torch.zeros(3, 3)})
    with pytest.raises(RunError, match="KeyError: 'engine'"), restoring(run):
        {}["engine"]


def test_a_run_is_resumed_made_or_has_no_folder(tmp_path):
    config = RunConfig(runs_dir=str(tmp_path), name="a")
    made = open_run(config, "search", "a", None, echo=False)
    assert (made.path, made.made) == (tmp_path / "search" / "a", True)
    (made.path / "config.yaml").write_text("{}")
    again = open_run(config, "search", "a", str(made.path), echo=False)
    assert (again.path, again.made) == (made.path, False)
    assert isinstance(open_run(RunConfig(), "search", "a", None, echo=False), UnwrittenRun)
    assert open_run(RunConfig(), "search", None, str(made.path), echo=False).path == made.path


def test_a_new_run_begins_and_a_stopped_one_goes_on_from_its_checkpoint(tmp_path):
    config, device = RunConfig(runs_dir=str(tmp_path)), torch.device("cpu")
    with Run.create(str(tmp_path), "search", None, echo=False) as run:
        assert begin(run, config, device, 1, (), ["a note"], {"kernels": "off"}) == (None, "")
        run.log("one")
        length = run.log_bytes()
        run.log("two")
    assert run.notes() == ["a note"]
    with Run.open(run.path, echo=False) as going_on:
        assert begin(going_on, config, device, 1, ()) == (None, "")  # stopped before its first checkpoint
        assert going_on.log_bytes() == 0
        going_on.log("one")
        save_checkpoint(run.path, {"epoch": 1, "log_bytes": length})
        going_on.log("two")
        state, changed = begin(going_on, config, device, 1, ())
        assert (state["epoch"], changed) == (1, "")
        assert going_on.log_bytes() == length
        with pytest.raises(RunError, match=r"seed was 0, is 5; use --accept-changed config"):
            begin(going_on, config.model_copy(update={"seed": 5}), device, 1, ())
        assert begin(going_on, config.model_copy(update={"seed": 5}), device, 1, ("config",))[1] == (
            "seed was 0, is 5"
        )


def rows(*epochs, **columns):
    return [{"epoch": epoch, "loss": 0.5, **columns} for epoch in epochs]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"epoch": -1, "results": []}, "epoch -1 of 3"),
        ({"epoch": 4, "results": rows(1, 2, 3, 4)}, "epoch 4 of 3"),
        ({"epoch": 1.0, "results": rows(1)}, "epoch 1.0 of 3"),
        ({"epoch": 2, "results": rows(1)}, "rows of other epochs than 1 to 2"),
        ({"epoch": 2, "results": rows(2, 1)}, "rows of other epochs than 1 to 2"),
        ({"epoch": 2, "results": [*rows(1), *rows(2, more=1)]}, "differ in their columns"),
        ({"epoch": 1, "results": rows(1, path=["a"])}, "something other than text and numbers"),
    ],
)
def test_progress_that_no_run_makes_is_refused(state, message):
    with pytest.raises(ValueError, match=message):
        check_progress(state, "epoch", 3)


def test_progress_at_the_start_midway_and_at_the_end_is_in_order():
    for done in range(4):
        check_progress({"epoch": done, "results": rows(*range(1, done + 1))}, "epoch", 3)


def test_saved_losses_are_numbers(tmp_path):
    kept = saved_losses({"losses": [torch.tensor(0.5), torch.tensor(0.25)]}, "losses", torch.device("cpu"))
    assert [float(loss) for loss in kept] == [0.5, 0.25]
    assert saved_losses({}, "losses", torch.device("cpu")) == []  # version 1 had none
    for odd in (torch.zeros(1), torch.tensor(3)):
        with pytest.raises(ValueError, match="losses holds something other than numbers"):
            saved_losses({"losses": [odd]}, "losses", torch.device("cpu"))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"a": torch.zeros(2, 3)}, "the supernet has different tensors"),
        ({"a": torch.zeros(2, 3), "b": torch.zeros(5)}, "the supernet: b has a different shape or type"),
        ({"a": torch.zeros(2, 3).double(), "b": torch.zeros(4)}, "the supernet: a has a different shape or"),
        ({"a": torch.zeros(2, 3).to_sparse(), "b": torch.zeros(4)}, "the supernet: a has a different shape"),
    ],
)
def test_tensors_of_another_network_are_refused(found, message):
    own = {"a": torch.zeros(2, 3), "b": torch.zeros(4)}
    check_tensors({name: tensor + 1 for name, tensor in own.items()}, own, "the supernet")
    with pytest.raises(ValueError, match=message):
        check_tensors(found, own, "the supernet")


@pytest.mark.parametrize("written", [True, False])
def test_an_interrupt_saves_and_says_how_to_go_on_where_there_is_something_to_go_on_from(tmp_path, written):
    run = Run(tmp_path / "a b", echo=False) if written else UnwrittenRun(None, echo=False)
    saved = []
    with pytest.raises(Interrupted) as stopped, saved_if_interrupted(run, "train", lambda: saved.append(1)):
        raise Interrupted(2)
    assert saved == [1]
    assert stopped.value.hint == (f"; continue with: autofas train --resume '{run.path}'" if written else "")
    with pytest.raises(RunError), saved_if_interrupted(run, "train", lambda: saved.append(2)):
        raise RunError("an error is no interrupt")
    assert saved == [1]


def test_the_place_stands_before_an_error_of_any_kind_that_a_user_can_cause():
    with pytest.raises(ConfigError, match=r"^epoch 3, batch 2: too large$"), naming("epoch 3, batch 2"):
        raise ConfigError("too large")
    with pytest.raises(ZeroDivisionError, match=r"^division by zero$"), naming("epoch 3, batch 2"):
        _ = 1 / 0


def test_a_batch_is_named_by_its_first_rows():
    def batch(*index):
        images = {"color": torch.zeros(len(index), 3, 2, 2)}
        return Batch(images, {"label": torch.zeros(len(index))}, torch.tensor(index))

    assert first_rows(batch(12, 7, 101, 5)) == "12, 7, 101..."
    assert first_rows(batch(12, 7, 101)) == "12, 7, 101"
    assert first_rows(batch(3)) == "3"
