"""What all readers share: the line for an absent set, and links that lead out of it."""

import pytest

from autofas.config.data import DataConfig
from autofas.data.catalog import ENTRIES
from autofas.data.opening import open_whole
from autofas.data.readers import casia_mfsd
from autofas.data.readers.reading import condensed, frame_counts, grouped, reporting
from autofas.errors import DataError
from tests.data.video_files import grey_frames, write_frames


@pytest.mark.parametrize("name", sorted(set(ENTRIES) - {"synthetic"}))
def test_every_absent_set_says_what_it_is_in_one_line(tmp_path, name):
    reader = ENTRIES[name].load()
    about, read = reader.ABOUT, reader.read
    (tmp_path / "something").mkdir()
    for root, seen in ((tmp_path / "gone", "that folder does not exist"), (tmp_path, "it holds something")):
        with pytest.raises(DataError) as caught:
            read(root)
        text = str(caught.value)
        assert "\n" not in text
        for part in (about.title, seen, "Expected", "--dataset synthetic works now"):
            assert part in text
    if name in ("great-fasd-s", "mmfd"):
        assert "its layout on disk is not public" in text


def test_links_out_of_the_set_are_not_read(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    (outside / "3").mkdir(parents=True)
    write_frames(outside / "3/1.avi", grey_frames(2, (32, 32)))
    (root / "train_release/1").mkdir(parents=True)
    write_frames(root / "train_release/1/1.avi", grey_frames(2, (32, 32)))
    (root / "train_release/1/2.avi").symlink_to(outside / "3/1.avi")
    (root / "train_release/3").symlink_to(outside / "3")
    (root / "test_release").symlink_to(outside)
    (root / "train_release/2").symlink_to(root / "train_release/1")  # a link inside is a name like another
    reading = casia_mfsd.read(root)
    assert set(reading.manifest.table["video"]) == {"train_01_1", "train_02_1"}
    text = "\n".join(reading.differences)
    assert "train_release/1/2.avi: is a link out of the data set; it is not used" in text
    assert "train_release/3: is a link out of the data set; it is not used" in text
    assert "test: 0 of 90 bona_fide videos; 90 missing" in text


def test_lines_that_say_the_same_are_counted_with_their_first_three_names():
    lines = ["a: no", "b: no", "alone", "c: no", "x: yes", "d: no", "y: yes"]
    assert grouped(lines) == ("4 files or folders (a, b, c and 1 more): no", "alone", "x: yes", "y: yes")
    assert grouped([]) == ()


def test_counting_the_frames_of_videos_is_reported(tmp_path):
    for name in ("1", "2", "3"):
        write_frames(tmp_path / f"{name}.avi", grey_frames(2, (32, 32)))
    videos, told, notes = [tmp_path / f"{name}.avi" for name in ("1", "2", "3")], [], []
    with reporting(lambda done, total: told.append((done, total))):
        counts = frame_counts(videos, notes, tmp_path)
    assert (told, set(counts.values()), notes) == ([(1, 3), (2, 3), (3, 3)], {2}, [])
    assert frame_counts(videos, notes, tmp_path) == counts  # in silence
    assert len(told) == 3


def test_opening_a_set_reports_what_its_reader_counts(tmp_path):
    for number in (1, 2):
        for stem in ("1", "3"):
            place = tmp_path / f"train_release/{number}/{stem}.avi"
            place.parent.mkdir(parents=True, exist_ok=True)
            write_frames(place, grey_frames(2, (32, 32)))
    told = []
    open_whole(
        DataConfig(dataset="casia-mfsd", data_root=str(tmp_path)),
        lambda done, total: told.append((done, total)),
    )
    assert told == [(done, 4) for done in (1, 2, 3, 4)]


def test_many_differences_are_three_and_a_count():
    lines = [f"line {number}" for number in range(9)]
    assert condensed(lines[:4]) == tuple(lines[:4])
    assert condensed(lines) == (*lines[:3], "6 more such lines; autofas inspect has them all")
    assert condensed(lines, "see there")[-1] == "6 more such lines; see there"
