"""CASIA-MFSD: every official count on a full-size skeleton, and what is missing or extra."""

import pytest

from autofas.data.dataset import load_dataset
from autofas.data.inspection import inspect_protocol, protocols_of
from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers import casia_mfsd
from autofas.errors import DataError
from tests.data import skeletons
from tests.data.data_files import write_video
from tests.data.readers.indexing import counts, indexed

pytest.importorskip("av")


CASIA_COUNTS = {  # train (all of it, dev included) and test
    "low": ((20, 60), (30, 90)),
    "normal": ((20, 60), (30, 90)),
    "high": ((20, 60), (30, 90)),
    "warped": ((60, 60), (90, 90)),
    "cut": ((60, 60), (90, 90)),
    "video": ((60, 60), (90, 90)),
    "overall": ((60, 180), (90, 270)),
}


def test_casia_mfsd(place):
    reading = indexed(place, skeletons.casia_mfsd, casia_mfsd.read, "casia")
    table = reading.manifest.table
    assert reading.differences == ()
    assert (table["video"].nunique(), table["subject"].nunique()) == (600, 50)
    assert {name for name, _ in protocols_of("casia-mfsd", table)} == set(CASIA_COUNTS)
    for name, (train, test) in CASIA_COUNTS.items():
        found = counts(table, name, dataset="casia-mfsd")
        assert found["test"] == test
        both = tuple(sum(pair) for pair in zip(found["train"], found["dev"], strict=True))
        assert both == train, name
        assert found["dev"] == (train[0] // 4, train[1] // 4)  # 5 of 20 subjects
    data = load_dataset("casia-fasd", data_root=place / "casia")
    assert (data.name, data.protocol) == ("casia-mfsd", "overall")
    assert "dev is 5 of 20 training subjects, held out with seed 0" in data.notes[0]
    # the real videos of a subject are 1, 2 and HR_1, and no name that merely contains them
    real = table[table["pai"] == BONA_FIDE]
    assert set(real["path"].str.rsplit("/", n=1).str[1]) == {"1.avi", "2.avi", "HR_1.avi"}


def test_what_is_missing_or_extra_is_named(tmp_path):
    for number, name in ((1, "1"), (1, "HR_1"), (1, "9"), (2, "3"), (99, "1")):
        place = tmp_path / "train_release" / str(number)
        place.mkdir(parents=True, exist_ok=True)
        write_video(place / f"{name}.avi", 2, (32, 32))
    lines = casia_mfsd.read(tmp_path).differences
    assert "train: 2 of 60 bona_fide videos; 58 missing" in lines
    assert "train: 1 of 60 warped_print videos; 59 missing" in lines
    assert "test: 0 of 90 bona_fide videos; 90 missing" in lines
    assert any("99" in line and "1/9.avi" in line and "not recognised" in line for line in lines)
    found = inspect_protocol("casia-mfsd", casia_mfsd.read(tmp_path).manifest.table, "overall", None)
    assert "cannot be divided" in found.fault
    (tmp_path / "other" / "a").mkdir(parents=True)
    (tmp_path / "other" / "b").mkdir()
    with pytest.raises(DataError, match=r"does not hold CASIA-MFSD in a layout that is read: it holds a, b"):
        casia_mfsd.read(tmp_path / "other")
