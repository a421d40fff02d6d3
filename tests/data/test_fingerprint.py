"""A data set's fingerprint: every cell and the order of the rows count, the images' bytes do not."""

import pandas as pd

from autofas.data.dataset import load_dataset
from autofas.data.fingerprint import fingerprint, manifest_sha256


def test_any_cell_row_or_column_changes_the_digest():
    table = pd.DataFrame({"path": ["a", "b"], "frame": [0, 1]})
    digest = manifest_sha256(table)
    assert digest == manifest_sha256(table.copy())
    assert len(digest) == 64
    others = [
        table.iloc[::-1],
        table.iloc[:1],
        table.rename(columns={"frame": "frames"}),
        table.assign(frame=[0, 2]),
        pd.DataFrame({"path": ["a0", "b"], "frame": ["", 1]}),  # the same letters, divided otherwise
    ]
    assert len({digest, *map(manifest_sha256, others)}) == 6


def test_a_fingerprint_says_which_rows_a_run_read(make_manifest, tmp_path):
    manifest = make_manifest(subjects=4)
    found = fingerprint(load_dataset(tmp_path))
    assert found == {
        "dataset": tmp_path.name,
        "protocol": "none",
        "fold": None,
        "rows": 24,
        "splits": {"train": 24},
        "manifest_sha256": manifest_sha256(manifest.table),
    }
    for image in tmp_path.rglob("*.png"):
        image.touch()
    assert fingerprint(load_dataset(tmp_path)) == found
