"""The cache folder: where it is, and which ones autofas has filled."""

import json

import pytest

from autofas.config.resolve import to_yaml
from autofas.config.train import TrainConfig
from autofas.data.cache import CACHE_MARK, cache_folder, mark_cache, own_cache
from autofas.errors import DataError
from autofas.evaluation.evaluate import training_of


def test_the_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOFAS_CACHE", str(tmp_path / "c"))
    assert cache_folder() == tmp_path / "c"
    assert cache_folder(tmp_path) == tmp_path
    monkeypatch.delenv("AUTOFAS_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "autofas"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == tmp_path / ".cache" / "autofas"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert cache_folder() == tmp_path / "caches" / "autofas"


def test_a_cache_that_a_stranger_names_is_not_used(tmp_path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    theirs.mkdir()
    mark_cache(mine)
    assert json.loads((mine / CACHE_MARK).read_text()) == {"schema_version": 1}
    for cache, used in ((mine, str(mine)), (theirs, None), (tmp_path / "new", None)):
        config = TrainConfig(baseline="feathernet_a", data={"cache_dir": str(cache)})
        (folder / "config.yaml").write_text(to_yaml(config))
        assert own_cache(str(cache)) == used
        assert training_of(folder).data.cache_dir == used
    assert not (tmp_path / "new").exists()


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"the cache could not be written .*; choose another cache folder"):
        mark_cache(tmp_path / "file" / "cache")
