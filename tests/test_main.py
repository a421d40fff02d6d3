"""What the command `autofas` runs: the exit code of the command line, and a Ctrl-C before it listens."""

import runpy
import signal
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from autofas import __main__ as module


@pytest.fixture(autouse=True)
def handler():
    """The handler of SIGINT that was there before."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("words", "code", "out", "err"),
    [(["spaces"], 0, "auto_fas", ""), (["serch"], 2, "", "unknown verb serch, did you mean search?")],
)
def test_the_process_ends_with_the_exit_code_of_the_command_line(monkeypatch, capsys, words, code, out, err):
    monkeypatch.setattr(sys, "argv", ["autofas", *words])
    monkeypatch.delitem(sys.modules, "autofas.__main__")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("autofas", run_name="__main__")
    assert ended.value.code == code
    captured = capsys.readouterr()
    assert out in captured.out
    assert err in captured.err


def test_until_the_command_line_listens_a_ctrl_c_is_the_systems(monkeypatch):
    seen = []
    monkeypatch.setattr("autofas.cli.main", lambda: seen.append(signal.getsignal(signal.SIGINT)) or 7)
    assert module.run() == 7
    assert seen == [signal.SIG_DFL]


def test_a_ctrl_c_while_it_still_imports_ends_it_without_a_traceback():
    code = """if True:
        import os, signal, sys, types
        class Slow(types.ModuleType):
            def __getattr__(self, name):
                os.kill(os.getpid(), signal.SIGINT)
        sys.modules["autofas.cli"] = Slow("autofas.cli")
        from autofas.__main__ import run
        run()
    """
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


def test_the_command_is_this_function():
    (command,) = entry_points(group="console_scripts", name="autofas")
    assert command.load() is module.run
