"""autofas manifest: draft a manifest.csv for a folder of class folders, or for a list of paths and labels."""

import argparse
from pathlib import Path
from typing import Any

HELP = "draft a manifest.csv for your own photographs, videos or frames"
HEADER = ("split", "PAI", "videos", "frames", "subjects")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "source",
        metavar="DIR|FILE",
        help="folder with live/, spoof/, ..., or a file of path label lines",
    )
    parser.add_argument("--out", metavar="FILE", help="the manifest (default: manifest.csv in that folder)")
    parser.add_argument(
        "--subject-from",
        metavar="REGEX",
        help="what names a person in a path, such as '(p[0-9]+)_' (default: no one is known to be the same)",
    )
    parser.add_argument(
        "--bona-fide-is",
        metavar="NAME",
        help="label of bona fide in a list, or its folder where no word tells (default: 1)",
    )
    parser.add_argument(
        "--frames-per-video", type=int, default=8, help="evenly spread frames of each video (default: 8)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the splits that are drawn (default: 0)")
    parser.add_argument("--replace", action="store_true", help="write over a manifest that is there")


def run(args: argparse.Namespace) -> Any:
    """Draft, write and print; the counts by split and PAI."""
    from autofas.analysis.terminal_tables import shown_table
    from autofas.data.draft import draft_manifest
    from autofas.data.manifests.manifest import write_manifest
    from autofas.errors import DataError
    from autofas.printed import command
    from autofas.runs.progress import progress

    folder = Path(args.source) if Path(args.source).is_dir() else Path(args.source).parent
    out = Path(args.out) if args.out else folder / "manifest.csv"
    if out.exists() and not args.replace:
        raise DataError(f"{out} is there already; write over it with --replace, or name another with --out")
    with progress("counting frames", shown=not args.quiet) as report:
        draft = draft_manifest(
            args.source,
            subject_from=args.subject_from,
            bona_fide_is=args.bona_fide_is,
            frames_per_video=args.frames_per_video,
            seed=args.seed,
            progress=report,
        )
    write_manifest(draft.manifest, out)
    table = draft.manifest.table
    order = {"train": 0, "dev": 1, "test": 2}
    groups = sorted(
        ((str(split), str(pai), rows) for (split, pai), rows in table.groupby(["split", "pai"])),
        key=lambda group: (order[group[0]], group[1]),
    )
    counts = [
        {"split": split, "pai": pai, "videos": int(rows["video"].nunique()), "frames": len(rows),
         "subjects": int(rows["subject"].nunique())}
        for split, pai, rows in groups
    ]  # fmt: skip
    for word, pai in sorted(draft.labels.items()):
        print(f"label    {word} is {pai}")
    print(shown_table(HEADER, [[str(value) for value in row.values()] for row in counts], HEADER[2:]))
    for note in draft.notes:
        print(f"note     {note}")
    print(f"wrote    {out}")
    print(f"next     {command('inspect', '--dataset', out)}")
    return {"manifest": str(out), "labels": draft.labels, "counts": counts, "notes": list(draft.notes)}
