"""The generated data set: names, counts, determinism, wholeness, and no label in file size or brightness."""

import csv
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autofas.data.synthetic import generate
from autofas.data.synthetic.dataset import list_videos
from autofas.data.synthetic.video import PAI_OF_FILE
from autofas.errors import DataError

NAME = re.compile(r"^[1-6]_[1-3]_(0[1-9]|[1-4]\d|5[0-5])_[1-5]$")


SMALL = {
    "users": {"train": 2, "dev": 1, "test": 1},
    "phones": (2, 5),
    "sessions": (1, 3),
    "frames_per_video": 2,
    "size": 64,
}


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "small"
    return generate(folder, modalities=("color", "depth", "ir"), workers=1, **SMALL)


def test_counts_follow_users_phones_sessions_files_and_frames(small: Path) -> None:
    rows = rows_of(small)
    assert len(rows) == 4 * 2 * 2 * 5 * 2
    videos = {row["video"] for row in rows}
    assert len(videos) == 4 * 2 * 2 * 5
    assert sum(row["pai"] == "bona_fide" for row in rows) * 5 == len(rows)
    # OULU-NPU's protocol 1 tests on session 3 alone: one person, two phones, five files
    test = {row["video"]: row["pai"] for row in rows if row["split"] == "test" and row["session"] == "3"}
    assert sorted(test.values()) == sorted(["bona_fide", "print1", "print2", "replay1", "replay2"] * 2)


def test_full_size_is_the_4950_videos_of_oulu() -> None:
    parameters = {
        "users": {"train": 20, "dev": 15, "test": 20},
        "phones": range(1, 7),
        "sessions": range(1, 4),
    }
    videos = list_videos(parameters)
    assert len(videos) == 4950
    assert [sum(v[0] == split for v in videos) for split in ("train", "dev", "test")] == [1800, 1350, 1800]
    assert {v[1] for v in videos if v[0] == "dev"} == set(range(21, 36))
    protocol_1 = [(v[0], v[4] == 1) for v in videos if (v[3] == 3) == (v[0] == "test")]
    assert [protocol_1.count((s, True)) for s in ("train", "dev", "test")] == [240, 180, 120]
    assert [protocol_1.count((s, False)) for s in ("train", "dev", "test")] == [960, 720, 480]


def test_names_paths_and_columns(small: Path) -> None:
    rows = rows_of(small)
    base = ["path", "pai", "subject", "session", "device", "video", "frame", "split", "depth", "ir"]
    assert list(rows[0]) == base
    pai_of = {str(k): v for k, v in PAI_OF_FILE.items()}
    for row in rows:
        assert NAME.match(row["video"])
        phone, session, user, file = row["video"].split("_")
        assert (row["device"], row["session"], row["subject"], row["pai"]) == (
            phone,
            session,
            user,
            pai_of[file],
        )
        folder = {"train": "Train_files", "dev": "Dev_files", "test": "Test_files"}[row["split"]]
        stem = f"{folder}/{row['video']}/{row['video']}_{int(row['frame']):03d}"
        assert row["path"] == f"{stem}_scene.jpg"
        for column in ("path", "depth", "ir"):
            assert (small / row[column]).is_file()
    assert len(list(small.rglob("*.*"))) == 3 * len(rows) + 2  # nothing but frames, manifest and marker


def test_subjects_are_disjoint_and_in_the_official_ranges(small: Path) -> None:
    people: dict[str, set[str]] = {}
    for row in rows_of(small):
        people.setdefault(row["split"], set()).add(row["subject"])
    assert people == {"train": {"01", "02"}, "dev": {"21"}, "test": {"36"}}


def test_pictures_have_the_asked_size_and_mode(small: Path) -> None:
    row = rows_of(small)[0]
    for column, mode in (("path", "RGB"), ("depth", "L"), ("ir", "L")):
        with Image.open(small / row[column]) as image:
            assert (image.size, image.mode) == ((64, 64), mode)


def test_same_seed_same_bytes_for_any_number_of_workers(small: Path, tmp_path: Path) -> None:
    again = generate(tmp_path / "again", modalities=("color", "depth", "ir"), workers=2, **SMALL)
    assert digests(again) == digests(small)


def test_a_video_does_not_depend_on_what_else_is_generated(small: Path, tmp_path: Path) -> None:
    part = generate(
        tmp_path / "part",
        **{**SMALL, "users": {"dev": 1}, "phones": (5,), "sessions": (3,)},
        modalities=("color", "depth", "ir"),
    )
    whole = digests(small)
    frames = {name: value for name, value in digests(part).items() if "_files/" in name}
    assert len(frames) == 5 * 2 * 3
    assert all(whole[name] == value for name, value in frames.items())


