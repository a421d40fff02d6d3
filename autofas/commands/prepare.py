"""autofas prepare: turn videos or images into square face crops and a manifest.

Run the same command again to continue an interrupted preparation where it stopped.
"""

import argparse
import time
from typing import TYPE_CHECKING, Any, get_args

from autofas.commands import common

if TYPE_CHECKING:
    from autofas.data.dataset import WholeDataset
    from autofas.data.preparation.prepare import Prepared

HELP = "crop the faces from the videos or images of a data set and write a manifest"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    from autofas.config.data import DataConfig, Modality

    common.add_data_arguments(parser, protocol=False)
    group = parser.add_argument_group("faces")
    group.add_argument("--out", metavar="DIR", required=True, help="folder for the faces and their manifest")
    margin, modalities = (DataConfig.model_fields[name].default for name in ("margin", "modalities"))
    group.add_argument(
        "--margin", type=float, default=margin, help=f"factor on the face box (default: {margin})"
    )
    group.add_argument("--size", type=int, default=256, help="largest side in pixels (default: 256)")
    group.add_argument(
        "--boxes",
        default="auto",
        help="files (the data set's own), detector, auto (default: files, else detector) or none (centre)",
    )
    group.add_argument(
        "--detector",
        metavar="NAME|FILE.onnx",
        default="mtcnn",
        help="mtcnn (default; needs autofas[data]), none, or the .onnx file of a YuNet of OpenCV's model zoo",
    )
    group.add_argument(
        "--modalities",
        default=",".join(modalities),
        help=f"some of {','.join(get_args(Modality))} (default: {','.join(modalities)})",
    )
    group.add_argument("--image-format", default="png", help="png (default, lossless) or jpg")
    group.add_argument(
        "--depth", default="mean50", help="normalisation of raw depth: mean50 (default) or minmax"
    )
    group.add_argument(
        "--depth-24bit", action="store_true", help="read depth and ir as 24-bit values packed in RGB"
    )
    group.add_argument("--workers", type=int, default=2, help="threads (default: 2)")


def run(args: argparse.Namespace) -> Any:
    """Prepare and say what became of every row."""
    from autofas.config.data import DataConfig
    from autofas.config.resolve import resolve
    from autofas.data.preparation.plan import Settings
    from autofas.data.preparation.prepare import prepare
    from autofas.runs.progress import progress

    keys = {name: key.removeprefix("data.") for name, key in common.DATA_KEYS.items()}
    config = resolve(DataConfig, "data", flags=common.flags(args, keys))
    settings = Settings(
        margin=args.margin,
        size=args.size,
        boxes=args.boxes,
        detector=args.detector,
        image_format=args.image_format,
        depth=args.depth,
        depth_24bit=args.depth_24bit,
        modalities=tuple(word.strip() for word in args.modalities.split(",")),
    )
    settings.check()
    manifest = (opened := common.opened_whole(config, quiet=args.quiet)).manifest
    started = time.perf_counter()
    with progress("finding and cropping faces", shown=not args.quiet) as report:
        made = prepare(manifest, args.out, settings, workers=args.workers, progress=report)
    seconds = time.perf_counter() - started
    _print(made, opened, args.out)
    return {
        "dataset": opened.name,
        "manifest": made.manifest.source,
        "faces": len(made.manifest),
        "videos": int(made.manifest.table["video"].nunique()),
        "skipped": len(made.skipped),
        "reused": made.reused,
        "seconds": round(seconds, 3),
        "faces_per_second": round((len(manifest) - made.reused) / seconds, 2),
        "differences": list(opened.notes),
    }


def _print(made: "Prepared", opened: "WholeDataset", out: str) -> None:
    """What was made, where it differs from what was published, and the first row without a face."""
    from autofas.data.readers.reading import condensed
    from autofas.printed import command

    videos = int(made.manifest.table["video"].nunique())
    print(f"{opened.name}: {len(made.manifest)} faces of {videos} videos in {made.manifest.source}")
    if made.reused:
        print(f"{made.reused} rows were already done")
    for line in opened.manifest.notes:
        print(f"note: {line}")
    for line in condensed(opened.notes):
        print(f"differs: {line}")
    if made.skipped:
        first = made.skipped[0]
        print(
            f"{len(made.skipped)} rows gave no face and are listed in {out}/skipped.csv;"
            f" the first: {first['path']} frame {first['frame']}: {first['reason']}"
        )
    print(f"next     {command('inspect', '--dataset', made.manifest.source)}")
