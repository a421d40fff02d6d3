"""Jobs of the crop store: a video in one pass, a few images at a time."""

import pandas as pd
import pytest

from autofas.data.batches.crop_store import FrameStore
from autofas.data.manifests.manifest import Manifest
from autofas.errors import DataError
from tests.data.data_files import picture, write_video


def test_videos_are_decoded_in_one_pass_each(tmp_path, monkeypatch):
    pytest.importorskip("av")

    import autofas.data.batches.crop_jobs as jobs_module

    write_video(tmp_path / "a.avi")
    write_video(tmp_path / "b.avi")
    picture(1).save(tmp_path / "c.png")
    rows = [("b.avi", 7), ("a.avi", 3), ("c.png", 0), ("b.avi", 2), ("a.avi", 9), ("b.avi", 11)]
    table = pd.DataFrame(rows, columns=["path", "frame"], index=range(2, 8))
    opened = []
    real = jobs_module.decode_frames

    def counted(place, frames):
        opened.append(place.name)
        return real(place, frames)

    monkeypatch.setattr(jobs_module, "decode_frames", counted)
    store = FrameStore.build(Manifest(table, tmp_path), size=48)
    assert sorted(opened) == ["a.avi", "b.avi"]
    crops = store.crops("color", store.rows(table))
    for crop, (path, frame) in zip(crops, rows, strict=True):
        if path != "c.png":
            assert abs(crop[:, 30:, 30:].mean() - (10 + 16 * frame)) < 4


def test_a_short_video_names_its_rows(tmp_path):
    pytest.importorskip("av")

    write_video(tmp_path / "a.avi", frames=4)
    table = pd.DataFrame({"path": "a.avi", "frame": [0, 9, 3, 12]}, index=[2, 3, 4, 5])
    with pytest.raises(DataError) as caught:
        FrameStore.build(Manifest(table, tmp_path), size=16)
    message = str(caught.value)
    assert "2 faults: line 3, path: 'a.avi' has 4 frames; frame 9 does not exist" in message
    assert "line 5, path: 'a.avi' has 4 frames" in message


def test_jobs_are_one_video_or_a_few_images(monkeypatch):
    from autofas.data.batches import crop_jobs

    paths = ["a.png"] * 20 + ["b.avi"] * 5 + ["c.avi"] + ["d.png"]
    assert crop_jobs._ranges(paths) == [range(16), range(16, 20), range(20, 25), range(25, 26), range(26, 27)]
    monkeypatch.setattr(crop_jobs, "_FRAMES_A_JOB", 2)
    assert crop_jobs._ranges(["b.avi"] * 5) == [range(2), range(2, 4), range(4, 5)]


def test_a_depth_video_beside_colour_images_in_another_order(tmp_path):
    pytest.importorskip("av")
    write_video(tmp_path / "depth.avi")
    rows = [("c1.png", 1), ("c10.png", 10), ("c2.png", 2), ("c7.png", 7)]
    for path, _ in rows:
        picture(1, (64, 48)).save(tmp_path / path)
    table = pd.DataFrame(rows, columns=["path", "frame"], index=range(2, 6)).assign(depth="depth.avi")
    store = FrameStore.build(Manifest(table, tmp_path), modalities=("color", "depth"), size=48)
    for crop, (_, frame) in zip(store.crops("depth", store.rows(table)), rows, strict=True):
        assert abs(crop[:, 30:, 30:].mean() - (10 + 16 * frame)) < 4
