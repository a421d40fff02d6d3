"""Drafts of manifests: what names and lists say, people by a pattern, and what is said of the rest."""

import pytest

from autofas.data.draft import draft_manifest
from autofas.errors import DataError
from tests.data.data_files import picture, write_video


def fill(root, *names):
    """Pictures, each of its own bytes, and videos by their suffix."""
    for number, name in enumerate(names):
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.suffix in (".mp4", ".avi"):
            write_video(place, frames=4)
        else:
            picture(number).save(place)
    return root


def rows_of(draft):
    return {
        path: (pai, split) for path, pai, split in draft.manifest.table[["path", "pai", "split"]].to_numpy()
    }


def test_class_folders_of_photographs(tmp_path):
    names = [
        f"{folder}/{number}.jpg" for folder in ("live", "print", "Replay Attack") for number in "abcdefgh"
    ]
    draft = draft_manifest(fill(tmp_path, *names))
    assert draft.labels == {"live": "bona_fide", "print": "print", "Replay Attack": "replay_attack"}
    table = draft.manifest.table
    assert len(table) == len(names)
    for pai in ("bona_fide", "print", "replay_attack"):
        assert table[table["pai"] == pai]["split"].value_counts().to_dict() == {
            "train": 4,
            "dev": 2,
            "test": 2,
        }
    assert any("people may be shared" in note and "--subject-from" in note for note in draft.notes)
    again = draft_manifest(tmp_path)
    assert again.manifest.table.equals(table)
    assert not draft_manifest(tmp_path, seed=1).manifest.table["split"].equals(table["split"])


def test_people_named_by_a_pattern_are_in_one_split_each(tmp_path):
    names = [
        f"{kind}/p{person:02d}_{take}.png"
        for kind in ("real", "spoof")
        for person in range(9)
        for take in "ab"
    ]
    draft = draft_manifest(fill(tmp_path, *names), subject_from=r"(p\d+)_")
    table = draft.manifest.table
    assert sorted(table["subject"].unique()) == [f"p{person:02d}" for person in range(9)]
    assert table.groupby("subject")["split"].nunique().max() == 1
    assert set(table["split"]) == {"train", "dev", "test"}
    assert not draft.notes
    for pattern, message in (
        (r"(q\d+)", "matches nothing in 36 of 36 paths"),
        ("(", "not a regular expression"),
    ):
        with pytest.raises(DataError, match=message):
            draft_manifest(tmp_path, subject_from=pattern)


def test_split_folders_are_kept_and_shared_people_are_named(tmp_path):
    names = [
        f"LCC_FASD_{split}/{kind}/{kind}_id{person}_{take}.png"
        for split, people in (("training", (1, 2)), ("development", (3,)), ("evaluation", (2, 4)))
        for kind in ("real", "spoof")
        for person in people
        for take in (0, 1)
    ]  # fmt: skip
    draft = draft_manifest(fill(tmp_path, *names), subject_from=r"id(\d+)")
    table = draft.manifest.table
    assert set(table[table["path"].str.startswith("LCC_FASD_evaluation")]["split"]) == {"test"}
    assert set(table[table["path"].str.startswith("LCC_FASD_dev")]["split"]) == {"dev"}
    assert draft.notes == ("the folders put 1 people into both train and test (2)",)


def test_the_shape_of_celeba_spoof_names_its_people(tmp_path):
    names = [
        f"Data/{split}/{person}/{kind}/{number:06d}.jpg"
        for split, people in (("train", (1, 5)), ("test", (7, 8)))
        for person in people
        for kind in ("live", "spoof")
        for number in range(2)
    ]  # fmt: skip
    fill(tmp_path, *names)
    (tmp_path / "Data/train/1/live/000000_BB.txt").write_text("1 2 3 4 0.9")
    draft = draft_manifest(tmp_path)
    table = draft.manifest.table
    assert sorted(table["subject"].unique()) == ["1", "5", "7", "8"]
    assert set(zip(table["subject"], table["split"], strict=True)) == {
        ("1", "train"), ("5", "train"), ("7", "test"), ("8", "test")
    }  # fmt: skip
    assert draft.notes == ("no folder is a dev set; --protocol official holds subjects of train out for one",)
    assert len(table) == len(names)
    assert table["video"].nunique() == len(names)  # pictures in a class folder are no video


