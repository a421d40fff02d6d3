"""GREAT-FASD-S (AFA: Chen et al., IEEE Access 2021), read through a manifest.

96 people before an Intel RealSense SR300 and a PICO DCAM710, colour, depth and infrared; the only published
counts are the DCAM710's bona fide images, 15,399 to train and 6,835 to test.
"""

import os
from pathlib import Path

from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers.by_manifest import LAYOUT, compared, read_rows
from autofas.data.readers.reading import About, Reading

ABOUT = About(
    "GREAT-FASD-S",
    "the surveillance set of the AFA paper: 96 people, two depth cameras, colour, depth and infrared",
    "given by its authors, without a public download",
    f"{LAYOUT}, with sr300 or dcam710 as device",
)


def read(root: str | os.PathLike[str], frames_per_video: int | None = None) -> Reading:
    """The rows of the `manifest.csv` in its folder; every row unless `frames_per_video` is given."""
    manifest = read_rows(Path(root), ABOUT, frames_per_video)
    table = manifest.table
    lines = compared("subjects", table["subject"].nunique(), 96)
    devices = sorted(set(table["device"])) if "device" in table else []
    if devices != ["dcam710", "sr300"]:
        lines.append(f"devices are {', '.join(devices) or 'not given'}; expected dcam710, sr300")
    elif frames_per_video is None:
        real = table[(table["device"] == "dcam710") & (table["pai"] == BONA_FIDE)]
        # the paper knows train and test only, so a development set is part of its training images
        testing = real["split"] == "test"
        lines += compared("dcam710 train bona_fide images", int((~testing).sum()), 15399)
        lines += compared("dcam710 test bona_fide images", int(testing.sum()), 6835)
    return Reading(manifest, tuple(lines))
