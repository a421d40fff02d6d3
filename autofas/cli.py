"""The command line: one verb, one module of autofas.commands.

An error that a user can cause is one line on stderr and exit code 2, and so is a full disk or memory; SIGINT
exits with 130 and SIGTERM with 143. Of several ranks one says it, and rank 0 alone prints results. Where the
reader of stdout leaves early (`| head`), the work is still done and its exit code is its own.
"""

import argparse
import difflib
import importlib
import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any, NoReturn, TextIO

from autofas._version import __version__
from autofas.errors import AutofasError, which_of
from autofas.installation import require_installed, require_supported
from autofas.runtime.interruption import Interrupted, handling
from autofas.runtime.launch import launched
from autofas.runtime.terminal import fresh_line, styled

VERBS = (
    "demo",
    "search",
    "trial",
    "front",
    "train",
    "evaluate",
    "score",
    "compare",
    "fuse",
    "average",
    "verify",
    "table",
    "check-table",
    "profile",
    "pareto",
    "manifest",
    "prepare",
    "inspect",
    "export",
    "predict",
    "benchmark",
    "report",
    "derive",
    "draw",
    "baselines",
    "spaces",
    "completion",
)
ALIASES = {"retrain": "train"}
ON_RANKS = ("search", "train", "retrain", "evaluate")
"""The verbs that several processes can share; the others work in one."""
MOST_CHARACTERS = 2000


class UsageError(AutofasError):
    """A command line that cannot be understood."""


