"""autofas inspect: what a data set holds by protocol, fold, split and PAI, what is missing, and leaks.

Without --protocol, counts every protocol of the data set. With --cross, counts a pair of data sets: train
and dev of the first, test of the second.
"""

import argparse
import re
from typing import Any

from autofas.commands import common

MOST_FACES = 256
_COUNT = re.compile(r"\b\d+ of \d+ \w+( \(\w+\))? (videos|frames|images|clips);")
HELP = "count a data set by protocol, fold, split and PAI; report missing data; find leaks"
HEADER = ("protocol", "fold", "split", "PAI", "videos", "frames", "subjects", "official")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    common.add_data_arguments(parser)
    group = parser.add_argument_group("inspection")
    group.add_argument("--cross", metavar="NAME|FILE", help="another data set to test on (default: none)")
    group.add_argument(
        "--cross-root",
        metavar="DIR",
        help="its folder (default: none; every named set but synthetic needs it)",
    )
    group.add_argument(
        "--check-files", action="store_true", help="decode every file and name the damaged ones"
    )
    group.add_argument("--names-only", action="store_true", help="compare file names only, not contents")
    group.add_argument(
        "--quality",
        action="store_true",
        help="also print what low resolution and blur take from the faces, as table 1 of the AFA paper does",
    )
    group.add_argument("--strict", action="store_true", help="exit with code 2 if anything differs or leaks")


def run(args: argparse.Namespace) -> Any:
    """Count and print; raises DataError under --strict where something differs or leaks."""
    from autofas.analysis.terminal_tables import shown_table
    from autofas.config.data import DataConfig
    from autofas.config.resolve import resolve
    from autofas.errors import ConfigError, DataError

    if args.quality and args.cross:
        raise ConfigError("--quality looks at one data set; leave out --cross")
    keys = {name: key.removeprefix("data.") for name, key in common.DATA_KEYS.items()}
    config = resolve(DataConfig, "data", flags=common.flags(args, keys))
    values = _pair(args, config) if args.cross else _one(args, config)
    fields = ("protocol", "fold", "split", "pai", "videos", "frames", "subjects", "official")
    rows = [["" if row[key] is None else str(row[key]) for key in fields] for row in values["counts"]]
    print(values["dataset"])
    print(shown_table(HEADER, rows, numeric=HEADER[4:]))
    for kind, word in (("differences", "differs"), ("notes", "note"), ("leaks", "leak")):
        for line in _shown(values[kind]):
            print(f"{word}: {line}")
    if not values["leaks"]:
        print("no leaks found" + (" (names only)" if args.names_only else ""))
    if args.quality:
        values["quality"] = _quality(config)
    wrong = [*values["leaks"], *values["differences"]]
    if args.strict and wrong:
        more = f" (and {len(wrong) - 1} more above)" if len(wrong) > 1 else ""
        raise DataError(f"{values['dataset']}: {wrong[0]}{more}")
    return values


def _shown(lines: list[str]) -> tuple[str, ...]:
    """The lines without most of those that only repeat what the table's column `official` says."""
    from autofas.data.readers.reading import condensed

    counts = [line for line in lines if _COUNT.search(line)]
    others = [line for line in lines if line not in counts]
    return *condensed(counts, "the column official has their counts, --json all"), *others


def _one(args: argparse.Namespace, config: Any) -> dict[str, Any]:
    from autofas.data.catalog import built_in_name
    from autofas.data.inspection import inspect_protocol, protocols_of
    from autofas.data.manifests.leaks import find_leaks
    from autofas.data.protocols.division import folds
    from autofas.data.protocols.partition import check_disjoint
    from autofas.errors import DataError

    manifest = (opened := common.opened_whole(config, quiet=args.quiet)).manifest
    content = _content(args, manifest)
    published = built_in_name(config.dataset) or ""
    if config.protocol is None:
        wanted = protocols_of(published, manifest.table)
    elif config.fold is not None:
        wanted = [(str(config.protocol), config.fold)]
    else:
        wanted = [(str(config.protocol), fold) for fold in folds(config.protocol, manifest.table)]
    counts, missing, notes, leaks = [], [], list(manifest.notes), []
    for protocol, fold in wanted:
        found = inspect_protocol(published, manifest.table, protocol, fold, seed=config.split_seed)
        where = f"protocol {protocol}" + (f" fold {fold}" if fold is not None else "")
        if found.split is None:
            if config.protocol is not None:
                raise DataError(found.fault)
            notes.append(f"{where} cannot be made: {found.fault}")
            continue
        counts += found.rows()
        missing += found.differences()
        shared = config.shared_subjects or found.split.shared_subjects
        lines = find_leaks(found.split.parts, content, shared_subjects=shared)
        leaks += [f"{where}: {line}" for line in lines]
        notes += [f"{where}: {note}" for note in found.split.notes]
        if shared and not lines:
            notes += [f"{where}: {note}" for note in check_disjoint(found.split.parts, shared_subjects=True)]
    whole = [line for line in missing if line not in opened.notes]
    # what the whole set lacks is said once, and by protocol where one was asked for
    listed = [*opened.notes, *(whole if config.protocol is not None or not opened.notes else [])]
    listed += [] if args.names_only else _missing(manifest)
    return {
        "dataset": opened.name,
        "protocol": None if config.protocol is None else str(config.protocol),
        "fold": config.fold,
        "counts": counts,
        "differences": listed,
        "notes": notes,
        "leaks": leaks,
    }


