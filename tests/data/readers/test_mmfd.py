"""MMFD through its manifest against the paper's counts."""

from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers import mmfd
from tests.data.data_files import COLUMNS, write_rows


def test_mmfd_counts(tmp_path):
    rows = [[f"{n}.png", pai, str(n), "1", f"{n}", 0, "train"] for n, pai in enumerate((BONA_FIDE, "print"))]
    write_rows(tmp_path / "manifest.csv", COLUMNS, rows)
    assert mmfd.read(tmp_path).differences == (
        "2 subjects; the paper gives 15",
        "1 bona_fide samples; the paper gives 15415",
        "1 attack samples; the paper gives 28438",
    )
