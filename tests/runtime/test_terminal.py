"""Colour and overwriting are a terminal's alone, and obey NO_COLOR and TERM."""

import io
import sys

import pytest

from autofas.runtime.terminal import columns, fresh_line, overwrites, styled, takes_colour


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    """An environment that says nothing of colour."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize(
    ("variable", "value", "coloured"),
    [(None, "", True), ("NO_COLOR", "1", False), ("NO_COLOR", "", True), ("TERM", "dumb", False)],
)
def test_colour_on_a_terminal_unless_told_otherwise(variable, value, coloured, monkeypatch):
    if variable:
        monkeypatch.setenv(variable, value)
    assert takes_colour(Terminal()) is coloured
    assert styled("attack", "bad", Terminal()) == ("\x1b[31mattack\x1b[0m" if coloured else "attack")


def test_a_pipe_has_neither_colour_nor_lines_that_are_written_over(monkeypatch):
    pipe = io.StringIO()
    assert styled("attack", "bad", pipe) == "attack"
    fresh_line(pipe)
    assert pipe.getvalue() == ""
    monkeypatch.setattr(sys, "stdout", pipe)
    assert not takes_colour()


def test_a_line_is_taken_away_where_the_terminal_can(monkeypatch):
    terminal = Terminal()
    fresh_line(terminal)
    assert terminal.getvalue() == "\r\x1b[K"
    monkeypatch.setenv("TERM", "dumb")
    assert not overwrites(terminal)


def test_columns_is_obeyed(monkeypatch):
    monkeypatch.setenv("COLUMNS", "61")
    assert columns() == 61
