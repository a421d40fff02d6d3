"""autofas spaces: the search spaces, one per line."""

import argparse
from typing import Any

HELP = "list the search spaces"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb takes no arguments of its own."""


def run(args: argparse.Namespace) -> Any:
    """List."""
    from autofas.analysis.terminal_tables import shown_list
    from autofas.models.space import load_space, space_names

    spaces, told = {}, {}
    for name in space_names():
        space = load_space(name)
        layout = space.layout
        spaces[name] = {
            "operations": list(space.operations),
            "cells": len(layout.cells),
            "channels": layout.channels,
            "input_size": layout.input_size,
            "map_size": layout.map_size(),
            "variants": {key: len(values) for key, values in space.variants.open.items()},
            "hash": space.hash,
        }
        open_keys = f", open: {', '.join(space.variants.open)}" if space.variants.open else ""
        told[name] = (
            f"{len(space.operations)} operations, {len(layout.cells)} cells, "
            f"C = {layout.channels}, {layout.input_size} -> {layout.map_size()} pixels{open_keys}"
        )
    print(shown_list(told))
    return {"spaces": spaces}
