"""Lists of the CASIA-SURF challenge: hostile lines and samples without a label."""

import pytest

from autofas.data.readers import casia_surf
from autofas.errors import DataError
from tests.data.readers.reader_files import MODALITIES, challenge, sample, surf_images


def test_public_lists_have_no_label(tmp_path):
    challenge(tmp_path, [sample(0), sample(1)], "phase1/val_public_list.txt")
    surf_images(tmp_path / "phase1", [f"Val/0000/{n:06d}-{m}.jpg" for n in range(2) for m in MODALITIES])
    with pytest.raises(DataError, match=r"val_public_list\.txt: 2 samples have no label; they are not used"):
        casia_surf.read(tmp_path)


def test_hostile_challenge_lines_are_listed_and_not_used(tmp_path):
    outside = "../../../etc/passwd"
    lines = [
        sample(0, "1"),
        "one two",
        sample(1, "2"),
        f"{outside} {outside} {outside} 1",
        "/etc/color /etc/depth /etc/ir 1",
        "Val/0000/000002-color.jpg Val/0000/000002-ir.jpg Val/0000/000002-depth.jpg 1",
        "Val/0000/000009-color.jpg Val/0000/000009-depth.jpg Val/0000/000009-ir.jpg 0",
    ]
    challenge(tmp_path, lines)
    surf_images(tmp_path / "phase1", [f"Val/0000/000000-{m}.jpg" for m in MODALITIES])
    reading = casia_surf.read(tmp_path)
    assert len(reading.manifest) == 1
    text = "\n".join(reading.differences)
    assert "5 lines not used; line 2: has 2 fields" in text
    assert "line 3: label '2' is not 0 or 1, line 4: '../../../etc/passwd' is not a path inside" in text
    assert "1 samples lack a file; line 7 Val/0000/000009-color.jpg" in text
