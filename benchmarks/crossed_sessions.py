"""A manifest whose sessions are crossed: bona fide frames of one session beside the attacks of the other.

Where each session gave both classes a light of their own, a network may learn the light. In the manifest
written here session `A` holds the bona fide frames of the first session and the attacks of the second, `B`
the others, so that leaving a session out changes the light of both classes at once, and each its own way.
The frames are copied: a manifest's paths stay within its folder.

    python -m benchmarks.crossed_sessions MANIFEST FOLDER
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from autofas.errors import AutofasError, DataError
from autofas.metrics import BONA_FIDE


def crossed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its two sessions named A and B as above, and videos named by them."""
    sessions = sorted(table["session"].unique())
    if len(sessions) != 2:
        raise DataError(f"sessions are crossed in pairs; the manifest has {len(sessions)}")
    first = (table["session"] == sessions[0]) == (table["pai"] == BONA_FIDE)
    return table.assign(session=first.map({True: "A", False: "B"}))


def write_crossed(manifest: Path, folder: Path) -> Path:
    """Write FOLDER/manifest.csv and the frames it names; returns its path."""
    table = crossed(pd.read_csv(manifest, dtype=str, keep_default_na=False))
    for name in table["path"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(manifest.parent / name, folder / name)
    table.to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the crossed manifest and print its path."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crossed_sessions", description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args(argv)
    try:
        print(write_crossed(args.manifest, args.folder))
    except (AutofasError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
