"""What is printed to be pasted is taken by a shell as the words that were meant."""

import shlex
import subprocess
from pathlib import Path

import pytest

from autofas.cli import one_line
from autofas.errors import RunError
from autofas.evaluation.paper_comparison import beside
from autofas.evaluation.paper_tables import published_table
from autofas.printed import command

ODD = ["my runs/train/exp", "it's", 'a "b"', "$HOME", "a;b", "x&y", "*", "two  blanks", "ünï", ""]


@pytest.mark.parametrize("folder", ODD)
def test_a_shell_reads_back_the_words(folder: str) -> None:
    line = command("evaluate", "--run", folder)
    assert shlex.split(line) == ["autofas", "evaluate", "--run", folder]
    shown = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {line}"], capture_output=True, text=True, check=True
    ).stdout
    assert shown == f"autofas\nevaluate\n--run\n{folder}\n"


def test_plain_words_stay_plain_and_a_path_is_no_flag() -> None:
    assert command("evaluate", "--run", Path("runs/train/exp")) == "autofas evaluate --run runs/train/exp"
    assert command("evaluate", "--run", Path("-runs/exp")) == "autofas evaluate --run ./-runs/exp"


def test_a_command_in_an_error_survives_the_error_line(tmp_path: Path) -> None:
    folder = tmp_path / "my  runs"
    folder.mkdir()
    with pytest.raises(RunError) as caught:
        beside(published_table("auto-fas-1"), [folder], {})
    words = shlex.split(one_line(f"{caught.value}\nand more").partition("; run ")[2])
    assert words[:4] == ["autofas", "evaluate", "--run", str(folder)]
