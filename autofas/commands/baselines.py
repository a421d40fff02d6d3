"""autofas baselines: the hand-designed networks, one per line."""

import argparse
from typing import Any

HELP = "list the hand-designed networks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb takes no arguments of its own."""


def run(args: argparse.Namespace) -> Any:
    """List."""
    from autofas.analysis.terminal_tables import shown_list
    from autofas.baselines import BASELINES

    told = {name: baseline.summary for name, baseline in BASELINES.items()}
    print(shown_list(told))
    return {"baselines": told}
