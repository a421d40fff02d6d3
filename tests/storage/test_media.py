"""Paths by their suffixes."""

import pytest

from autofas.storage.media import is_image, is_media, is_video


@pytest.mark.parametrize(
    ("path", "image", "video"),
    [("a.jpg", True, False), ("B.PNG", True, False), ("c/d.MOV", False, True), ("e.txt", False, False)],
)
def test_a_suffix_says_it_in_any_letters(path, image, video):
    assert (is_image(path), is_video(path), is_media(path)) == (image, video, image or video)
