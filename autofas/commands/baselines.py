"""autofas baselines: the hand-designed networks, one per line."""

import argparse
from typing import Any

HELP = "list the hand-designed networks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb takes no arguments of its own."""


def run(args: argparse.Namespace) -> Any:
    """List."""
    from autofas.baselines import BASELINES

    width = max(len(name) for name in BASELINES)
    for name, baseline in BASELINES.items():
        print(f"{name:<{width}}  {baseline.summary}")
    return {"baselines": {name: baseline.summary for name, baseline in BASELINES.items()}}
