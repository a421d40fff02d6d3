"""autofas predict: judge the faces of photographs, folders, videos or a camera at a network's own threshold.

NETWORK is a run folder, an exported file (.onnx, .ncnn.param, .mnn, .pte), a .safetensors file, or demo, the
network trained on generated faces that comes with autofas. SOURCE is an image, a folder, a video, or a
camera's number.
"""

import argparse
import sys
from pathlib import Path
from typing import IO, Any

from autofas.commands import common
from autofas.errors import AutofasError
from autofas.runtime.interruption import Interrupted
from autofas.runtime.terminal import Style, styled

HELP = "judge the faces of photographs, folders, videos or a camera with a trained network"


VERDICT_STYLES: dict[str, Style] = {"bona fide": "good", "attack": "bad"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("network", metavar="NETWORK", help="run folder, exported file, .safetensors, or demo")
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="image, folder, video or camera number")
    group = parser.add_argument_group("faces")
    finder = group.add_mutually_exclusive_group()
    finder.add_argument(
        "--detector", metavar="NAME|FILE.onnx", default="mtcnn",
        help="mtcnn (default; needs autofas[data]) or the .onnx file of a YuNet of OpenCV's model zoo",
    )  # fmt: skip
    finder.add_argument(
        "--no-detector", action="store_true", help="the pictures are face crops: take their centred square"
    )
    group.add_argument(
        "--min-face", type=int, metavar="PIXELS",
        help="faces smaller than this, with their margin, are not judged (default: half of the input)",
    )  # fmt: skip
    group.add_argument(
        "--frames", type=int, help="frames of a video, evenly spread (default: 8), or of a camera (all)"
    )
    group = parser.add_argument_group("judgement and files")
    common.add_calibration_argument(
        group,
        "probabilities beside the scores: none, or the kind it must be (default: the calibration stored with "
        "the network)",
    )
    group.add_argument(
        "--threshold",
        type=float,
        help="score from which a face is bona fide (default: the one stored with the network)",
    )
    group.add_argument("--threads", type=int, help="threads of the runtime (default: its own choice)")
    group.add_argument("--csv", metavar="FILE", help="write a row a face (default: not written)")
    group.add_argument("--jsonl", metavar="FILE", help="write a JSON object a face (default: not written)")
    group.add_argument(
        "--overlay",
        metavar="DIR",
        help="write each picture with its boxes, scores and live maps (default: not written)",
    )


def run(args: argparse.Namespace) -> Any:
    """Judge, print a line a face as it comes, and write what was asked for."""
    import time

    from autofas.deploy.detector import Detector
    from autofas.deploy.predict import values_of

    started = time.perf_counter()
    detector = Detector.load(
        args.network,
        faces="none" if args.no_detector else args.detector,
        threads=args.threads,
        threshold=args.threshold,
        min_face=args.min_face,
        calibration=args.calibration,
    )
    ready = time.perf_counter() - started
    _print_terms(detector, given=args.threshold is not None)
    rows, pictures, without, stopped = _judged(detector, args)
    seconds = time.perf_counter() - started
    if without:
        print(f"no face was found in {without} of {pictures} pictures")
    if not args.quiet:
        print(f"rows: {len(rows)}, in {seconds:.2f} s, network ready after {ready:.2f} s", file=sys.stderr)
    if stopped is not None:
        raise stopped
    return {
        "network": detector.info.name,
        "threshold": detector.threshold,
        "calibration": None if detector.calibration is None else detector.calibration.model_dump(mode="json"),
        "warning": detector.warning,
        "ready_s": round(ready, 3),
        "seconds": round(seconds, 3),
        "pictures": pictures,
        "without_face": without,
        "rows": values_of(rows),
    }


def _judged(
    detector: Any, args: argparse.Namespace
) -> tuple[list[Any], int, int, AutofasError | Interrupted | None]:
    """Rows of all sources, printed and written as they come; the pictures, those without a face, and what
    ended it early: the rows before that are kept, and an interrupted camera has simply come to its end.
    """
    from contextlib import ExitStack

    from autofas.deploy.predict import CsvRows, JsonRows, predict
    from autofas.deploy.sources import CAMERA
    from autofas.storage.files import whole_file

    rows: list[Any] = []
    pictures = without = 0
    stopped: AutofasError | Interrupted | None = None
    with ExitStack() as stack:

        def opened(path: str) -> IO[str]:
            return stack.enter_context(whole_file(path))

        sinks: list[Any] = [CsvRows(opened(args.csv))] if args.csv else []
        sinks += [JsonRows(opened(args.jsonl))] if args.jsonl else []
        try:
            for number, judged in enumerate(predict(detector, args.sources, frames=args.frames)):
                for row in judged.rows:
                    print(_line(row), flush=True)
                    for sink in sinks:
                        sink.write(row)
                rows += judged.rows
                if judged.shot.image is not None:
                    pictures += 1
                    without += not judged.faces
                if args.overlay and judged.shot.image is not None:
                    _draw(Path(args.overlay), number, judged, detector.warning)
        except (AutofasError, Interrupted) as error:
            if not rows:
                raise  # files of an earlier call stay as they are
            camera = isinstance(error, Interrupted) and rows[-1].source.startswith(CAMERA)
            stopped = None if camera else error
    return rows, pictures, without, stopped


def _print_terms(detector: Any, *, given: bool) -> None:
    """What every line below is judged by."""
    from autofas.printed import exact

    if detector.warning:
        print(styled(f"note: {detector.warning}", "warning"))
    origin = "given" if given else detector.info.threshold_rule
    print(f"{detector.info.name}: bona fide at {exact(detector.threshold)} or more ({origin})")
    if detector.calibration is not None:
        print(f"p is the probability of bona fide: {detector.calibration.words}")


def _line(row: Any) -> str:
    """One face in one line: verdict and score first, then where, then why not."""
    score = "     -" if row.score is None else f"{row.score:.4f}"
    place = row.source if row.frame is None else f"{row.source} frame {row.frame}"
    box = "" if row.x is None else f"  face {row.width}x{row.height} at {row.x},{row.y}"
    reason = f"  ({row.reason})" if row.reason else ""
    probability = "" if row.probability is None else f"  p {row.probability:.4f}"
    verdict = f"{row.verdict:<10}"
    if row.verdict in VERDICT_STYLES:
        verdict = styled(verdict, VERDICT_STYLES[row.verdict])
    return f"{verdict}  {score}{probability}  {place}{box}{reason}"


def _draw(folder: Path, number: int, judged: Any, warning: str) -> None:
    from autofas.deploy.overlay import drawn
    from autofas.storage.files import whole_file

    folder.mkdir(parents=True, exist_ok=True)
    frame = "" if judged.shot.frame is None else f"-{judged.shot.frame}"
    name = f"{number:04d}-{Path(judged.shot.source).stem}{frame}.png"
    with whole_file(folder / name, binary=True) as stream:
        drawn(judged.shot.image, judged.faces, warning).save(stream, "PNG")
