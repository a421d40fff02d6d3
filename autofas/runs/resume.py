"""What search and training share in stopping and going on: the run folder, identity, refusals, the save at an
interrupt."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from autofas.config.run import RunConfig
from autofas.data.batches.batch import Batch
from autofas.data.batches.crop_store import FrameStore
from autofas.data.dataset import Dataset
from autofas.data.fingerprint import fingerprint
from autofas.errors import AutofasError, RankLost, RunError
from autofas.printed import command
from autofas.runs.checkpoint import load_checkpoint, remove_leftovers
from autofas.runs.provenance import code_version
from autofas.runs.run_folder import FollowedRun, Run
from autofas.runs.unwritten import UnwrittenRun
from autofas.runtime import ranks
from autofas.runtime.interruption import Interrupted
from autofas.runtime.launch import launched


def open_run(config: RunConfig, verb: str, name: str | None, resume: str | None, echo: bool) -> Run:
    """The folder `resume`, else the one this launch had before torchrun started it again, else a new one.

    Rank 0 opens or makes it, the other ranks follow. Without `resume` and `runs_dir` there is no folder.
    Raises RunError.
    """
    runs_dir = config.runs_dir
    if resume is None and runs_dir is None:
        return UnwrittenRun(name, echo and launched().first)

    def find() -> Run:
        earlier = resume or (runs_dir and Run.before_restart(runs_dir, verb, name))
        return Run.open(earlier, echo) if earlier else Run.create(str(runs_dir), verb, name, echo)

    run = ranks.from_first(find)
    return run if launched().first else FollowedRun(run.path)


def begin(
    run: Run,
    config: RunConfig,
    device: torch.device,
    threads: int,
    accept_changed: Sequence[str],
    notes: Sequence[str] = (),
    facts: Mapping[str, str] = MappingProxyType({}),
) -> tuple[dict[str, Any] | None, str]:
    """The state to go on from, and what the configuration has changed in since; begins a new folder.

    The state is None where there is no checkpoint yet; `notes` are what a new run's log begins with, `facts`
    what env.json says besides of how the run computes. Rank 0 reads and writes, every rank gets both. Raises
    RunError if the change is not accepted.
    """

    def act() -> tuple[dict[str, Any] | None, str]:
        if run.made:
            run.start(config, str(device), threads, notes, facts)
            return None, ""
        changed = run.require_same(config, "config" in accept_changed)
        return prepare_resume(run, str(device), threads, facts), changed

    return ranks.from_first(act)


def identity(dataset: Dataset, store: FrameStore) -> dict[str, dict[str, Any]]:
    """What bits depend on besides a run's configuration: `data` (rows, order, pixels), `code`, `ranks`."""
    known = fingerprint(dataset)
    pixels = {f"pixels of {name}": digest for name, digest in store.pixels_sha256().items()}
    return {
        "data": {"rows": known["rows"], "manifest": known["manifest_sha256"], **pixels},
        "code": code_version(),
        "ranks": {"world_size": ranks.world_size()},
    }


def require_same_identity(
    run: Run, before: Mapping[str, Any], now: Mapping[str, Any], accepted: Sequence[str]
) -> None:
    """Raise RunError that shows the difference if data, code or ranks are not those of the checkpoint.

    `before` and `now` hold `data`, `code` and `ranks`, dicts of texts and numbers; `accepted` names those
    that may differ, which is noted. A checkpoint of version 1 says nothing and is let through.
    """
    for part, values in now.items():
        old = before.get(part)
        if old is None or old == values:
            continue
        changed = [
            f"{key} was {old.get(key)}, is {values.get(key)}"
            for key in sorted({*old, *values})
            if old.get(key) != values.get(key)
        ]
        if part in accepted:
            run.note(f"the {part} changed: {'; '.join(changed)}")
            continue
        raise RunError(
            f"{run.path} was started with different {part}: {'; '.join(changed)}; "
            f"use --accept-changed {part} to continue anyway"
        )


def prepare_resume(
    run: Run, device: str, threads: int, facts: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any] | None:
    """The state to go on from, or None where the run was stopped before its first checkpoint.

    The log is cut back to what the checkpoint vouches for: the resumed run says the rest again.
    """
    remove_leftovers(run.path)
    run.note_other_machine(device, threads, facts)
    state = load_checkpoint(run.path, run.warn)
    with restoring(run):
        run.cut_log(max(0, int(state.get("log_bytes", run.log_bytes()))) if state else 0)
    return state


def check_progress(state: Mapping[str, Any], unit: str, rounds: int) -> None:
    """Raise ValueError unless a checkpoint's number of rounds done and the rows of its results are in order.

    `unit`, "epoch" or "trial", is the column that numbers the rows.
    """
    done, rows = state["epoch"], state["results"]
    if type(done) is not int or not 0 <= done <= rounds:
        raise ValueError(f"{unit} {done!r} of {rounds}")
    if [row[unit] for row in rows] != list(range(1, done + 1)):
        raise ValueError(f"results has rows of other {unit}s than 1 to {done}")
    for row in rows:
        if row.keys() != rows[0].keys() or not all(isinstance(v, str | int | float) for v in row.values()):
            raise ValueError(
                "the rows of results differ in their columns, or hold something other than text and numbers"
            )


def saved_losses(state: Mapping[str, Any], name: str, device: torch.device) -> list[Tensor]:
    """The losses that a checkpoint holds of an epoch's batches; raises ValueError unless all are numbers."""
    losses = state.get(name, ())
    if any(loss.shape != () or not loss.is_floating_point() for loss in losses):
        raise ValueError(f"{name} holds something other than numbers")
    return [loss.to(device) for loss in losses]


def check_tensors(found: Mapping[str, Tensor], own: Mapping[str, Tensor], what: str) -> None:
    """Raise ValueError unless tensors have the names, types and shapes of a run's own."""
    if found.keys() != own.keys():
        raise ValueError(f"{what} has different tensors")
    for name, tensor in found.items():
        if (tensor.shape, tensor.dtype, tensor.layout) != (own[name].shape, own[name].dtype, torch.strided):
            raise ValueError(f"{what}: {name} has a different shape or type")


@contextmanager
def saved_if_interrupted(run: Run, verb: str, save: Callable[[], None]) -> Iterator[None]:
    """Save when a signal stops the block at one of its safe points, and say how to go on."""
    try:
        yield
    except Interrupted as stop:
        save()
        with suppress(RankLost):
            ranks.barrier()  # torchrun stops all ranks as soon as one ends: not before rank 0 has saved
        if run.has_folder:
            stop.hint = f"; continue with: {command(verb, '--resume', run.path)}"
        raise


@contextmanager
def restoring(run: Run) -> Iterator[None]:
    """RunError where a checkpoint's content is not what this run would have saved."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as exc:
        reason = " ".join(str(exc).split())[:200]
        raise RunError(
            f"{run.path}: the checkpoint does not fit this run ({type(exc).__name__}: {reason}); "
            "start a new run under another name"
        ) from None


@contextmanager
def naming(where: str) -> Iterator[None]:
    """Put the place before the message of an AutofasError."""
    try:
        yield
    except AutofasError as exc:
        raise type(exc)(f"{where}: {exc}") from None


def first_rows(batch: Batch) -> str:
    """The first rows of a batch, to find it again: '12, 7, 101...'."""
    shown = ", ".join(str(int(row)) for row in batch.index[:3])
    return f"{shown}..." if len(batch) > 3 else shown
