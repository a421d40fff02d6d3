"""autofas baselines: the hand-designed networks, one per line, with the options that they are built with.

An option is set where a network is trained: `autofas train --baseline feathernet_b --set options.width=0.25`.
"""

import argparse
from typing import Any

HELP = "list the hand-designed networks, and what each can be built with"
OF_ALL = ("num_outputs", "input_size")
"""Options that nearly all have; they need no word in a list."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb takes no arguments of its own."""


def run(args: argparse.Namespace) -> Any:
    """List."""
    from autofas.analysis.terminal_tables import shown_list
    from autofas.baselines import BASELINES

    told = {name: baseline.summary for name, baseline in BASELINES.items()}
    options = {name: list(baseline.options) for name, baseline in BASELINES.items()}
    own = {name: [one for one in each if one not in OF_ALL] for name, each in options.items()}
    print(shown_list({name: f"{told[name]}{_shown(own[name])}" for name in told}))
    return {"baselines": told, "options": options}


def _shown(options: list[str]) -> str:
    return f" (options: {', '.join(options)})" if options else ""
