"""CelebA-Spoof: kinds of attack from the label files, boxes in the picture's pixels, what differs."""

import json

from autofas.data.dataset import load_dataset
from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers import celeba_spoof
from tests.data import skeletons
from tests.data.data_files import picture
from tests.data.readers.indexing import indexed

KINDS = {
    "photo", "poster", "a4_paper", "face_mask", "upper_body_mask", "region_mask", "pc", "pad", "phone",
    "mask_3d",
}  # fmt: skip


def test_celeba_spoof(place):
    reading = indexed(place, skeletons.celeba_spoof, celeba_spoof.read, "celeba")
    table = reading.manifest.table
    assert reading.differences == (
        "240 bona_fide images; the paper gives 156384",
        "800 attack images; the paper gives 469153",
        "80 people; the paper gives 10177",
    )
    assert set(table["pai"]) == {BONA_FIDE, *KINDS}
    assert table["video"].nunique() == len(table) == 80 * 13
    assert table.groupby("split")["subject"].nunique().to_dict() == {"train": 40, "test": 40}
    # the 40 attributes of a face, then the kind of attack: the number that the skeleton's names end in
    order = (
        "photo", "poster", "a4_paper", "face_mask", "upper_body_mask", "region_mask", "pc", "pad", "phone",
        "mask_3d",
    )  # fmt: skip
    spoofs = table[table["pai"] != BONA_FIDE]
    assert [order[int(name[-6:-4]) - 11] for name in spoofs["video"]] == spoofs["pai"].tolist()
    boxes = table.groupby("pai")[["bbox_x", "bbox_y", "bbox_w", "bbox_h"]].first()
    assert boxes.loc["pc"].tolist() == [20, 40, 100, 120]  # 224 x 224 pixels
    assert boxes.loc[BONA_FIDE].tolist() == [10, 60, 50, 180]  # 112 x 336
    few = celeba_spoof.read(place / "celeba", 2).manifest.table
    assert len(few) == 80 * 4
    assert few.groupby(["subject", few["pai"] == BONA_FIDE]).size().unique().tolist() == [2]
    data = load_dataset("celeba_spoof", data_root=place / "celeba")
    assert (data.name, data.protocol, set(data.splits)) == (
        "celeba-spoof",
        "official",
        {"train", "dev", "test"},
    )


def test_what_is_missing_extra_or_contrary_is_counted(tmp_path):
    root = tmp_path / "CelebA_Spoof"
    for name in ("8/live/1.jpg", "8/spoof/2.png", "8/spoof/3.png", "9/live/4.jpg", "9/spoof/5.png"):
        place = root / "Data/train" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        picture(1, (224, 224)).save(place)
    (root / "Data/train/8/live/1_BB.txt").write_text("nothing of the kind")
    (root / "Data/train/8/spoof/2_BB.txt").write_text("1 2 30.6 40\n")
    (root / "Data/train/8/spoof/notes.doc").write_text("")
    labels = {
        "8/live/1.jpg": 3,
        "8/spoof/2.png": 9,
        "8/spoof/7.png": 1,
        "9/spoof/5.png": 99,
        "9/live/4.jpg": 0,
    }
    (root / "metas/intra_test").mkdir(parents=True)
    text = {f"Data/train/{name}": [0] * 40 + [kind, 0, 0, 1] for name, kind in labels.items()}
    (root / "metas/intra_test/train_label.json").write_text(json.dumps(text, indent=1))
    reading = celeba_spoof.read(tmp_path)
    found = reading.manifest.table.set_index("video")
    assert set(found["split"]) == {"train"}
    assert found["pai"].to_dict() == {
        "train/8/live/1.jpg": BONA_FIDE,
        "train/8/spoof/2.png": "phone",
        "train/8/spoof/3.png": "attack",  # in no list
        "train/9/live/4.jpg": BONA_FIDE,
        "train/9/spoof/5.png": "attack",  # of a kind that the set does not have
    }
    assert found.loc["train/8/spoof/2.png", ["bbox_x", "bbox_y", "bbox_w", "bbox_h"]].tolist() == [
        1,
        2,
        31,
        40,
    ]
    said = "\n".join(reading.differences)
    for part in (
        "train: 1 images are in no label file",
        "train: 1 images have a label that contradicts their folder, which is believed",
        "train: 1 labels name an image that is not there",
        "train: 8/spoof/notes.doc not recognised and not used",
        "there is no folder CelebA_Spoof/Data/test",
        "there is no test_label.json",
        "4 images have no face box (train/8/live/1.jpg, train/8/spoof/3.png, train/9/live/4.jpg and 1 more)",
    ):
        assert part in said