def _content(args: argparse.Namespace, manifest: Any) -> Any:
    """What the files hold, None with --names-only; with --check-files each is decoded first."""
    from autofas.data.frames import check_files
    from autofas.data.manifests.leaks import read_content
    from autofas.runs.progress import progress

    if args.check_files:
        with progress("decoding files", shown=not args.quiet) as report:
            check_files(manifest, progress=report)
    if args.names_only:
        return None
    with progress("comparing files", shown=not args.quiet) as report:
        return read_content(manifest, progress=report)


def _missing(manifest: Any) -> list[str]:
    """A line on the files that are not there, if any: no verb but this one goes on without them."""
    from autofas.data.manifests.leaks import missing_files
    from autofas.data.readers.reading import listed

    lost = missing_files(manifest)
    files = "1 file" if len(lost) == 1 else f"{len(lost)} files"
    return [f"{files} cannot be read: {listed(lost)}; --check-files says why"] if lost else []


def _pair(args: argparse.Namespace, config: Any) -> dict[str, Any]:
    from autofas.data.cross import cross_database, cross_leaks
    from autofas.data.inspection import Inspected
    from autofas.data.manifests.leaks import find_leaks
    from autofas.data.opening import open_dataset
    from autofas.data.protocols.partition import Split
    from autofas.runs.progress import progress

    other = {"dataset": args.cross, "data_root": args.cross_root, "protocol": None, "fold": None}
    with progress("opening the data sets", shown=not args.quiet) as report:
        source = open_dataset(config, report)
        target = open_dataset(config.model_copy(update=other), report)
    pair = cross_database(source, target)
    leaks = find_leaks(pair.parts, None) if args.names_only else cross_leaks(source, target, pair)
    found = Inspected(f"cross-{target.name}", None, Split(pair.parts), "", None)
    return {
        "dataset": pair.name,
        "protocol": source.protocol,
        "fold": source.fold,
        "counts": found.rows(),
        "differences": [],
        "notes": list(pair.notes),
        "leaks": leaks,
    }


def _quality(config: Any) -> list[dict[str, Any]]:
    """Print and return AFA's table 1 of the data set's faces, at most `MOST_FACES` spread over its rows."""
    import numpy as np
    import torch

    from autofas.analysis.terminal_tables import shown_table
    from autofas.data.batches.crop_store import FrameStore
    from autofas.data.opening import OpenedDatasets
    from autofas.data.preparation.degradation import CLEAR_SIDE, quality_rows

    datasets = OpenedDatasets()
    names = datasets.modalities(config)
    manifest = datasets.whole(config.model_copy(update={"modalities": names})).manifest
    chosen = np.unique(np.linspace(0, len(manifest) - 1, MOST_FACES).round().astype(int))
    table = manifest.table.iloc[chosen]
    store = FrameStore.build(
        manifest, table=table, modalities=names, size=CLEAR_SIDE, margin=config.margin, workers=config.workers
    )
    faces = {name: store.crops(name, store.rows(table)) for name in names}
    rows = quality_rows({name: torch.from_numpy(images).float() / 255 for name, images in faces.items()})
    cells = [
        [
            f"{row['side']}x{row['side']}{' blur' if row['blur'] else ''}",
            *(f"{row['psnr_db'][name]:.2f}" for name in names),
            *(f"{row['ssim'][name]:.4f}" for name in names),
        ]
        for row in rows
    ]
    header = ("resolution", *(f"PSNR {name}" for name in names), *(f"SSIM {name}" for name in names))
    print(f"{len(chosen)} faces of {CLEAR_SIDE}x{CLEAR_SIDE} pixels, degraded and enlarged again")
    print(shown_table(header, cells, numeric=header[1:]))
    return rows
