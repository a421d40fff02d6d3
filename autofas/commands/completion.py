"""autofas completion: print a script by which a shell completes verbs, flags and what they choose from.

bash: autofas completion bash > ~/.local/share/bash-completion/completions/autofas
zsh:  autofas completion zsh > a folder of your $fpath, as _autofas
tcsh: autofas completion tcsh > ~/.autofas.tcsh, and source it from ~/.tcshrc
"""

import argparse
from collections.abc import Iterator
from typing import Any

HELP = "print a script for tab completion in bash, zsh or tcsh"
SHELLS = ("bash", "zsh", "tcsh")
FILES = ("FILE", "RUN", "NETWORK", "SOURCE", "RUN|FILE")
"""What a path that is a file or a folder is called in the help."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("shell", choices=SHELLS, help="the shell that the script is for")


def run(args: argparse.Namespace) -> Any:
    """Print the script."""
    import shtab

    parser = args.whole_parser()
    names = _names()
    for action in _actions(parser):
        if action.dest in names:
            marks: object = _function(action.dest)
        elif action.choices is None and str(action.metavar).startswith(FILES):
            marks = shtab.FILE
        elif action.choices is None and action.metavar == "DIR":
            marks = shtab.DIRECTORY
        else:
            continue
        setattr(action, "complete", marks)  # noqa: B010 - what shtab looks for; no attribute of argparse
    functions = {
        "bash": "\n".join(_bash(dest, words) for dest, words in names.items()),
        "zsh": "\n".join(_zsh(dest, words) for dest, words in names.items()),
    }
    print(shtab.complete(parser, shell=args.shell, preamble=functions.get(args.shell, "")))


def _names() -> dict[str, list[str]]:
    """What flags that also take a path choose from, by the flag."""
    from autofas.baselines import BASELINES
    from autofas.config.resolve import PRESETS
    from autofas.data.catalog import BUILT_IN
    from autofas.models.space import space_names

    return {
        "dataset": list(BUILT_IN),
        "cross": list(BUILT_IN),
        "baseline": list(BASELINES),
        "space": list(space_names()),
        "preset": list(PRESETS),
    }


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in {id(one): one for one in action.choices.values()}.values():
                yield from _actions(inner)
        else:
            yield action


def _function(dest: str) -> dict[str, str]:
    return {"bash": f"_autofas_{dest}", "zsh": f"_autofas_{dest}", "tcsh": "f"}


def _bash(dest: str, words: list[str]) -> str:
    return f'_autofas_{dest}() {{ compgen -W "{" ".join(words)}" -- "$1"; compgen -f -- "$1"; }}'


def _zsh(dest: str, words: list[str]) -> str:
    return f"_autofas_{dest}() {{ _alternative 'names:name:({' '.join(words)})' 'files:file:_files' }}"
