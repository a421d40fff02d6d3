"""The frame store: right pixels in the right rows, rebuilt when anything changes, never half-written."""

import errno
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import autofas.data.batches.crop_store as store_module
from autofas.data.batches.crop_store import FrameStore
from autofas.data.manifests.manifest import Manifest
from autofas.errors import DataError
from tests.data.data_files import picture


def folders(cache: Path) -> list[Path]:
    return sorted(cache.iterdir()) if cache.exists() else []


def test_pixels_are_those_of_the_row(make_manifest, tmp_path):
    manifest = make_manifest()
    shuffled = manifest.table.iloc[np.random.default_rng(1).permutation(len(manifest))]
    for cache in (None, tmp_path / "cache"):
        store = FrameStore.build(manifest, size=30, cache_dir=cache)
        rows = store.rows(shuffled)
        crops = store.crops("color", rows)
        assert crops.shape == (24, 3, 30, 30)
        assert crops.dtype == np.uint8
        for crop, path in zip(crops, shuffled["path"], strict=True):
            whole = np.asarray(Image.open(manifest.resolve(path)))  # 40 x 30, so the middle 30 columns
            assert np.array_equal(crop, whole[:, 5:35].transpose(2, 0, 1))


def test_the_second_build_reads_no_image(make_manifest, tmp_path, monkeypatch):
    manifest = make_manifest()
    first = FrameStore.build(manifest, size=16, cache_dir=tmp_path / "cache")

    def forbidden(*_):
        raise AssertionError("decoded again")

    monkeypatch.setattr("autofas.data.batches.crop_jobs.decode_image", forbidden)
    second = FrameStore.build(manifest, size=16, cache_dir=tmp_path / "cache")
    assert second.place == first.place
    assert np.array_equal(first.crops("color", np.arange(24)), second.crops("color", np.arange(24)))


def test_a_changed_source_size_margin_box_or_row_rebuilds(make_manifest, tmp_path):
    manifest = make_manifest()
    cache = tmp_path / "cache"
    seen = [FrameStore.build(manifest, size=16, cache_dir=cache).place]
    seen.append(FrameStore.build(manifest, size=24, cache_dir=cache).place)
    boxed = manifest.table.assign(bbox_x=4, bbox_y=4, bbox_w=9, bbox_h=9)
    seen.append(FrameStore.build(Manifest(boxed, tmp_path), size=16, cache_dir=cache).place)
    seen.append(FrameStore.build(Manifest(boxed, tmp_path), size=16, margin=1.5, cache_dir=cache).place)
    seen.append(FrameStore.build(manifest, table=manifest.table.iloc[:6], size=16, cache_dir=cache).place)
    assert len(set(seen)) == 5
    assert len(folders(cache)) == 5  # other requests stay

    path = manifest.resolve(manifest.table["path"].iloc[0])
    picture(99).save(path)
    os.utime(path, ns=(1, 10**18))
    store = FrameStore.build(manifest, size=16, cache_dir=cache)
    assert store.place not in seen
    assert not seen[0].exists()  # the same request over the old source is stale
    assert len(folders(cache)) == 5
    row = store.rows(manifest.table.iloc[:1])
    expected = FrameStore.build(manifest, size=16).crops("color", row)
    assert np.array_equal(store.crops("color", row), expected)


def test_a_source_that_was_touched_is_read_again(make_manifest, tmp_path):
    manifest = make_manifest(subjects=1)
    first = FrameStore.build(manifest, size=16, cache_dir=tmp_path / "cache").place
    os.utime(manifest.resolve(manifest.table["path"].iloc[3]), ns=(1, 10**18))  # the same size, another time
    assert FrameStore.build(manifest, size=16, cache_dir=tmp_path / "cache").place != first


@pytest.mark.parametrize("damage", ["cut", "index", "shape", "nothing left"])
def test_a_damaged_cache_is_rebuilt(make_manifest, tmp_path, damage):
    manifest = make_manifest(subjects=2)
    first = FrameStore.build(manifest, size=16, cache_dir=tmp_path / "cache")
    pixels = first.crops("color", np.arange(12))
    assert first.place is not None
    if damage == "cut":
        (first.place / "color.npy").write_bytes((first.place / "color.npy").read_bytes()[:5000])
    elif damage == "index":
        (first.place / "index.json").write_text("{")
    elif damage == "shape":
        np.save(first.place / "color.npy", np.zeros((3, 3, 16, 16), np.uint8))
    else:
        shutil.rmtree(first.place)
        first.place.mkdir()
    again = FrameStore.build(manifest, size=16, cache_dir=tmp_path / "cache")
    assert np.array_equal(again.crops("color", np.arange(12)), pixels)


def test_one_flipped_bit_of_the_cached_pixels_rebuilds_them(make_manifest, tmp_path):
    manifest = make_manifest()
    first = FrameStore.build(manifest, size=16, cache_dir=tmp_path / "cache")
    kept = first.crops("color", np.arange(24)).copy()
    place = first.place / "color.npy"
    payload = bytearray(place.read_bytes())
    payload[-1] ^= 1
    place.write_bytes(payload)
    again = FrameStore.build(manifest, size=16, cache_dir=tmp_path / "cache")
    assert np.array_equal(again.crops("color", np.arange(24)), kept)


