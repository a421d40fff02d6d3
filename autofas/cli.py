"""The command line: one verb, one module of autofas.commands.

An error that a user can cause is one line on stderr and exit code 2, and so is a full disk or memory; SIGINT
exits with 130 and SIGTERM with 143.
"""

import argparse
import difflib
import importlib
import json
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from autofas._version import __version__
from autofas.errors import AutofasError
from autofas.interruption import Interrupted, handling

VERBS = (
    "demo",
    "search",
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
    "prepare",
    "inspect",
    "draw",
    "baselines",
    "spaces",
)
ALIASES = {"retrain": "train"}


class UsageError(AutofasError):
    """A command line that cannot be understood."""


class Parser(argparse.ArgumentParser):
    """argparse that raises one-line errors and names the flag or verb that was probably meant."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(allow_abbrev=False, **kwargs)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def build_parser() -> Parser:
    """The parser of every verb."""
    parser = Parser(
        prog="autofas",
        description="Neural architecture search for tiny face anti-spoofing networks.",
        epilog="Start with: autofas demo",
    )
    parser.add_argument("--version", action="version", version=f"autofas {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=Parser)
    aliases = {verb: [alias for alias, name in ALIASES.items() if name == verb] for verb in VERBS}
    for verb in VERBS:
        module = importlib.import_module(f"autofas.commands.{verb.replace('-', '_')}")
        verb_parser = verbs.add_parser(
            verb, help=module.HELP, description=module.__doc__, aliases=aliases[verb]
        )
        module.add_arguments(verb_parser)
        group = verb_parser.add_argument_group("output")
        group.add_argument("--json", action="store_true", help="one JSON object as the last line of stdout")
        group.add_argument("--quiet", action="store_true", help="no progress on stderr")
        verb_parser.set_defaults(module=module, options=list(verb_parser._option_string_actions))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    verb = next((word for word in words if not word.startswith("-")), "")
    name = f"autofas {verb}" if verb in VERBS or verb in ALIASES else "autofas"
    try:
        with handling():
            return _run(words, verb)
    except Interrupted as stop:
        print(f"{name}: {stop}{stop.hint}", file=sys.stderr)
        return stop.exit_code
    except BrokenPipeError:
        # the reader of stdout has left; keep Python from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except AutofasError as exc:
        message = str(exc)
    except OSError as exc:
        place = f"{exc.filename}: " if exc.filename else ""
        message = f"{place}{exc.strerror or exc}; what was saved before is intact"
    except (MemoryError, RuntimeError) as exc:
        if not _is_out_of_memory(exc):
            raise
        message = "out of memory; lower batch_size or input_size. What was saved before is intact"
    print(f"{name}: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _run(words: Sequence[str], verb: str) -> int:
    """Parse and run; errors are raised."""
    if verb and verb not in VERBS and verb not in ALIASES and words[0] == verb:
        raise UsageError(f"there is no verb {verb}{_hint(verb, VERBS)} (see autofas --help)")
    parser = build_parser()
    args, unknown = parser.parse_known_args(words)
    if args.verb is None:
        if unknown:
            raise UsageError(f"unknown argument {unknown[0]} (see autofas --help)")
        parser.print_help()
        return 0
    if unknown:
        word = unknown[0].split("=")[0]
        hint = _hint(word, args.options)
        raise UsageError(f"unknown argument {word}{hint} (see autofas {verb} --help)")
    values = args.module.run(args)
    if args.json and values is not None:
        print(json.dumps(values))
    sys.stdout.flush()
    return 0


def _is_out_of_memory(error: BaseException) -> bool:
    """Python's own, CUDA's (torch.OutOfMemoryError) and what torch's CPU allocator raises."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in str(error)
    )


def main_values(arguments: Sequence[str]) -> Any:
    """Run one verb inside this process and return its --json values; its errors are raised."""
    args = build_parser().parse_args(arguments)
    return args.module.run(args)


def _hint(word: str, choices: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.5)
    return f", did you mean {near[0]}?" if near else ""
