"""Hostile inputs: each ends in a one-line error or a listed skip, never in a traceback, a hang or a read
outside the data's folder. A few run always, a thousand with `pytest -m slow`.
"""

import csv
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autofas.data.inspection import inspect_protocol
from autofas.data.manifests.leaks import find_leaks, read_content
from autofas.data.manifests.manifest import read_manifest
from autofas.data.preparation.plan import Settings
from autofas.data.preparation.prepare import prepare
from autofas.data.readers import casia_mfsd, casia_surf, nuaa, oulu, replay_attack
from autofas.errors import DataError
from tests.data.data_files import COLUMNS, picture, write_rows
from tests.data.video_files import grey_frames, turn, write_frames

pytest.importorskip("av")


A_FEW, MANY = 60, 1000


SECONDS_EACH = 20


WORDS = (
    "", " ", "0", "-1", "1e999", "NaN", "../x.png", "/etc/passwd", "C:\\x.png", "a/../../b.png", "..\\x.png",
    "\u202ex.png", "人.png", "x" * 5000, "a.png\x00b", '"', "a,b", "=1+1", "None", "٣", "bona_fide", "1",
    "real", "train", "eval", "999999999999", "0x10", "1_000", "½", "\ufeff", "\r", "file:///etc/passwd",
    "|ls", "%s%n",
)  # fmt: skip


_opened: list[str] = []


_watching = False


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _watching and event == "open" and isinstance(arguments[0], str):
        _opened.append(arguments[0])


sys.addaudithook(_watch)


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> dict[str, bytes]:
    """Well-formed files to spoil."""
    root = tmp_path_factory.mktemp("good")
    for name in ("a.png", "a.jpg", "a.bmp", "a.webp", "a.tiff"):
        picture(3).save(root / name)
    Image.fromarray(np.arange(1200, dtype=np.uint16).reshape(30, 40)).save(root / "deep.png")
    write_frames(root / "mpeg4.avi", grey_frames(5, (32, 32)))
    write_frames(root / "mjpeg.avi", grey_frames(5, (33, 31)), "mjpeg")
    write_frames(root / "h264.mov", grey_frames(5, (32, 32)), "libx264")
    turn(write_frames(root / "turned.mov", grey_frames(5, (32, 32)), "libx264"))
    return {path.name: path.read_bytes() for path in sorted(root.iterdir())}


