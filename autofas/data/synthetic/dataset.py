"""Writing the generated data set: OULU-NPU's folders and names, a manifest, and a promise that it is whole.

Layout: `<out>/{Train,Dev,Test}_files/<Phone>_<Session>_<User>_<File>/<id>_<frame>_scene.jpg` with
`_depth.png` and `_ir.jpg` beside it, `manifest.csv` and `synthetic.json` (the parameters). Users take the
first numbers of the official ranges (train 01-20, dev 21-35, test 36-55). Everything is built in a
temporary folder beside `out` and renamed at the end, so a folder with synthetic.json is complete. Videos
depend only on (seed, user, phone, session, file) and every worker is a process of its own with one thread,
so the bytes do not depend on the number of workers; they may differ between processors, whose vector units
round differently.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path
from typing import Any

from autofas.data.synthetic.camera import PHONES, encode_jpeg, encode_png
from autofas.data.synthetic.subject import build_subject
from autofas.data.synthetic.video import MODALITIES, PAI_OF_FILE, render_video
from autofas.errors import DataError

GENERATOR_VERSION = 1
FIRST_USER = {"train": 1, "dev": 21, "test": 36}
MOST_USERS = {"train": 20, "dev": 15, "test": 20}
DEFAULT_USERS = {"train": 8, "dev": 6, "test": 6}
FOLDER = {"train": "Train_files", "dev": "Dev_files", "test": "Test_files"}
_SUFFIX = {"color": "scene.jpg", "depth": "depth.png", "ir": "ir.jpg"}
_INFRARED_QUALITY = 95

Video = tuple[str, int, int, int, int]  # split, user, phone, session, file


def generate(
    out_dir: str | Path,
    *,
    seed: int = 0,
    users: Mapping[str, int] = DEFAULT_USERS,
    frames_per_video: int = 2,
    size: int = 128,
    phones: Iterable[int] = range(1, 7),
    sessions: Iterable[int] = range(1, 4),
    modalities: Sequence[str] = ("color",),
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write an OULU-shaped set of generated faces and return its folder.

    `users` counts people a split, `size` is the side of the square crops in pixels, `progress(done, total)`
    counts videos. A finished folder with the same parameters is returned at once. Raises DataError for
    parameters out of range and for an `out_dir` that holds something else.
    """
    out = Path(out_dir)
    parameters = _check(seed, users, frames_per_video, size, phones, sessions, modalities)
    if workers < 0:
        raise DataError(f"workers {workers} is not possible; give 0 (no other process) or more")
    if _finished(out, parameters):
        return out
    videos = list_videos(parameters)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{out.name}.building-", dir=out.parent))
    except OSError as error:
        raise DataError(f"{out.parent} cannot be written ({error.strerror}); give another folder") from error
    try:
        _render_all(building, parameters, videos, workers, progress)
        _write_manifest(building / "manifest.csv", parameters, videos)
        (building / "synthetic.json").write_text(json.dumps(parameters, indent=2) + "\n", encoding="utf-8")
        building.chmod(0o755)
        if out.is_dir():
            out.rmdir()  # empty, as checked above; os.replace would refuse it on some systems
        try:
            os.replace(building, out)
        except OSError as error:  # another process may have finished the same set meanwhile
            if not _finished(out, parameters):
                raise DataError(f"{out} cannot be put in place ({error.strerror}); remove it") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return out


def _check(
    seed: int,
    users: Mapping[str, int],
    frames: int,
    size: int,
    phones: Iterable[int],
    sessions: Iterable[int],
    modalities: Sequence[str],
) -> dict[str, Any]:
    """The parameters as written to synthetic.json; DataError at the first that cannot be used."""
    if seed < 0:
        raise DataError(f"seed {seed} is negative; give 0 or more")
    unknown = sorted(set(users) - set(FIRST_USER))
    if unknown:
        raise DataError(f"users names the split {unknown[0]!r}; choose from train, dev, test")
    counts = {split: int(users.get(split, 0)) for split in FIRST_USER}
    for split, count in counts.items():
        if not 0 <= count <= MOST_USERS[split]:
            raise DataError(
                f"users[{split!r}] is {count}; the OULU ranges hold 0 to {MOST_USERS[split]} {split} users"
            )
    if not any(counts.values()):
        raise DataError("users asks for nobody; give at least one split a user")
    if not 1 <= frames <= 999:
        raise DataError(f"frames_per_video {frames} is out of range; choose 1 to 999")
    if not 32 <= size <= 512:
        raise DataError(f"size {size} is out of range; choose 32 to 512 pixels")
    chosen = {"phones": sorted(set(phones)), "sessions": sorted(set(sessions))}
    for name, most in (("phones", 6), ("sessions", 3)):
        if not chosen[name] or not set(chosen[name]) <= set(range(1, most + 1)):
            raise DataError(
                f"{name} {chosen[name]} is not a choice from 1 to {most}; give at least one of them"
            )
    if isinstance(modalities, str):
        raise DataError(f"modalities {modalities!r} is one string; give a list such as ['color', 'depth']")
    strange = [m for m in modalities if m not in MODALITIES]
    if strange or "color" not in modalities:
        problem = f"hold {strange[0]!r}" if strange else "lack 'color'"
        raise DataError(f"modalities {problem}; choose 'color', with 'depth' and 'ir' if wanted")
    return {
        "generator_version": GENERATOR_VERSION,
        "seed": int(seed),
        "users": counts,
        "frames_per_video": int(frames),
        "size": int(size),
        "phones": [int(p) for p in chosen["phones"]],
        "sessions": [int(s) for s in chosen["sessions"]],
        "modalities": [m for m in MODALITIES if m in modalities],
    }


