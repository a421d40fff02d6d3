"""autofas draw: draw the two cells of a genotype."""

import argparse
from pathlib import Path
from typing import Any

HELP = "draw the normal and the reduction cell of a genotype"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "genotype", metavar="FILE", help="genotype.json, a pasted Genotype(...) or NNI's export"
    )
    parser.add_argument(
        "--out", metavar="DIR", help="folder for the pictures (default: that of the genotype)"
    )


def run(args: argparse.Namespace) -> Any:
    """Draw."""
    from autofas.analysis.draw import draw_genotype
    from autofas.models.genotype import load_genotype

    genotype = load_genotype(args.genotype)
    folder = Path(args.out) if args.out else Path(args.genotype).parent
    pictures = [str(path) for path in draw_genotype(genotype, folder)]
    print("\n".join(pictures))
    return {"pictures": pictures}