def test_videos_and_folders_of_frames(tmp_path):
    frames = [f"live/clip_{clip}/frame{number:03d}.jpg" for clip in "abc" for number in range(12)]
    fill(tmp_path, *frames, "spoof/x.mp4", "spoof/y.mp4", "spoof/z.mp4")
    table = draft_manifest(tmp_path, frames_per_video=3).manifest.table
    clip = table[table["video"] == "live/clip_a"]
    assert list(clip["path"]) == [f"live/clip_a/frame{number:03d}.jpg" for number in (2, 6, 10)]
    assert list(clip["frame"]) == [2, 6, 10]
    assert list(table[table["video"] == "spoof/x.mp4"]["frame"]) == [0, 2, 3]
    assert table["video"].nunique() == 6


@pytest.mark.parametrize("separator", [" ", ",", "\t"])
@pytest.mark.parametrize("bona_fide_is", ["0", "1"])
def test_a_list_of_paths_and_labels(tmp_path, separator, bona_fide_is):
    names = [f"a b/{number}.png" for number in range(12)]
    fill(tmp_path, *names)
    lines = [f"{name}{separator}{number % 2}\n" for number, name in enumerate(names)]
    (tmp_path / "list.txt").write_text("".join(lines))
    draft = draft_manifest(tmp_path / "list.txt", bona_fide_is=bona_fide_is)
    rows = rows_of(draft)
    assert rows["a b/3.png"][0] == ("bona_fide" if bona_fide_is == "1" else "attack")
    assert draft.labels == {bona_fide_is: "bona_fide", "01".replace(bona_fide_is, ""): "attack"}


def test_words_in_a_list_are_labels(tmp_path):
    fill(tmp_path, *(f"{number}.png" for number in range(9)))
    words = ["real", "print", "3D mask"]
    (tmp_path / "list.csv").write_text(
        "path,label\n" + "".join(f"{number}.png,{words[number % 3]}\n" for number in range(9))
    )
    labels = draft_manifest(tmp_path / "list.csv").labels
    assert labels == {"real": "bona_fide", "print": "print", "3D mask": "attack_3d_mask"}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a/1.jpg", "b/2.jpg"], "no folder is named as a class"),
        (["spoof/1.jpg"], "no folder is named as a class"),
        ([], "no folder is named as a class"),
    ],
)
def test_what_names_do_not_say_is_not_guessed(tmp_path, names, message):
    with pytest.raises(DataError, match=message):
        draft_manifest(fill(tmp_path, *names))


@pytest.mark.parametrize(
    "shape", ["{split}_{kind}", "{kind}-{split}", "{kind}/{split}", "{split} set/{kind}"]
)
def test_a_split_is_read_wherever_a_name_holds_it(tmp_path, shape):
    folders = [
        shape.format(split=split, kind=kind)
        for split in ("train", "val", "test")
        for kind in ("real", "fake")
    ]
    draft = draft_manifest(
        fill(tmp_path, *(f"{folder}/{number}.jpg" for folder in folders for number in "12"))
    )
    rows = rows_of(draft)
    for path, (pai, split) in rows.items():
        assert split == ("train" if "train" in path else "dev" if "val" in path else "test"), path
        assert pai == ("bona_fide" if "real" in path else "attack"), path
    assert draft.manifest.table["video"].nunique() == len(rows) == 12  # photographs, and no folder of frames


@pytest.mark.parametrize("bona_fide_is", [None, "1", "0"])
@pytest.mark.parametrize("above", ["", "train/", "crops/a/"])
def test_folders_of_numbers_are_classes(tmp_path, bona_fide_is, above):
    fill(tmp_path, *(f"{above}{label}/{number}.png" for label in "01" for number in "abc"))
    draft = draft_manifest(tmp_path, bona_fide_is=bona_fide_is)
    bona, other = ("0", "1") if bona_fide_is == "0" else ("1", "0")
    assert draft.labels == {bona: "bona_fide", other: "attack"}
    told = [note for note in draft.notes if note.startswith("1 is taken as bona fide; if 0 is")]
    assert len(told) == (bona_fide_is is None)


def test_bona_fide_may_be_named(tmp_path):
    fill(tmp_path, *(f"{kind}/{number}.png" for kind in ("positive", "negative") for number in "abc"))
    with pytest.raises(DataError, match=r"among negative, positive; .* --bona-fide-is NAME"):
        draft_manifest(tmp_path)
    assert draft_manifest(tmp_path, bona_fide_is="Positive").labels == {
        "positive": "bona_fide",
        "negative": "negative",
    }
    with pytest.raises(DataError, match="--bona-fide-is neutral: no folder is called so"):
        draft_manifest(tmp_path, bona_fide_is="neutral")


def test_files_named_by_their_class(tmp_path):
    fill(tmp_path, *(f"{split}_img/1_{number}.avi_25_{kind}.jpg" for split in ("train", "test")
                     for kind in ("real", "fake") for number in range(3)))  # fmt: skip
    draft = draft_manifest(tmp_path)
    assert draft.labels == {"files named real": "bona_fide", "files named fake": "attack"}
    assert rows_of(draft)["test_img/1_2.avi_25_fake.jpg"] == ("attack", "test")


