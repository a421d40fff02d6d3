"""Reading a set whose layout on disk is not public: through a `manifest.csv` in its folder.

Where the paper names no file and the set could not be found for download, only the counts are compared.
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from autofas.data.frames import sample_frames
from autofas.data.manifests.manifest import Manifest, read_manifest
from autofas.data.readers.reading import About
from autofas.errors import DataError

LAYOUT = (
    "a manifest.csv in that folder, because its layout on disk is not public: columns"
    " path,depth,ir,pai,subject,session,device,video,frame,split, a row a frame"
)


def read_rows(root: Path, about: About, frames_per_video: int | None) -> Manifest:
    """The manifest of a set's folder, thinned; raises `DataError` with what to do where there is none."""
    place = root / "manifest.csv"
    if not place.is_file():
        raise DataError(about.missing(root))
    manifest = read_manifest(place)
    table: pd.DataFrame = sample_frames(manifest.table, frames_per_video)
    return replace(manifest, table=table)


def compared(what: str, found: int, official: int) -> list[str]:
    """A line where a count is not the paper's."""
    return [] if found == official else [f"{found} {what}; the paper gives {official}"]
