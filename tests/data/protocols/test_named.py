"""Protocols with names are refused for data of another set."""

import pytest

from autofas.data.dataset import load_dataset
from autofas.errors import DataError
from tests.data import skeletons
from tests.data.readers.reader_files import great


def test_named_protocols_of_other_data_are_refused(tmp_path):
    skeletons.casia_mfsd(tmp_path / "casia", tmp_path)
    for protocol, message in (
        ("grandtest", "protocol grandtest is Replay-Attack's, which has no pai cut_print"),
        ("print-hand", "protocol print-hand is Replay-Attack's"),
        ("cross-device", "needs a fold"),
    ):
        with pytest.raises(DataError, match=message):
            load_dataset("casia-mfsd", data_root=tmp_path / "casia", protocol=protocol, frames_per_video=1)
    with pytest.raises(DataError, match="has no folds; drop --fold"):
        load_dataset("casia-mfsd", data_root=tmp_path / "casia", protocol="low", fold=1)
    manifest = great(tmp_path / "great") / "manifest.csv"
    with pytest.raises(DataError, match="protocol overall is CASIA-MFSD's, which has no pai color_print"):
        load_dataset(manifest, protocol="overall")