def test_one_class_alone_and_folders_of_frames_are_said(tmp_path):
    fill(tmp_path, *(f"live/{person}/{number}.png" for person in "ab" for number in range(3)))
    notes = "\n".join(draft_manifest(tmp_path).notes)
    assert "nothing is named as an attack" in notes
    assert "the numbered pictures of each of 2 folders (live/a, live/b)" in notes


@pytest.mark.parametrize(
    "text",
    [
        "{0} 1\n{1} 0\n{2} 0\n",
        "1 {0}\n0 {1}\n0 {2}\n",
        "{0};1\n{1};0\n{2};0\n",
        "label,path\n1,{0}\n0,{1}\n0,{2}\n",
        ",image,target\n0,{0},1\n1,{1},0\n2,{2},0\n",
        "# made today\n{root}/{0}\tTrue\n{root}/{1}\tFalse\n{root}/{2}\tFalse\n",
        "filename,label,split,subject\n{0},live,train,a\n{1},spoof,val,b\n{2},spoof,test,c\n",
        'file,class\n"{0}",Real\n"{1}",Spoofing\n"{2}",Fake Faces\n',
    ],
)
def test_lists_in_other_orders(tmp_path, text):
    names = [f"a b/{number}.png" for number in range(3)]
    fill(tmp_path, *names)
    (tmp_path / "list.csv").write_text(text.format(*names, root=tmp_path))
    table = draft_manifest(tmp_path / "list.csv").manifest.table
    assert list(table["path"]) == names
    assert list(table["pai"]) == ["bona_fide", "attack", "attack"]
    if "subject" in text:
        assert list(table["split"]) == ["train", "dev", "test"]
        assert list(table["subject"]) == ["a", "b", "c"]


def test_what_is_left_out_is_counted(tmp_path):
    fill(tmp_path, *(f"{kind}/{number}.png" for kind in ("live", "spoof") for number in "abc"), "x.png")
    (tmp_path / "live" / "notes.docx").write_text("x")
    (tmp_path / "spoof" / "broken.mp4").write_text("x")
    pytest.importorskip("av", reason="needs autofas[data]")
    draft = draft_manifest(tmp_path)
    assert len(draft.manifest.table) == 6
    text = "\n".join(draft.notes)
    assert "1 files are under no class folder and are left out (x.png)" in text
    assert "1 files are neither images nor videos that are read (live/notes.docx)" in text
    assert "spoof/broken.mp4: is damaged or not a video" in text
    assert "it is not used" in text


def test_a_folder_below_a_class_holds_photographs_where_its_files_name_several_people(tmp_path):
    names = [f"{kind}/p{person}_1.png" for kind in ("live", "print/a4") for person in range(8)]
    names += [f"replay/p1/{frame:03d}.png" for frame in range(3)]
    names += [f"replay/take2/p2_{frame:03d}.png" for frame in range(3)]
    draft = draft_manifest(fill(tmp_path, *names), subject_from=r"/(p\d+)")
    table = draft.manifest.table
    assert table.groupby("video").size().to_dict() == {
        **{f"{kind}/p{person}_1": 1 for kind in ("live", "print/a4") for person in range(8)},
        "replay/p1": 3,
        "replay/take2": 3,
    }
    assert set(table[table["video"] == "replay/take2"]["subject"]) == {"p2"}
    assert table.groupby("subject")["split"].nunique().max() == 1
    assert [note for note in draft.notes if "taken as the frames" in note] == [
        "the numbered pictures of each of 2 folders (replay/p1, replay/take2) are taken as the frames of one"
        " presentation"
    ]


def test_files_that_differ_by_their_suffix_alone_are_presentations_of_one_person(tmp_path):
    names = [
        f"{kind}/{stem}{end}" for kind in ("live", "print") for stem in "abcdefgh" for end in (".png", ".bmp")
    ]
    draft = draft_manifest(fill(tmp_path, *names, "live/z.png", "live/z.mp4"))
    table = draft.manifest.table
    assert set(table["path"]) == {*names, "live/z.png", "live/z.mp4"}
    photographs = table[table["subject"] != "live/z.mp4"]
    both = photographs[photographs["subject"] != "live/z"]
    assert (both["video"] == both["path"]).all()
    assert (both.groupby("subject").size() == 2).all()
    assert (both.groupby("subject")["split"].nunique() == 1).all()
    assert set(table["video"][table["path"].str.startswith("live/z")]) == {"live/z", "live/z.mp4"}
