"""Files in one piece: whatever happens inside the block, readers see the old file or the new one."""

from pathlib import Path

import pytest

from autofas.storage.files import whole_file, write_text


def test_the_new_text_appears_at_the_end_of_the_block(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with whole_file(path) as stream:
        stream.write("new\n")
        stream.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new\n"
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]


def test_a_block_that_raises_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def half_way():
        with whole_file(path, binary=True) as stream:
            stream.write(b"half")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        half_way()
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["a.bin"]


def test_a_folder_that_is_not_there_is_an_oserror(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*/no; make it"):
        write_text(tmp_path / "no" / "a.txt", "")


@pytest.mark.parametrize("name", ["", "inner"])
def test_a_folder_is_not_written_over_and_is_named(tmp_path, monkeypatch, name):
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IsADirectoryError, match="is a folder; name a file in it") as caught:
        write_text(Path(name), "")
    assert caught.value.filename == (name or ".")
    assert [item.name for item in tmp_path.iterdir()] == ["inner"]
