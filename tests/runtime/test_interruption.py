"""Signals: at once outside a loop of batches, at its next safe point inside, and never lost."""

import importlib.machinery
import os
import signal
import time

import pytest

from autofas.cli import main
from autofas.runtime import interruption
from autofas.runtime.interruption import Interrupted, check, deferred, handling


def signalled(number, reached, *, defer):
    """Send this process a signal, in a loop of batches or not, and note how far it came."""
    with handling():
        if not defer:
            os.kill(os.getpid(), number)
            reached.append("after the signal")
        with deferred():
            with deferred():
                os.kill(os.getpid(), number)
                reached.append("the batch is finished")
            reached.append("still deferred")
            if defer == "checked":
                check()
                reached.append("after the check")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_outside_a_loop_stops_at_once(number, code):
    reached = []
    with pytest.raises(Interrupted) as stop:
        signalled(number, reached, defer="")
    assert not reached
    assert stop.value.exit_code == code


@pytest.mark.parametrize("defer", ["checked", "to the end"])
def test_a_signal_inside_a_loop_waits_for_the_next_check_or_the_end(defer):
    reached = []
    with pytest.raises(Interrupted):
        signalled(signal.SIGTERM, reached, defer=defer)
    assert reached == ["the batch is finished", "still deferred"]


def test_the_first_signal_leaves_the_second_to_the_system_and_the_handlers_come_back():
    def handlers():
        return [signal.getsignal(number) for number in interruption.SIGNALS]

    def interrupted(inside):
        with handling():
            try:
                os.kill(os.getpid(), signal.SIGINT)
            finally:
                inside += handlers()

    before, inside = handlers(), []
    with pytest.raises(Interrupted):
        interrupted(inside)
    assert inside == [signal.SIG_DFL] * 2
    assert handlers() == before
    check()  # nothing is left waiting


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_command_line_ends_in_one_line_and_the_signals_code(number, code, monkeypatch, capsys):
    from autofas.commands import spaces

    monkeypatch.setattr(spaces, "run", lambda args: os.kill(os.getpid(), number))
    assert main(["spaces"]) == code
    name = signal.Signals(number).name
    assert capsys.readouterr().err == f"autofas spaces: interrupted by {name}\n"


def test_a_full_disk_ends_in_one_line(monkeypatch, capsys):
    from autofas.commands import spaces

    def full(args):
        raise OSError(28, "No space left on device", "runs/x/log.txt")

    monkeypatch.setattr(spaces, "run", full)
    assert main(["spaces"]) == 2
    line = "autofas spaces: runs/x/log.txt: No space left on device; what was saved before is intact\n"
    assert capsys.readouterr().err == line


def test_memory_that_runs_out_ends_in_one_line(monkeypatch, capsys):
    import torch

    from autofas.commands import spaces

    monkeypatch.setattr(spaces, "run", lambda args: torch.empty(2**60, dtype=torch.uint8))
    assert main(["spaces"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("autofas spaces: out of memory; lower batch_size")
    assert error.count("\n") == 1


def test_a_compiled_module_has_started_before_a_signal_stops_it(monkeypatch):
    # such a module imports others while it starts, and some crash on whatever that raises
    reached = []

    class ExtensionFileLoader:
        def exec_module(self):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)
            reached.append("started")

    def import_it():
        with handling():
            ExtensionFileLoader().exec_module()
            time.sleep(10)

    monkeypatch.setattr(interruption, "_IMPORTS", (ExtensionFileLoader.exec_module.__code__.co_qualname,))
    begun = time.monotonic()
    with pytest.raises(Interrupted):
        import_it()
    assert time.monotonic() - begun < 5
    assert reached == ["started"]


@pytest.mark.parametrize("stage", interruption._IMPORTS)
def test_the_stages_of_such_an_import_are_those_of_python(stage):
    kind, name = stage.split(".")
    assert getattr(getattr(importlib.machinery, kind), name).__code__.co_qualname == stage