class _Help(argparse.HelpFormatter):
    """Help in which a flag that has to be given and a switch, which is off unless given, say so."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.option_strings and action.required:
            return f"{action.help} (required)"
        silent = isinstance(action, argparse._StoreTrueAction) and "default" not in str(action.help)
        return f"{action.help} (default: off)" if silent else action.help


class Parser(argparse.ArgumentParser):
    """argparse that raises one-line errors and names the flag or verb that was probably meant."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_Help, **kwargs)  # type: ignore[arg-type]
        # argparse takes -1e-07 for a flag before Python 3.14; a threshold is printed like that and typed back
        self._negative_number_matcher = re.compile(r"-(inf|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)$", re.IGNORECASE)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """As argparse, with the choice that was probably meant, and the choices as they are typed."""
        if action.choices is None or value in action.choices:
            return
        raise argparse.ArgumentError(action, f"invalid choice: {value!r}{which_of(value, action.choices)}")

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def build_parser(verb: str | None = None) -> Parser:
    """The parser of every verb; given `verb`, of that one, and the others' names with a line of help."""
    parser = Parser(
        prog="autofas",
        description="Neural architecture search for tiny face anti-spoofing networks.",
        epilog="Start with: autofas demo",
    )
    parser.add_argument("--version", action="version", version=f"autofas {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=Parser)
    aliases = {name: [alias for alias, of in ALIASES.items() if of == name] for name in VERBS}
    for name in VERBS:
        module = importlib.import_module(f"autofas.commands.{name.replace('-', '_')}")
        verb_parser = verbs.add_parser(
            name, help=module.HELP, description=module.__doc__, aliases=aliases[name]
        )
        if verb not in (None, name, *aliases[name]):
            continue  # its choices would import the rooms they belong to
        module.add_arguments(verb_parser)
        group = verb_parser.add_argument_group("output")
        group.add_argument("--json", action="store_true", help="one JSON object as the last line of stdout")
        group.add_argument("--quiet", action="store_true", help="no progress on stderr")
        options = list(verb_parser._option_string_actions)
        verb_parser.set_defaults(module=module, options=options, call=main_values, whole_parser=build_parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    verb = next((word for word in words if not word.startswith("-")), "")
    name = f"autofas {verb}" if verb in VERBS or verb in ALIASES else "autofas"
    if not sys.warnoptions:  # libraries warn of a damaged file before the line that says so
        warnings.simplefilter("ignore")
    images = logging.getLogger("PIL")
    if not images.hasHandlers():
        images.addHandler(logging.NullHandler())  # Pillow's log of it would stand beside that line too
    try:
        with handling(), _printing_on_first():
            return _run(words, verb)
    except Interrupted as stop:
        if launched().first:
            _say(name, f"{stop}{stop.hint}")
        return stop.exit_code
    except (AutofasError, OSError, MemoryError, RuntimeError) as exc:
        message = _explained(exc)
        if message is None:
            raise
        if _tells(exc):
            place = "" if launched().first else f"rank {launched().rank}: "
            _say(name, f"{place}{one_line(message)}")
        return 2


def _say(name: str, message: str) -> None:
    """The line on stderr that a command ends with where it did not do what it was asked for."""
    fresh_line(sys.stderr)  # what progress has left there
    print(f"{styled(name, 'bad', sys.stderr)}: {message}", file=sys.stderr)


def one_line(message: str) -> str:
    """A message on one line of bounded length, what a terminal would obey written as an escape."""
    # blanks inside a line stay: they may be part of a path that is to be pasted
    text = " ".join(line.strip() for line in message.splitlines() if line.strip())
    text = text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _run(words: Sequence[str], verb: str) -> int:
    """Parse and run; errors are raised."""
    require_supported()
    require_installed()
    if verb and verb not in VERBS and verb not in ALIASES and words[0] == verb:
        raise UsageError(f"unknown verb {verb}{_hint(verb, VERBS)} (see autofas --help)")
    parser = build_parser(verb)
    args, unknown = parser.parse_known_args(words)
    if launched().several and args.verb and args.verb not in ON_RANKS:
        raise UsageError(f"{verb} runs in a single process; start it without torchrun")
    if args.verb is None:
        if unknown:
            raise UsageError(f"unknown argument {unknown[0]} (see autofas --help)")
        parser.print_help()
        return 0
    if unknown:
        word = unknown[0].split("=")[0]
        hint = _of_config(word, verb, args.options) or _hint(word, args.options) or _of_others(word)
        raise UsageError(f"unknown argument {word}{hint} (see autofas {verb} --help)")
    values = args.module.run(args)
    if args.json and values is not None:
        print(json.dumps(values))
    sys.stdout.flush()
    return 0


class _Unread:
    """A text stream that turns to nowhere once its reader has gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, or lose the text."""
        with self._to_nowhere():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, or lose what was not read."""
        with self._to_nowhere():
            self._stream.flush()

    @contextmanager
    def _to_nowhere(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())  # what Python still holds is written there at its end
            os.close(nowhere)


@contextmanager
def _printing_on_first() -> Iterator[None]:
    """Within it ranks other than the first print nothing on stdout, nor does anyone whose reader has left."""
    if launched().first:
        with redirect_stdout(_Unread(sys.stdout)):
            yield
    else:
        with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            yield


def _tells(error: BaseException) -> bool:
    """Whether this is the process that prints an error, one of several ranks."""
    if not launched().several:
        return True
    from autofas.runtime import ranks

    return ranks.tells(error)


def _explained(error: Exception) -> str | None:
    """What to tell of an error that a user can cause; None for one that is ours."""
    if isinstance(error, AutofasError):
        return str(error)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}; what was saved before is intact"
    if _is_out_of_memory(error):
        return "out of memory; lower batch_size or input_size. What was saved before is intact"
    return None


def _is_out_of_memory(error: BaseException) -> bool:
    """Python's own, CUDA's (torch.OutOfMemoryError) and what torch's CPU allocator raises."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in str(error)
    )


def main_values(arguments: Sequence[str]) -> Any:
    """Run one verb inside this process and return its --json values; its errors are raised."""
    args = build_parser(arguments[0]).parse_args(arguments)
    return args.module.run(args)


def _hint(word: str, choices: Sequence[str]) -> str:
    longer = [choice for choice in choices if word.startswith(f"{choice}-")]  # --threshold-rule, --threshold
    near = longer or difflib.get_close_matches(word, choices, n=1, cutoff=0.65)
    return f", did you mean {near[0]}?" if near else ""


def _of_config(word: str, verb: str, options: Sequence[str]) -> str:
    """How to set what has no flag of its own but is a key of the verb's configuration."""
    if "--set" not in options:
        return ""
    from autofas.baselines import BASELINES
    from autofas.config.search import SearchConfig
    from autofas.config.train import TrainConfig
    from autofas.storage.schema import Schema

    key = word.lstrip("-").replace("-", "_")
    config = SearchConfig if verb == "search" else TrainConfig
    known = config.model_fields.get(key)
    settable = known is not None and not isinstance(known.default, Schema)  # those are groups of keys
    if (
        verb in ("train", "retrain")
        and not settable
        and any(key in one.options for one in BASELINES.values())
    ):
        return f"; where the baseline has it (autofas baselines), set it with --set options.{key}=VALUE"
    return f"; set it with --set {key}=VALUE" if settable else ""


def _of_others(word: str) -> str:
    """The verbs that take a flag which this one does not."""
    verbs = build_parser()._subparsers
    assert verbs is not None
    choices = dict(verbs._group_actions[0].choices or {})
    taken = [name for name in VERBS if word in choices[name]._option_string_actions]
    return f"; {', '.join(taken[:3])} take{'s' if len(taken) == 1 else ''} it" if taken else ""
