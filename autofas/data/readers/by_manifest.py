"""GREAT-FASD-S and MMFD: data sets whose layout on disk is not public, read through a manifest.

GREAT-FASD-S (AFA: Chen et al., IEEE Access 2021): 96 people before an Intel RealSense SR300 and a PICO
DCAM710, colour, depth and infrared; the only published counts are the DCAM710's bona fide images, 15,399 to
train and 6,835 to test. MMFD (FeatherNets: Zhang et al., CVPRW 2019): 15 people, 15,415 bona fide and
28,438 attack samples. Neither paper names a file, and neither set could be found for download; so the rows
come from a `manifest.csv` in the data set's folder and only the counts are compared.
"""

import os
from pathlib import Path

import pandas as pd

from autofas.data.frames import sample_frames
from autofas.data.manifests.manifest import BONA_FIDE, Manifest, read_manifest
from autofas.data.readers.reading import About, Reading
from autofas.errors import DataError

_LAYOUT = (
    "a manifest.csv in that folder, because its layout on disk is not public: columns"
    " path,depth,ir,pai,subject,session,device,video,frame,split, a row a frame"
)
GREAT_FASD_S = About(
    "GREAT-FASD-S",
    "the surveillance set of the AFA paper: 96 people, two depth cameras, colour, depth and infrared",
    "given by its authors, without a public download",
    f"{_LAYOUT}, with sr300 or dcam710 as device",
)
MMFD = About(
    "MMFD",
    "the multi-modal set of the FeatherNets paper: 15 people, 43,853 samples of colour, depth and infrared",
    "private to its authors as far as is known",
    _LAYOUT,
)


def read_great_fasd_s(root: str | os.PathLike[str], frames_per_video: int | None = None) -> Reading:
    """GREAT-FASD-S from the `manifest.csv` of its folder; every row unless `frames_per_video` is
    given."""
    manifest = _manifest(Path(root), GREAT_FASD_S, frames_per_video)
    table = manifest.table
    lines = _compared("subjects", table["subject"].nunique(), 96)
    devices = sorted(set(table["device"])) if "device" in table else []
    if devices != ["dcam710", "sr300"]:
        lines.append(f"devices are {', '.join(devices) or 'not given'}; expected dcam710, sr300")
    elif frames_per_video is None:
        real = table[(table["device"] == "dcam710") & (table["pai"] == BONA_FIDE)]
        # the paper knows train and test only, so a development set is part of its training images
        testing = real["split"] == "test"
        lines += _compared("dcam710 train bona_fide images", int((~testing).sum()), 15399)
        lines += _compared("dcam710 test bona_fide images", int(testing.sum()), 6835)
    return Reading(manifest, tuple(lines))


def read_mmfd(root: str | os.PathLike[str], frames_per_video: int | None = None) -> Reading:
    """MMFD from the `manifest.csv` of its folder; every row unless `frames_per_video` is given."""
    manifest = _manifest(Path(root), MMFD, frames_per_video)
    table = manifest.table
    lines = _compared("subjects", table["subject"].nunique(), 15)
    if frames_per_video is None:
        real = int((table["pai"] == BONA_FIDE).sum())
        lines += _compared("bona_fide samples", real, 15415)
        lines += _compared("attack samples", len(table) - real, 28438)
    return Reading(manifest, tuple(lines))


def _manifest(root: Path, about: About, frames_per_video: int | None) -> Manifest:
    place = root / "manifest.csv"
    if not place.is_file():
        raise DataError(about.missing(root))
    manifest = read_manifest(place)
    table: pd.DataFrame = sample_frames(manifest.table, frames_per_video)
    return Manifest(table, manifest.root, manifest.source)


def _compared(what: str, found: int, official: int) -> list[str]:
    return [] if found == official else [f"{found} {what}; the paper gives {official}"]
