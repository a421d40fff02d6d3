"""Helpers that several tests of this folder share."""

from tests.data.data_files import COLUMNS, picture, write_rows


def small(root, prefix: str = "", seed: int = 0):
    """Bona fide and print of two subjects a split, every image another."""
    root.mkdir(exist_ok=True)
    rows: list[list[object]] = []
    for split in ("train", "dev", "test"):
        for subject in "ab":
            for pai in ("bona_fide", "print"):
                name = f"{prefix}{split}_{subject}_{pai}.png"
                picture(seed + len(rows)).save(root / name)
                rows.append([name, pai, f"{split}_{subject}", "1", name, 0, split])
    write_rows(root / "manifest.csv", COLUMNS, rows)
    return root / "manifest.csv"
