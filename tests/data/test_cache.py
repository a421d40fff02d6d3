"""The cache folder: where it is, and which ones autofas has filled."""

from autofas.data.cache import cache_folder


def test_the_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOFAS_CACHE", str(tmp_path / "c"))
    assert cache_folder() == tmp_path / "c"
    assert cache_folder(tmp_path) == tmp_path
    monkeypatch.delenv("AUTOFAS_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "autofas"
