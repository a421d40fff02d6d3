"""Small folders as the sets are delivered."""

from pathlib import Path

from autofas.data.manifests.manifest import BONA_FIDE
from tests.data.data_files import COLUMNS, picture, write_rows

MODALITIES = ("color", "depth", "ir")


def surf_images(root: Path, stems: list[str]) -> None:
    for stem in stems:
        place = root / stem
        place.parent.mkdir(parents=True, exist_ok=True)
        picture(0, (8, 8)).save(place)


def challenge(root: Path, lines: list[str], name: str = "phase1/val_private_list.txt") -> Path:
    place = root / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("\n".join(lines) + "\n")
    return root


def sample(number: int, label: str = "", folder: str = "Val") -> str:
    stem = f"{folder}/0000/{number:06d}"
    return " ".join([*(f"{stem}-{name}.jpg" for name in MODALITIES), label])


def great(root: Path, subjects: int = 8) -> Path:
    rows: list[list[object]] = []
    for device in ("sr300", "dcam710"):
        for subject in range(subjects):
            split = "test" if subject >= subjects - 2 else "train"
            for pai in (BONA_FIDE, "color_print"):
                name = f"{device}_{subject}_{pai}"
                rows.append([f"{name}.png", pai, str(subject), "1", name, 0, split, device])
    root.mkdir(exist_ok=True)
    write_rows(root / "manifest.csv", [*COLUMNS, "device"], rows)
    return root
