"""autofas report: one HTML page about runs, with everything in it and nothing from elsewhere.

A RUN is an evaluated training or a search. What won and whether it is significant stand first, then tables
that sort, scores by PAI, ROC and DET, errors, curves, cells, and the commands and hashes that made it all.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

HELP = "write one self-contained HTML page about runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("runs", metavar="RUN", nargs="+", help="evaluated trainings and searches")
    parser.add_argument(
        "--out", metavar="FILE", default="report.html", help="the page (default: report.html)"
    )
    parser.add_argument("--title", help="the page's heading (default: the data set and protocol)")
    parser.add_argument(
        "--with-faces",
        action="store_true",
        help="show the worst errors as pictures with their live maps; few data sets' licences allow it",
    )


def run(args: argparse.Namespace) -> Any:
    """Read the runs and write the page."""
    from autofas.report.material import read_material
    from autofas.report.page import html_page
    from autofas.storage.files import write_text

    material = read_material(args.runs)
    faces = {}
    if args.with_faces:
        from autofas.report.faces import thumbnails

        if not args.quiet:
            print("the page will show faces: keep to the data set's licence", file=sys.stderr)
        faces = {str(one.path): thumbnails(one) for one in material.trained}
    title = args.title or _title(material)
    out = Path(args.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out, html_page(material, title, faces))
    several = "s" * (len(args.runs) > 1)
    print(f"wrote    {out}  {out.stat().st_size / 1000:.0f} kB, {len(args.runs)} run{several}")
    return {
        "page": str(out),
        "bytes": out.stat().st_size,
        "best": material.trained[0].name if material.trained else None,
    }


def _title(material: Any) -> str:
    if not material.trained:
        return f"Search in space {material.searches[0].genotype.space}"
    told = material.trained[0].figures
    protocol = "" if told["protocol"].lower() == "none" else f", protocol {told['protocol']}"
    return f"Face anti-spoofing on {told['dataset']}{protocol}"