def test_bad_files_are_named_and_nothing_is_written(make_manifest, tmp_path):
    manifest = make_manifest(subjects=2)
    cache = tmp_path / "cache"
    old = FrameStore.build(manifest, size=16, cache_dir=cache).place
    paths = list(manifest.table["path"])
    (tmp_path / paths[2]).unlink()
    (tmp_path / paths[5]).write_bytes(b"no image")
    for target in (cache, None):
        with pytest.raises(DataError) as caught:
            FrameStore.build(manifest, size=16, cache_dir=target)
        message = str(caught.value)
        assert (
            f"2 faults: line 4, path: '{paths[2]}' no such file; line 7, path: '{paths[5]}' is not an image"
            in message
        )
        assert "\n" not in message
    assert folders(cache) == [old]


def test_a_box_outside_its_image_is_named(make_manifest, tmp_path):
    manifest = make_manifest(subjects=1)
    table = manifest.table.assign(bbox_x=[1, 1, 1, 90, 1, 1], bbox_y=1, bbox_w=9, bbox_h=9)
    with pytest.raises(
        DataError, match=r"line 5, bbox_x: the box \(90, 1, 9, 9\) lies outside its 40 x 30 image"
    ):
        FrameStore.build(Manifest(table, tmp_path), size=16)


def test_a_full_disk_leaves_the_old_cache_and_one_line(make_manifest, tmp_path, monkeypatch):
    manifest = make_manifest()
    cache = tmp_path / "cache"
    old = FrameStore.build(manifest, size=16, cache_dir=cache).place
    written = []

    def full(stream, crops):
        if written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(stream.write(crops.tobytes()))

    monkeypatch.setattr(store_module, "write_crops", full)
    with pytest.raises(DataError) as caught:
        FrameStore.build(manifest, size=64, cache_dir=cache)
    assert str(caught.value).startswith(
        f"{cache}: the cache of 0 MB could not be written ([Errno 28] No space left"
    )
    assert "\n" not in str(caught.value)
    assert written
    assert folders(cache) == [old]


def test_a_cache_that_cannot_be_made(make_manifest, tmp_path):
    manifest = make_manifest(subjects=1)
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="could not be written"):
        FrameStore.build(manifest, size=16, cache_dir=tmp_path / "file" / "cache")


def test_concurrent_builders_agree(make_manifest, tmp_path):
    manifest = make_manifest(subjects=6)
    cache = tmp_path / "cache"
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: FrameStore.build(manifest, size=32, cache_dir=cache), range(4)))
    pixels = FrameStore.build(manifest, size=32).crops("color", np.arange(36))
    for store in stores:
        assert np.array_equal(store.crops("color", np.arange(36)), pixels)
    assert folders(cache) == [stores[0].place]


def test_a_killed_builder_leaves_nothing_that_counts(make_manifest, tmp_path):
    manifest = make_manifest(subjects=2)
    cache = tmp_path / "cache"
    code = (
        "import os, sys\n"
        "from autofas.data.manifests.manifest import read_manifest\n"
        "from autofas.data.batches.crop_store import FrameStore\n"
        "def die(done, total):\n"
        "    os._exit(9)\n"
        f"manifest = read_manifest({str(tmp_path / 'manifest.csv')!r})\n"
        f"FrameStore.build(manifest, size=16, cache_dir={str(cache)!r}, progress=die)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    left = folders(cache)
    assert [entry.name.startswith(".part-") for entry in left] == [True]
    store = FrameStore.build(manifest, size=16, cache_dir=cache)
    assert len(store) == 12
    assert left[0].exists()  # it may belong to a builder at work
    os.utime(left[0], (1, time.time() - 2 * 24 * 3600))
    FrameStore.build(manifest, size=24, cache_dir=cache)
    assert not left[0].exists()


def test_modalities(make_manifest, tmp_path):
    manifest = make_manifest(subjects=2)
    paths = list(manifest.table["path"])
    table = manifest.table.assign(depth=paths[::-1])
    both = Manifest(table, tmp_path)
    store = FrameStore.build(both, modalities=("color", "depth"), size=16, cache_dir=tmp_path / "cache")
    assert store.modalities == ("color", "depth")
    rows = store.rows(table)
    assert np.array_equal(store.crops("color", rows), store.crops("depth", rows[::-1]))
    with pytest.raises(DataError, match="no ir images; it was built with color, depth"):
        store.crops("ir", rows)
    with pytest.raises(DataError, match="has no column ir"):
        FrameStore.build(both, modalities=("ir",), size=16)
    gap = Manifest(table.assign(depth=["", *paths[1:]]), tmp_path)
    with pytest.raises(DataError, match="line 2, depth: '' is empty"):
        FrameStore.build(gap, modalities=("color", "depth"), size=16)


def test_progress_and_workers(make_manifest):
    manifest = make_manifest(subjects=8)
    seen: list[tuple[int, int]] = []
    one = FrameStore.build(
        manifest, size=16, workers=1, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(16, 48), (32, 48), (48, 48)]
    many = FrameStore.build(manifest, size=16, workers=5)
    assert np.array_equal(one.crops("color", np.arange(48)), many.crops("color", np.arange(48)))


def test_what_is_refused(make_manifest, tmp_path):
    manifest = make_manifest(subjects=1)
    for arguments, message in [
        ({"size": 4}, "crop size 4 is out of range"),
        ({"size": 5000}, "crop size 5000 is out of range"),
        ({"margin": 9.0}, "crop margin 9.0 is out of range"),
        ({"modalities": ()}, "no modality was asked for"),
        ({"table": manifest.table.iloc[:0]}, "there are no rows"),
    ]:
        with pytest.raises(DataError, match=message):
            FrameStore.build(manifest, **arguments)
    store = FrameStore.build(manifest, table=manifest.table.iloc[:3], size=16)
    with pytest.raises(DataError, match="is not in this store"):
        store.rows(manifest.table)