def _finished(out: Path, parameters: dict[str, Any]) -> bool:
    """True if `out` is this very data set, False if it is free to be written; DataError if it is neither."""
    if not out.exists():
        return False
    if not out.is_dir():
        raise DataError(f"{out} is a file; give a folder for the generated faces")
    marker = out / "synthetic.json"
    if not marker.is_file():
        if any(out.iterdir()):
            raise DataError(f"{out} is not empty and holds no synthetic.json; give an empty or new folder")
        return False
    try:
        found = json.loads(marker.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{marker} cannot be read ({error}); remove the folder and generate again") from error
    for key, value in parameters.items():
        if not isinstance(found, dict) or found.get(key) != value:
            there = found.get(key) if isinstance(found, dict) else found
            raise DataError(
                f"{out} was generated with {key} {there}, not {value}; remove it or give another folder"
            )
    return True


def list_videos(parameters: Mapping[str, Any]) -> list[Video]:
    """Every video of the set in manifest order: split, user, phone, session, file."""
    return [
        (split, FIRST_USER[split] + k, phone, session, file)
        for split, count in parameters["users"].items()
        for k in range(count)
        for phone in parameters["phones"]
        for session in parameters["sessions"]
        for file in PAI_OF_FILE
    ]


def _name(video: Video) -> str:
    _, user, phone, session, file = video
    return f"{phone}_{session}_{user:02d}_{file}"


def _frame_path(video: Video, frame: int, modality: str) -> str:
    name = _name(video)
    return f"{FOLDER[video[0]]}/{name}/{name}_{frame:03d}_{_SUFFIX[modality]}"


def write_video(root: Path, subject: Any, parameters: Mapping[str, Any], video: Video) -> None:
    """Render one video into `root`."""
    _, user, phone, session, file = video
    (root / _frame_path(video, 0, "color")).parent.mkdir(parents=True, exist_ok=True)
    shots = render_video(
        subject,
        seed=parameters["seed"],
        user=user,
        phone=phone,
        session=session,
        file=file,
        frames=parameters["frames_per_video"],
        size=parameters["size"],
        modalities=tuple(parameters["modalities"]),
    )
    for frame, shot in enumerate(shots):
        for modality in parameters["modalities"]:
            if modality == "depth":
                data = encode_png(shot[modality])
            else:
                data = encode_jpeg(
                    shot[modality], PHONES[phone - 1].quality if modality == "color" else _INFRARED_QUALITY
                )
            (root / _frame_path(video, frame, modality)).write_bytes(data)


def work(root: Path, parameters: Mapping[str, Any], users: Sequence[int]) -> Iterable[str]:
    """Render all videos of `users`, yielding each video's name when it is written."""
    videos = list_videos(parameters)
    for user in users:
        subject = build_subject(parameters["seed"], user)
        for video in videos:
            if video[1] == user:
                write_video(root, subject, parameters, video)
                yield _name(video)


def _render_all(
    root: Path,
    parameters: dict[str, Any],
    videos: list[Video],
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Share the users among worker processes, each limited to one thread, and wait for all of them; 0
    workers render in this one."""
    people = sorted({video[1] for video in videos})
    if workers == 0:
        for done, _ in enumerate(work(root, parameters, people), 1):
            if progress is not None:
                progress(done, len(videos))
        return
    shares = [people[i::workers] for i in range(min(workers, len(people)))]
    lock = threading.Lock()
    running: list[subprocess.Popen[str]] = []
    finished = 0

    def one_more() -> None:
        nonlocal finished
        with lock:
            finished += 1
            if progress is not None:
                progress(finished, len(videos))

    with ThreadPoolExecutor(len(shares)) as pool:
        jobs = [{"root": str(root), "parameters": parameters, "users": share} for share in shares]
        futures = [pool.submit(_follow_worker, job, running, one_more) for job in jobs]
        try:
            for future in as_completed(futures):  # the first that fails ends the others
                future.result()
        except BaseException:
            # also an interrupt: the workers must not go on writing into a folder being removed
            for process in running:
                process.kill()
            raise


def _follow_worker(
    job: Mapping[str, Any], running: list[subprocess.Popen[str]], one_more: Callable[[], None]
) -> None:
    """Give a new worker process its job and wait for its videos; raises DataError with what it said."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    search = os.pathsep.join(p for p in sys.path if p)
    with subprocess.Popen(
        [sys.executable, "-m", "autofas.data.synthetic.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **one_thread, "PYTHONPATH": search},
    ) as process:
        running.append(process)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        with suppress(BrokenPipeError):  # it is gone already; its exit code says more
            json.dump(job, process.stdin)
            process.stdin.close()
        for _ in process.stdout:
            one_more()
        complaint = process.stderr.read().strip().splitlines()
    if process.returncode != 0:
        reason = complaint[-1] if complaint else f"exit code {process.returncode}"
        place = Path(job["root"]).parent
        raise DataError(f"generating faces in {place} stopped: {reason}; check disk space and try again")


def _write_manifest(path: Path, parameters: Mapping[str, Any], videos: list[Video]) -> None:
    others = [m for m in parameters["modalities"] if m != "color"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", "pai", "subject", "session", "device", "video", "frame", "split", *others])
        for video in videos:
            split, user, phone, session, number = video
            for frame in range(parameters["frames_per_video"]):
                fixed = [PAI_OF_FILE[number], f"{user:02d}", session, phone, _name(video), frame, split]
                rest = [_frame_path(video, frame, m) for m in others]
                writer.writerow([_frame_path(video, frame, "color"), *fixed, *rest])