def test_another_seed_gives_other_bytes(small: Path, tmp_path: Path) -> None:
    other = generate(
        tmp_path / "other", seed=1, **{**SMALL, "users": {"dev": 1}}, modalities=("color", "depth", "ir")
    )
    first = digests(small)
    frames = {name: value for name, value in digests(other).items() if name.endswith("_scene.jpg")}
    assert len(frames) == 2 * 2 * 5 * 2
    assert not any(first[name] == value for name, value in frames.items())


def test_a_finished_folder_is_returned_at_once_and_other_parameters_are_named(small: Path) -> None:
    calls: list[int] = []
    keep = digests(small)
    modalities = ("color", "depth", "ir")
    done = generate(small, modalities=modalities, progress=lambda d, t: calls.append(d), **SMALL)
    assert done == small
    assert calls == []
    with pytest.raises(DataError, match=r"seed 0, not 3"):
        generate(small, seed=3, modalities=modalities, **SMALL)
    with pytest.raises(DataError, match=r"modalities \['color', 'depth', 'ir'\], not \['color'\]"):
        generate(small, **SMALL)
    assert digests(small) == keep


def test_an_interrupted_generation_leaves_nothing_behind(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def interrupt(done: int, total: int) -> None:
        assert total == 80
        if done == 3:
            raise Stop

    with pytest.raises(Stop):
        generate(tmp_path / "faces", progress=interrupt, **{**SMALL, "frames_per_video": 1})
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_every_video_once(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    generate(
        tmp_path / "faces",
        **{
            **SMALL,
            "users": {"train": 1, "test": 1},
            "frames_per_video": 1,
            "phones": (1,),
            "sessions": (2,),
        },
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(i, 10) for i in range(1, 11)]


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match="not empty"):
        generate(tmp_path, **SMALL)
    with pytest.raises(DataError, match="is a file"):
        generate(tmp_path / "mine.txt", **SMALL)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"users": {"train": 21}}, r"users\['train'\] is 21; the OULU ranges hold 0 to 20"),
        ({"users": {"train": 0}}, "asks for nobody"),
        ({"users": {"validation": 3}}, "'validation'; choose from train, dev, test"),
        ({"phones": (7,)}, r"phones \[7\] is not a choice from 1 to 6"),
        ({"sessions": ()}, r"sessions \[\] is not a choice from 1 to 3"),
        ({"size": 16}, "size 16 is out of range"),
        ({"frames_per_video": 0}, "frames_per_video 0 is out of range"),
        ({"modalities": ("color", "thermal")}, "hold 'thermal'"),
        ({"modalities": ("depth",)}, "lack 'color'"),
        ({"modalities": "color"}, "is one string"),
        ({"seed": -1}, "seed -1 is negative"),
        ({"workers": -1}, "workers -1 is not possible"),
    ],
)
def test_bad_parameters_give_one_line(tmp_path: Path, change: dict, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        generate(tmp_path / "faces", **{**SMALL, **change})
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_depth_shows_relief_only_for_real_faces(small: Path) -> None:
    relief: dict[str, list[float]] = {"real": [], "flat": []}
    for row in rows_of(small):
        depth = np.asarray(Image.open(small / row["depth"])).astype(float)[16:48, 16:48]
        assert depth.max() <= 255
        rows, columns = np.nonzero(depth)
        values = depth[rows, columns]
        plane = np.stack([rows, columns, np.ones(len(rows))], axis=1)
        rest = values - plane @ np.linalg.lstsq(plane, values, rcond=None)[0]
        relief["real" if row["pai"] == "bona_fide" else "flat"].append(float(rest.std()))
    assert min(relief["real"]) > max(relief["flat"])
    assert np.median(relief["real"]) > 3 * np.median(relief["flat"])


def test_infrared_screens_are_darker_than_skin_and_paper(small: Path) -> None:
    level: dict[str, list[float]] = {}
    for row in rows_of(small):
        picture = np.asarray(Image.open(small / row["ir"])).astype(float)
        level.setdefault(row["pai"], []).append(float(np.median(picture)))
    for screen in ("replay1", "replay2"):
        assert max(level[screen]) < min(level["bona_fide"] + level["print1"] + level["print2"])