def spoiled(content: bytes, rng: random.Random) -> bytes:
    kind = rng.randrange(7)
    data = bytearray(content)
    if kind == 0:
        return bytes(data[: rng.randrange(len(data))])
    if kind == 1:
        for _ in range(rng.randrange(1, 40)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        return bytes(data)
    if kind == 2:
        return b""
    if kind == 3:
        return rng.randbytes(rng.randrange(1, 5000))
    if kind == 4:
        at = rng.randrange(len(data))
        return bytes(data[:at] + bytes(rng.randrange(1, 4000)) + data[at:])
    if kind == 5:
        start = rng.randrange(min(64, len(data)))  # headers hold the sizes
        data[start : start + 4] = rng.randbytes(4)
        return bytes(data)
    return bytes(data) * 3


def media(root: Path, good: dict[str, bytes], rng: random.Random) -> Callable[[], object]:
    """A manifest of whole and spoiled images and videos, prepared."""
    rows: list[list[object]] = []
    for number in range(4):
        name, content = rng.choice(sorted(good.items()))
        path = f"{number}{rng.choice([Path(name).suffix, rng.choice(['.png', '.avi', '.mov'])])}"
        (root / path).write_bytes(content if number == 0 else spoiled(content, rng))
        rows += [
            [path, "print", "1", "1", f"v{number}", frame, "train"]
            for frame in range(1 + 2 * (path[-3:] in ("avi", "mov")))
        ]
    if rng.random() < 0.3:
        (root / "link.png").symlink_to(root.parent / "secret.png")
        rows.append(["link.png", "print", "1", "1", "link", 0, "train"])
    if rng.random() < 0.2:
        (root / "folder.png").mkdir()
        rows.append(["folder.png", "print", "1", "1", "folder", 0, "train"])
    write_rows(root / "manifest.csv", COLUMNS, rows)

    def run() -> None:
        manifest = read_manifest(root / "manifest.csv")
        out = root / "out"
        try:
            kept = len(prepare(manifest, out, Settings(boxes="none", size=16), workers=1).manifest)
        except DataError:
            kept = 0
        with (out / "skipped.csv").open() as stream:
            listed = list(csv.DictReader(stream))
        assert kept + len(listed) == len(rows)
        assert all(row["reason"] and "\n" not in row["reason"] for row in listed)
        assert not any((out / "color" / "link").glob("*.png"))

    return run


def table(root: Path, good: dict[str, bytes], rng: random.Random) -> Callable[[], object]:
    """A manifest with hostile cells, columns, line ends and marks."""
    (root / "a.png").write_bytes(good["a.png"])
    columns = [
        *COLUMNS,
        *rng.choice([[], ["device"], ["bbox_x", "bbox_y", "bbox_w", "bbox_h"], ["depth", "ir"]]),
    ]
    if rng.random() < 0.2:
        rng.choice(
            [lambda: columns.pop(), lambda: columns.append(rng.choice(WORDS)), lambda: rng.shuffle(columns)]
        )()
    lines = [",".join(columns)]
    for number in range(5):
        cells = {
            "path": f"{number}.png", "pai": "print", "subject": "1", "session": "1", "video": f"v{number}",
            "frame": "0", "split": "train",
        }  # fmt: skip
        row = [cells.get(name, "1") for name in columns]
        if rng.random() < 0.6:
            row[rng.randrange(len(row))] = rng.choice(WORDS)
        if rng.random() < 0.1:
            row = row[: rng.randrange(len(row) + 1)] + ["x"] * rng.randrange(3)
        lines.append(",".join(row))
    text = rng.choice(["\n", "\r\n", "\r"]).join(lines)
    content = rng.choice(["", "\ufeff"]).encode() + text.encode(
        rng.choice(["utf-8", "utf-16", "utf-8"]), "replace"
    )
    (root / "manifest.csv").write_bytes(spoiled(content, rng) if rng.random() < 0.2 else content)

    def run() -> None:
        manifest = read_manifest(root / "manifest.csv")
        read_content(manifest)
        prepare(manifest, root / "out", Settings(boxes="none"), workers=1)

    return run


def hostile_lines(rng: random.Random, lines: list[str]) -> bytes:
    kept = [line for line in lines for _ in range(rng.choice([1, 1, 1, 0, 2]))]
    for _ in range(rng.randrange(1, 6)):
        words = rng.choice(lines).replace(",", " ").split()
        words[rng.randrange(len(words))] = rng.choice(WORDS)
        kept.insert(rng.randrange(len(kept) + 1), rng.choice([" ", ",", "\t"]).join(words))
    text = rng.choice(["\n", "\r\n", "\n\n", "\x0b"]).join(kept)
    content = rng.choice(["", "\ufeff"]).encode() + text.encode("utf-8", "replace")
    return spoiled(content, rng) if rng.random() < 0.2 else content


def oulu_folder(root: Path, good: dict[str, bytes], rng: random.Random) -> Callable[[], object]:
    for folder, user in (("Train_files", "01"), ("Dev_files", "21"), ("Test_files", "36")):
        (root / folder).mkdir()
        for file in "12":
            place = root / folder / f"1_1_{user}_{file}"
            content = good["mpeg4.avi"]
            place.with_suffix(".avi").write_bytes(spoiled(content, rng) if rng.random() < 0.3 else content)
            eyes = [f"{n},{10 + n},12,{20 + n},12" for n in range(5)]
            place.with_suffix(".txt").write_bytes(hostile_lines(rng, eyes))
    (root / "Protocols/Protocol_1").mkdir(parents=True)
    (root / "Protocols/Protocol_1/Train.txt").write_bytes(hostile_lines(rng, ["+1,1_1_01_1", "-1,1_1_01_2"]))
    if rng.random() < 0.3:
        (root / "Train_files/1_1_02_1.avi").symlink_to(root.parent / "secret.png")
        (root / "Train_files/1_1_02_1.txt").symlink_to(root.parent / "secret.png")

    def run() -> None:
        reading = oulu.read(root, 2)
        assert all("\n" not in line for line in reading.differences)
        prepare(reading.manifest, root / "out", Settings(boxes="files", size=16), workers=1)
        found = inspect_protocol("oulu", reading.manifest.table, "1", None)
        assert found.split is None or find_leaks(found.split.parts, None) is not None

    return run


def replay_folder(root: Path, good: dict[str, bytes], rng: random.Random) -> Callable[[], object]:
    for name in (
        "train/real/client001_session01_webcam_authenticate_adverse_1",
        "train/attack/hand/attack_print_client001_session01_highdef_photo_adverse",
        f"test/real/{rng.choice(['client009_session01_webcam_authenticate_adverse_1', 'ümläut', 'client'])}",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        content = good[rng.choice(["mjpeg.avi", "h264.mov"])]
        (root / f"{name}.mov").write_bytes(spoiled(content, rng) if rng.random() < 0.3 else content)
        boxes = root / "face-locations" / f"{name}.face"
        boxes.parent.mkdir(parents=True, exist_ok=True)
        boxes.write_bytes(hostile_lines(rng, [f"{n} 4 4 20 20" for n in range(5)]))

    def run() -> None:
        reading = replay_attack.read(root, 2)
        assert all("\n" not in line for line in reading.differences)
        prepare(reading.manifest, root / "out", Settings(boxes="files", size=16), workers=1)

    return run


def surf_folder(root: Path, good: dict[str, bytes], rng: random.Random) -> Callable[[], object]:
    lines = []
    (root / "phase1/Val/0000").mkdir(parents=True)
    for number in range(4):
        stem = f"Val/0000/{number:06d}"
        names = [f"{stem}-{modality}.jpg" for modality in ("color", "depth", "ir")]
        for name in names:
            (root / "phase1" / name).write_bytes(good["a.jpg"])
        lines.append(" ".join([*names, str(number % 2)]))
    (root / "phase1/val_private_list.txt").write_bytes(hostile_lines(rng, lines))

    def run() -> None:
        reading = casia_surf.read(root)
        assert all("\n" not in line for line in reading.differences)
        assert len(reading.manifest) <= 4

    return run


def other_folder(root: Path, good: dict[str, bytes], rng: random.Random) -> Callable[[], object]:
    if rng.random() < 0.5:
        place = root / "train_release" / rng.choice(["1", "21", "01", "x", "１", "-1"])
        place.mkdir(parents=True)
        for name in rng.sample(
            ["1.avi", "HR_1.avi", "hr_2.AVI", "11.avi", "1.avi.txt", "n\nl.avi", "\u202e1.avi"], 3
        ):
            (place / name).write_bytes(good["mpeg4.avi"])
        return lambda: casia_mfsd.read(root, 1)
    (root / "ClientRaw/0001").mkdir(parents=True)
    (root / "ImposterRaw").mkdir()
    names = [f"0001_00_00_0{session}_{session}.jpg" for session in (1, 2, 3)]
    for name in names:
        (root / "ClientRaw/0001" / name).write_bytes(good["a.jpg"])
    (root / "client_train_raw.txt").write_bytes(hostile_lines(rng, [f"0001\\{name}" for name in names]))
    return lambda: nuaa.read(root)


KINDS = (media, table, oulu_folder, replay_folder, surf_folder, other_folder)


def campaign(folder: Path, good: dict[str, bytes], count: int) -> dict[str, int]:
    global _watching
    picture(5).save(folder / "secret.png")
    ends = {"whole": 0, "one line": 0}
    for number in range(count):
        rng = random.Random(number)
        kind = KINDS[number % len(KINDS)]
        root = folder / f"{number:04d}"
        root.mkdir()
        run = kind(root, good, rng)
        _opened.clear()
        started = time.monotonic()
        _watching = True
        text = None
        try:
            run()
        except DataError as error:
            text = str(error)
        finally:
            _watching = False
        ends["whole" if text is None else "one line"] += 1
        assert text is None or (str(root) in text and "\n" not in text), (kind.__name__, number, text)
        assert time.monotonic() - started < SECONDS_EACH, (kind.__name__, number)
        inside = str(folder)
        code = (sys.prefix, sys.base_prefix, str(Path(__file__).parents[2]), "/proc", "/sys", "/dev/null")
        strange = [p for p in _opened if Path(p).is_absolute() and not p.startswith((inside, *code))]
        assert strange == [], (kind.__name__, number)
        assert not any("secret" in path for path in _opened), (kind.__name__, number)
        assert not any(path in ("/etc/passwd",) for path in _opened)
    return ends


def test_a_few_hostile_inputs(tmp_path, good):
    ends = campaign(tmp_path, good, A_FEW)
    assert sum(ends.values()) == A_FEW
    assert min(ends.values()) > 5  # the campaign meets both ends


@pytest.mark.slow
def test_a_thousand_hostile_inputs(tmp_path, good):
    ends = campaign(tmp_path, good, MANY)
    print(ends)
    assert sum(ends.values()) == MANY
