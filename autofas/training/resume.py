"""What search and training share in stopping and going on: identity, refusals, the save at an interrupt."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from autofas.data.fingerprint import fingerprint
from autofas.data.loader import Batch
from autofas.data.opening import OpenData
from autofas.errors import AutofasError, RunError
from autofas.interruption import Interrupted
from autofas.runs import Run, code_version
from autofas.training.checkpoint import load_checkpoint, remove_leftovers


def identity(data: OpenData) -> dict[str, dict[str, Any]]:
    """What a run's bits depend on besides its configuration: `data` (rows, order, pixels) and `code`."""
    known = fingerprint(data.dataset)
    pixels = {f"pixels of {name}": digest for name, digest in data.store.pixels_sha256().items()}
    return {
        "data": {"rows": known["rows"], "manifest": known["manifest_sha256"], **pixels},
        "code": code_version(),
    }


def require_same_identity(
    run: Run, before: Mapping[str, Any], now: Mapping[str, Any], accepted: Sequence[str]
) -> None:
    """Raise RunError that shows the difference if data or code are not those of the checkpoint.

    `before` and `now` hold `data` and `code`, dicts of texts and numbers; `accepted` names those that may
    differ, which is noted. A checkpoint of version 1 says nothing and is let through.
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
            f"{run.path} was started with other {part}: {'; '.join(changed)}; "
            f"--accept-changed {part} goes on all the same"
        )


def prepare_resume(run: Run, device: str, threads: int) -> dict[str, Any] | None:
    """The state to go on from, or None where the run was stopped before its first checkpoint.

    The log is cut back to what the checkpoint vouches for: the resumed run says the rest again.
    """
    remove_leftovers(run.path)
    run.note_other_machine(device, threads)
    state = load_checkpoint(run.path, run.warn)
    run.cut_log(int(state.get("log_bytes", run.log_bytes())) if state else 0)
    return state


@contextmanager
def saved_if_interrupted(run: Run, verb: str, save: Callable[[], None]) -> Iterator[None]:
    """Save when a signal stops the block at one of its safe points, and say how to go on."""
    try:
        yield
    except Interrupted as stop:
        save()
        stop.hint = f"; go on with: autofas {verb} --resume {run.path}"
        raise


@contextmanager
def restoring(run: Run) -> Iterator[None]:
    """RunError where a checkpoint's content is not what this run would have saved."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as exc:
        reason = " ".join(str(exc).split())[:200]
        raise RunError(
            f"{run.path}: the checkpoint does not fit this run ({type(exc).__name__}: {reason}); "
            "start it again under a new name"
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
