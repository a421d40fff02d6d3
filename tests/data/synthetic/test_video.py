"""A rendered video: one stream of random numbers, every instrument, no label in a single statistic."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from autofas.data.synthetic.camera import PHONES, encode_jpeg
from autofas.data.synthetic.subject import build_subject
from autofas.data.synthetic.video import PAI_OF_FILE, render_video


@pytest.fixture(scope="module")
def crops() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """A frame of eight people in every session: pictures, JPEG sizes and instruments."""
    pictures, sizes, pais = [], [], []
    for user in range(1, 9):
        subject = build_subject(7, user)
        for session in (1, 2, 3):
            for file, pai in PAI_OF_FILE.items():
                phone = 1 + (user + session) % 6
                (shot,) = render_video(
                    subject, seed=7, user=user, phone=phone, session=session, file=file, frames=1, size=128
                )
                pictures.append(shot["color"])
                sizes.append(len(encode_jpeg(shot["color"], PHONES[phone - 1].quality)))
                pais.append(pai)
    return np.stack(pictures), np.array(sizes), pais


@pytest.mark.parametrize("statistic", ["file size", "brightness", "contrast", "saturation", "sharpness"])
def test_no_single_statistic_separates_the_classes(
    crops: tuple[np.ndarray, np.ndarray, list[str]], statistic: str
) -> None:
    pictures, sizes, pais = crops
    grey = pictures.mean(axis=3)
    values = {
        "file size": sizes,
        "brightness": grey.mean(axis=(1, 2)),
        "contrast": grey.std(axis=(1, 2)),
        "saturation": np.ptp(pictures, axis=3).mean(axis=(1, 2)),
        "sharpness": np.abs(np.diff(grey, axis=2)).mean(axis=(1, 2)),
    }[statistic]
    honest = np.array([pai == "bona_fide" for pai in pais])
    auc = roc_auc_score(honest, values)
    assert 0.25 < auc < 0.75


def test_a_video_is_drawn_from_its_own_stream() -> None:
    subject = build_subject(0, 3)
    fixed = {"seed": 0, "user": 3, "phone": 2, "session": 1, "frames": 2, "size": 32}
    once = render_video(subject, file=2, **fixed)
    again = render_video(subject, file=2, **fixed)
    assert all(np.array_equal(a["color"], b["color"]) for a, b in zip(once, again, strict=True))
    assert not np.array_equal(once[0]["color"], once[1]["color"])  # the hand shakes between frames
    for change in ({"seed": 1}, {"phone": 3}, {"session": 2}):
        other = render_video(subject, file=2, **{**fixed, **change})
        assert not np.array_equal(other[0]["color"], once[0]["color"])


def test_every_instrument_gives_every_modality() -> None:
    subject = build_subject(0, 3)
    for file in PAI_OF_FILE:
        (shot,) = render_video(
            subject, seed=0, user=3, phone=1, session=3, file=file, frames=1, size=32,
            modalities=("color", "depth", "ir"),
        )  # fmt: skip
        assert shot["color"].shape == (32, 32, 3)
        assert shot["depth"].shape == shot["ir"].shape == (32, 32)
        assert {plane.dtype for plane in shot.values()} == {np.dtype("uint8")}
