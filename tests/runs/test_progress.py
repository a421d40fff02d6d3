"""What long work prints: nothing when quick, lines with the time left in a pipe, one line on a terminal."""

import io

import pytest

from autofas.runs import progress as module
from autofas.runs.progress import Clock, Progress, duration


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def width(monkeypatch):
    """The width of the terminal, no colour."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    return lambda number: monkeypatch.setenv("COLUMNS", str(number))


@pytest.fixture
def clock(monkeypatch):
    """Seconds that the test sets."""
    now = [100.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: now[0])
    return now


def report(clock, stream, times, total=10, **settings):
    reporter = Progress("generating", stream=stream, **settings)
    for done, seconds in enumerate(times):
        clock[0] = 100.0 + seconds
        reporter(done, total)
    return reporter


def test_quick_work_prints_nothing(clock):
    stream = io.StringIO()
    report(clock, stream, [0, 0.5, 1.0, 1.9]).close()
    assert stream.getvalue() == ""


def test_a_pipe_gets_whole_lines_late_and_then_apart(clock):
    stream = io.StringIO()
    report(clock, stream, [0, 4, 8, 12, 20, 25]).close()
    # 4 s for one of ten leave nine of 4 s; the next line comes 15 s later
    assert stream.getvalue() == "generating: 1 of 10, 36 s left\ngenerating: 4 of 10, 30 s left\n"


def test_a_terminal_s_line_is_written_over_and_taken_away(clock, width):
    width(80)
    stream = Terminal()
    report(clock, stream, [0, 4, 8]).close()
    clear = "\r\x1b[K"
    first = f"generating  {'━' * 2}{'─' * 22}  1 of 10, 36 s left"
    second = f"generating  {'━' * 5}{'─' * 19}  2 of 10, 32 s left"
    assert stream.getvalue() == f"{clear}{first}{clear}{second}{clear}"


@pytest.mark.parametrize("columns", [12, 30, 42, 43, 60])
def test_a_terminal_s_line_never_wraps(clock, width, columns):
    width(columns)
    stream = Terminal()
    report(clock, stream, [0, 4])
    line = stream.getvalue().removeprefix("\r\x1b[K")
    assert len(line) < columns
    assert line.startswith("generating"[: columns - 1])


def test_a_bar_is_coloured_and_plain_where_the_terminal_has_no_such_letters(clock, width, monkeypatch):
    width(80)
    stream = Terminal()
    monkeypatch.setattr(stream, "encoding", "ascii", raising=False)
    report(clock, stream, [0, 4])
    assert f"{'#' * 2}{'.' * 22}" in stream.getvalue()
    monkeypatch.delenv("NO_COLOR")
    stream = Terminal()
    report(clock, stream, [0, 4])
    assert f"\x1b[32m{'━' * 2}\x1b[0m" in stream.getvalue()


def test_what_a_pipe_need_not_know_is_a_terminal_s_alone(clock, width):
    width(80)
    pipe, terminal = io.StringIO(), Terminal()
    for stream in (pipe, terminal):
        report(clock, stream, [0, 4], terminal_only=True).close()
    assert pipe.getvalue() == ""
    assert "1 of 10" in terminal.getvalue()


def test_another_total_is_other_work_with_a_clock_of_its_own(clock):
    stream = io.StringIO()
    reporter = report(clock, stream, [0, 4])
    reporter(1, 50)
    clock[0] += 5
    reporter(5, 50)
    assert stream.getvalue().splitlines()[-1] == "generating: 5 of 50, 45 s left"


def test_hidden_progress_prints_nothing(clock):
    stream = io.StringIO()
    report(clock, stream, [0, 4, 40], shown=False).close()
    assert stream.getvalue() == ""


def test_a_clock_estimates_from_the_mean_round(clock):
    rounds = Clock(4)
    clock[0] += 20
    assert rounds.left() == "60 s"
    clock[0] += 40
    assert rounds.left() == "60 s"


@pytest.mark.parametrize(("seconds", "text"), [(12.4, "12 s"), (180, "3 min"), (9000, "2.5 h")])
def test_durations(seconds, text):
    assert duration(seconds) == text
