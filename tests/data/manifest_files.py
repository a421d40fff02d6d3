"""Manifests written by hand, and the line that refuses them."""

from pathlib import Path

import pytest

from autofas.data.manifests.manifest import read_manifest
from autofas.errors import DataError

HEADER = "path,pai,subject,session,video,frame,split"


def write(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def fault(tmp_path: Path, *lines: str, header: str = HEADER) -> str:
    with pytest.raises(DataError) as caught:
        read_manifest(write(tmp_path, *lines, header=header))
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(f"{tmp_path / 'manifest.csv'}: ")
