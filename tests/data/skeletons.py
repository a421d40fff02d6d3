"""Full-size skeletons of the published data sets: every official name, each a link to one tiny file.

The names are written out here from the sets' descriptions, not taken from the readers under test.
"""

import json
import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from tests.data.data_files import EYES, picture, write_video

REPLAY_CLIENTS = {
    "train": "001 002 004 006 007 008 012 016 018 025 027 103 105 108 110",
    "devel": "003 005 010 015 017 022 029 030 101 111 113 114 116 118 119",
    "test": "009 011 013 014 019 020 021 023 024 026 028 031 102 104 106 107 109 112 115 117",
}
REPLAY_KINDS = (
    "print_{}_highdef_photo",
    "mobile_{}_mobile_photo",
    "mobile_{}_mobile_video",
    "highdef_{}_highdef_photo",
    "highdef_{}_highdef_video",
)
SURF_CODES = {1: "01_e_s", 2: "02_e_b", 3: "03_en_s", 4: "04_en_b", 5: "05_enm_s", 6: "06_enm_b"}
_LINKS = 30_000  # file systems allow some 65,000 names a file


class Links:
    """Names for one source file; its bytes are copied again where a file system allows no more names."""

    def __init__(self, source: Path) -> None:
        self._source, self._content, self._made = source, source.read_bytes(), 0

    def at(self, place: Path | str) -> None:
        self._made += 1
        if self._made % _LINKS == 0:
            self._source = self._source.with_name(f"{self._made}{self._source.name}")
            self._source.write_bytes(self._content)
        os.link(self._source, place)


def oulu(root: Path, sources: Path) -> Path:
    video, eyes = Links(write_video(sources / "a.avi", 6, (32, 32))), sources / "eyes.txt"
    # a face that fits into 32 x 32 pixels, on frames 1 and 4 alone
    eyes.write_text(EYES.replace("40,50,60,50", "13,13,19,13").replace("140,150,160,150", "13,14,19,14"))
    lines = Links(eyes)
    for folder, users in (("Train", (1, 20)), ("Dev", (21, 35)), ("Test", (36, 55))):
        place = root / f"{folder}_files"
        place.mkdir(parents=True)
        for phone, session, user, file in product(
            range(1, 7), (1, 2, 3), range(users[0], users[1] + 1), range(1, 6)
        ):
            name = f"{place}/{phone}_{session}_{user:02d}_{file}"
            video.at(f"{name}.avi")
            lines.at(f"{name}.txt")
    return root


def replay_attack(root: Path, sources: Path) -> Path:
    video, boxes = Links(write_video(sources / "a.mov", 4, (64, 48))), sources / "a.face"
    boxes.write_text("0 10 12 20 24\n2 0 0 0 0\n3 14 12 20 24\n")
    faces = Links(boxes)
    for split, clients in REPLAY_CLIENTS.items():
        names = []
        for client in clients.split():
            for light, take in product(("controlled", "adverse"), (1, 2)):
                names.append(f"{split}/real/client{client}_session01_webcam_authenticate_{light}_{take}")
            for support, kind, light in product(("fixed", "hand"), REPLAY_KINDS, ("controlled", "adverse")):
                device, _, rest = kind.partition("_{}_")
                name = f"attack_{device}_client{client}_session01_{rest}_{light}"
                names.append(f"{split}/attack/{support}/{name}")
        for name in names:
            for place, links in (
                (root / f"{name}.mov", video),
                (root / "face-locations" / f"{name}.face", faces),
            ):
                place.parent.mkdir(parents=True, exist_ok=True)
                links.at(place)
        (root / "enroll" / split).mkdir(parents=True)
        for client, light in product(clients.split(), ("controlled", "adverse")):
            video.at(root / "enroll" / split / f"client{client}_session01_webcam_enroll_{light}.mov")
    return root


def casia_mfsd(root: Path, sources: Path) -> Path:
    video = Links(write_video(sources / "a.avi", 4, (64, 48)))
    for split, count in (("train_release", 20), ("test_release", 30)):
        for number in range(1, count + 1):
            place = root / split / str(number)
            place.mkdir(parents=True)
            for name in [*"12345678", "HR_1", "HR_2", "HR_3", "HR_4"]:
                video.at(place / f"{name}.avi")
    return root


MSU_CLIENTS = {
    "train": "02 03 05 06 07 08 09 11 12 21 22 34 53 54 55",
    "test": "01 13 14 23 24 26 28 29 30 32 33 35 36 37 39 42 48 49 50 51",
}


