"""MMFD (FeatherNets: Zhang et al., CVPRW 2019), read through a manifest.

15 people, 15,415 bona fide and 28,438 attack samples.
"""

import os
from pathlib import Path

from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers.by_manifest import LAYOUT, compared, read_rows
from autofas.data.readers.reading import About, Reading

ABOUT = About(
    "MMFD",
    "the multi-modal set of the FeatherNets paper: 15 people, 43,853 samples of colour, depth and infrared",
    "private to its authors as far as is known",
    LAYOUT,
)


def read(root: str | os.PathLike[str], frames_per_video: int | None = None) -> Reading:
    """The rows of the `manifest.csv` in its folder; every row unless `frames_per_video` is given."""
    manifest = read_rows(Path(root), ABOUT, frames_per_video)
    table = manifest.table
    lines = compared("subjects", table["subject"].nunique(), 15)
    if frames_per_video is None:
        real = int((table["pai"] == BONA_FIDE).sum())
        lines += compared("bona_fide samples", real, 15415)
        lines += compared("attack samples", len(table) - real, 28438)
    return Reading(manifest, tuple(lines))
