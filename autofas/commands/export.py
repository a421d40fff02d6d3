"""autofas export: write a trained network as a file for a device, checked in its own runtime first.

The file and a JSON that describes it go into the run's folder export/. Form tensor takes normalised crops,
form crop takes pixels and prepares them inside. Each format needs its extra: [export] for onnx, [ncnn],
[mnn], [coreml]; docs/formats.md says how to install ExecuTorch, and what takes what.
"""

import argparse
import sys
from typing import Any

from autofas.commands import common

HELP = "write a trained network for a device (ONNX, ncnn, ...), checked on its own crops before it is kept"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--run", metavar="DIR", required=True, help="an evaluated run folder")
    parser.add_argument(
        "--format",
        default="onnx",
        metavar="NAME,...",
        help="onnx (default), ncnn, mnn, coreml (converted, not checked) or executorch; several as onnx,ncnn",
    )
    parser.add_argument(
        "--form",
        choices=("tensor", "crop", "both"),
        default="tensor",
        help="what goes in: a normalised tensor (default), the pixels of a crop, or a file of each",
    )
    parser.add_argument(
        "--channels", choices=("RGB", "BGR"), default="RGB", help="colour order of form crop (default: RGB)"
    )
    parser.add_argument(
        "--int8",
        action="store_true",
        help="also a static int8 ONNX file, calibrated on dev, with what it costs",
    )
    parser.add_argument(
        "--out", metavar="DIR", help="folder of the files (default: export/ in the run folder)"
    )
    common.add_calibration_argument(
        parser,
        "the map to probabilities that the file's JSON and metadata carry for Detector: none, or the kind it "
        "must be (default: the one that evaluate stored)",
    )
    parser.add_argument(
        "--crops", type=int, default=200, help="crops of the run that it is checked on (default: 200)"
    )


def run(args: argparse.Namespace) -> Any:
    """Export and say what each file is, how exact, and how large."""
    from autofas.deploy.export import export
    from autofas.printed import command

    def log(line: str) -> None:
        if not args.quiet:
            print(line, file=sys.stderr)

    made = export(
        args.run,
        formats=[name.strip() for name in args.format.split(",")],
        forms=("tensor", "crop") if args.form == "both" else (args.form,),
        channels=args.channels,
        int8=args.int8,
        calibration=args.calibration,
        out=args.out,
        crops=args.crops,
        log=log,
    )
    if (carried := made[0].info.calibration) is not None:
        print(f"carries  {carried.words}")
    for one in made:
        print(f"wrote    {one.path}  {one.size / 1000:.1f} kB, {one.info.precision}")
        print(f"parity   {one.checked}")
        for name, cost in one.measured.get("measured", {}).items():
            acer = "-" if cost["acer"] is None else f"{100 * cost['acer']:.2f} %"
            latency = f"{cost['latency_ms']:.2f} ms (IQR {cost['iqr_ms']:.2f}), one thread"
            print(f"{name:<8} ACER {acer}, {latency}")
    if made[0].info.warning:
        print(f"note     {made[0].info.warning}")
    if runs := next((one for one in made if one.parity is not None), None):
        print(f"next     {command('predict', runs.path, 'photograph.jpg')}")
    return {
        "files": [
            {
                "path": str(one.path),
                "bytes": one.size,
                "parity": None if one.parity is None else one.parity.values(),
                **one.measured,
            }
            for one in made
        ]
    }
