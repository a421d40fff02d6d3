"""A manifest in a folder that is named like a data set keeps its own splits."""

from PIL import Image

from autofas.data.dataset import load_dataset


def test_a_folder_named_nuaa_is_divided_by_its_split_column(tmp_path):
    folder = tmp_path / "nuaa"
    folder.mkdir()
    lines = ["path,pai,subject,session,video,frame,split"]
    for number, (pai, split) in enumerate(
        [("bona_fide", "train"), ("print", "train"), ("bona_fide", "dev"), ("print", "dev")]
    ):
        Image.new("RGB", (8, 8)).save(folder / f"{number}.png")
        lines.append(f"{number}.png,{pai},{number},1,v{number},0,{split}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    dataset = load_dataset(folder / "manifest.csv")
    assert dataset.name == "nuaa"
    assert {name: len(rows) for name, rows in dataset.splits.items() if len(rows)} == {"train": 2, "dev": 2}