def msu_mfsd(root: Path, sources: Path) -> Path:
    videos = {suffix: Links(write_video(sources / f"a{suffix}", 4, (64, 48))) for suffix in (".mp4", ".mov")}
    (sources / "a.face").write_text("0,10,12,30,36,15,20,25,20\n3,14,12,34,36,19,20,29,20\n")
    boxes = Links(sources / "a.face")
    for word in ("real", "attack"):
        (root / "scene01" / word).mkdir(parents=True)
    for split, clients in MSU_CLIENTS.items():
        (root / f"{split}_sub_list.txt").write_text("\r\n".join(clients.split()))
        for client, (camera, suffix) in product(clients.split(), (("android", ".mp4"), ("laptop", ".mov"))):
            names = [f"real/real_client0{client}_{camera}_SD_scene01"]
            for medium in ("ipad_video", "iphone_video", "printed_photo"):
                names.append(f"attack/attack_client0{client}_{camera}_SD_{medium}_scene01")
            for name in names:
                videos[suffix].at(root / "scene01" / f"{name}{suffix}")
                boxes.at(root / "scene01" / f"{name}.face")
    return root


def siw(root: Path, sources: Path) -> Path:
    """4478 videos: 8 live of each of 165 people, and up to 20 attacks."""
    videos = {suffix: Links(write_video(sources / f"a{suffix}", 4, (64, 48))) for suffix in (".mp4", ".mov")}
    (sources / "a.face").write_text("10 12 30 36\n0 0 0 0\n14 12 34 36\n0 0 0 0\n")
    boxes = Links(sources / "a.face")
    attacks = 0
    for subject in range(1, 166):
        split = "Test" if subject % 11 < 5 else "Train"  # 5 of 11 people
        live = [f"{sensor}-1-{medium}-{take}" for sensor, medium, take in product("12", "12", "12")]
        spoof = [f"1-2-{medium}-{take}" for medium, take in product("12", "12")]
        spoof += [f"{sensor}-3-{medium}-{take}" for sensor, medium, take in product("12", "1234", "12")]
        spoof = spoof[: len(spoof) - (subject <= 142)]  # one is missing of each of 142 people
        attacks += len(spoof)
        for word, names in (("live", live), ("spoof", spoof)):
            place = root / split / word / f"{subject:03d}"
            place.mkdir(parents=True)
            for name in names:
                odd = subject == 153 and word == "live" and name.startswith("2")  # as delivered
                stem, suffix = f"{subject:03d}-{name}" + ".m" * odd, ".mp4" if subject > 150 else ".mov"
                videos[suffix].at(place / f"{stem}{suffix}")
                boxes.at(place / f"{stem}.face")
    assert attacks == 4478 - 8 * 165
    return root


def celeba_spoof(root: Path, sources: Path, people: int = 40) -> Path:
    """A part of the set, which is too large to stand whole: every kind of attack of a few people."""
    picture(0, (112, 336)).save(sources / "a.jpg")
    picture(1, (224, 224)).save(sources / "a.png")
    images = {suffix: Links(sources / f"a{suffix}") for suffix in (".jpg", ".png")}
    (sources / "a_BB.txt").write_text("20 40 100 120 0.9987654 \n")
    boxes = Links(sources / "a_BB.txt")
    for split, first in (("train", 1), ("test", 5001)):
        labels = {}
        for subject in range(first, first + people):
            files = [("live", f"{subject:04d}{number:02d}.jpg", 0) for number in range(3)]
            files += [("spoof", f"{subject:04d}{10 + kind}.png", kind) for kind in range(1, 11)]
            for word, name, kind in files:
                place = root / "Data" / split / str(subject) / word
                place.mkdir(parents=True, exist_ok=True)
                images[name[-4:]].at(place / name)
                boxes.at(place / f"{name[:-4]}_BB.txt")
                attributes = [0] * 40 if kind else [1] * 40
                labels[f"Data/{split}/{subject}/{word}/{name}"] = [*attributes, kind, 1, 1, int(kind > 0)]
        (root / "metas/intra_test").mkdir(parents=True, exist_ok=True)
        (root / f"metas/intra_test/{split}_label.json").write_text(json.dumps(labels))
    return root


def nuaa(root: Path, sources: Path) -> Path:
    picture(0).save(sources / "a.jpg")
    image = Links(sources / "a.jpg")
    counts = {"client_train": 1743, "client_test": 3362, "imposter_train": 1748, "imposter_test": 5761}
    for name, count in counts.items():
        word, split = name.split("_")
        folder = root / {"client": "ClientRaw", "imposter": "ImposterRaw"}[word]
        lines = []
        for number in range(count):
            subject = 1 + number % (9 if split == "train" else 15)
            session = "03" if split == "test" else f"0{1 + number % 2}"
            file = f"{subject:04d}_00_01_{session}_{number}.jpg"
            place = folder / f"{subject:04d}"
            place.mkdir(parents=True, exist_ok=True)
            image.at(place / file)
            lines.append(f"{subject:04d}\\{file}")
        (root / f"{name}_raw.txt").write_text("\r\n".join(lines) + "\r\n")
    return root


def shares(total: int, parts: int) -> list[int]:
    """Whole numbers, at least total // parts each, that add up to the total."""
    return [total // parts + (number < total % parts) for number in range(parts)]


def surf_training() -> Iterator[tuple[str, str, int, int]]:
    """Subject, clip, number of frames and label of the challenge's 1200 training clips."""
    subjects = [f"CLKJ_{'ABC'[number % 3]}S{number:04d}" for number in range(300)]
    for code, total in (("real", 8942), (SURF_CODES[4], 6518), (SURF_CODES[5], 6942), (SURF_CODES[6], 6864)):
        for subject, frames in zip(subjects, shares(total, 300), strict=True):
            yield subject, code, frames, int(code == "real")


def surf_challenge(root: Path, sources: Path, files: bool = True) -> Path:
    """The challenge's lists and, with `files`, every picture they name."""
    picture(0, (8, 8)).save(sources / "a.jpg")
    image = Links(sources / "a.jpg")

    def write(phase: str, name: str, rows: list[tuple[str, str, str, str]]) -> None:
        (root / phase).mkdir(parents=True, exist_ok=True)
        (root / phase / name).write_text("".join(" ".join(row) + "\n" for row in rows))
        folders = set()
        for row in rows if files else ():
            for path in row[:3]:
                folder = os.path.dirname(path)
                if folder not in folders:
                    folders.add(folder)
                    (root / phase / folder).mkdir(parents=True)
                image.at(f"{root}/{phase}/{path}")

    rows = []
    for subject, code, frames, label in surf_training():
        part = "real_part" if label else "fake_part"
        for number in range(frames):
            clip = f"Training/{part}/{subject}/{code}.rssdk"
            modal = [f"{clip}/{name}/{10 * number + 1}.jpg" for name in ("color", "depth", "ir")]
            rows.append((*modal, str(label)))
    write("phase1", "train_list.txt", rows)
    for phase, folder, name, real, attack in (
        ("phase1", "Val", "val_private_list.txt", 2994, 6614),
        ("phase2", "Testing", "test_private_list.txt", 17458, 40252),
    ):
        rows = []
        for number in range(real + attack):
            stem = f"{folder}/{number // 1000:04d}/{number:06d}"
            modal = [f"{stem}-{word}.jpg" for word in ("color", "depth", "ir")]
            rows.append((*modal, str(int(number % 10 < 3 and number // 10 * 3 + number % 10 < real))))
        labels = sum(row[3] == "1" for row in rows)
        rows = [(*row[:3], "1") if row[3] == "0" and (labels := labels + 1) <= real else row for row in rows]
        write(phase, name, rows)
    return root


def surf_release(root: Path, sources: Path, frames: int = 1) -> Path:
    """The later release: every clip with a few frames, and the lists of its clips."""
    picture(0, (8, 8)).save(sources / "a.jpg")
    image = Links(sources / "a.jpg")
    counts = {
        "Training": {0: 300, 4: 300, 5: 300, 6: 300},
        "Val": {0: 100, 1: 100, 2: 100, 3: 100},
        "Testing": {0: 600, 1: 599, 2: 594, 3: 598},
    }
    words = {"Training": "train", "Val": "dev", "Testing": "test"}
    start = {"Training": 0, "Val": 2000, "Testing": 4000}
    (root / "protocol").mkdir(parents=True)
    for split, kinds in counts.items():
        lines = []
        for kind, clips in kinds.items():
            for number in range(clips):
                part, code = ("fake_part", SURF_CODES[kind]) if kind else ("real_part", "real")
                clip = f"{split}/{part}/CLKJ_AS{start[split] + number:04d}/{code}.rssdk"
                for modality in ("color", "depth", "ir"):
                    (root / "Data" / clip / modality).mkdir(parents=True)
                    for frame in range(1, frames + 1):
                        image.at(f"{root}/Data/{clip}/{modality}/{frame:04d}.jpg")
                lines.append(f"CASIA_SURF/Data/{clip}/color {int(kind > 0)}\n")
        (root / "protocol" / f"CASIA_SURF@p1_video_{words[split]}.txt").write_text("".join(lines))
    return root
