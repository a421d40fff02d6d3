"""autofas prepare: OULU-NPU and Replay-Attack from videos to crops."""

import json

import numpy as np
import pytest
from PIL import Image

from autofas.cli import main, main_values
from autofas.data.batches.crop_store import FrameStore
from autofas.data.manifests.manifest import read_manifest
from tests.data.data_files import EYES
from tests.data.preparation.prepared import reasons
from tests.data.video_files import grey_frames, write_frames

pytest.importorskip("av")


def test_oulu_from_videos_to_crops_by_the_command_line(tmp_path, capsys):
    for folder, user in (("Train", "01"), ("Dev", "21"), ("Test", "36")):
        place = tmp_path / "raw" / f"{folder}_files"
        place.mkdir(parents=True)
        for session in "13":
            for file in "12345":
                name = f"1_{session}_{user}_{file}"
                write_frames(place / f"{name}.avi", grey_frames(6, (200, 220)), "mpeg4")
                (place / f"{name}.txt").write_text(EYES)
    words = ["--dataset", "oulu", "--data-root", str(tmp_path / "raw"), "--frames-per-video", "2"]
    out = tmp_path / "out"
    assert main(["prepare", *words, "--out", str(out), "--quiet", "--json"]) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (values["faces"], values["videos"], values["skipped"]) == (60, 30, 0)
    assert len(values["differences"]) == 15
    assert main(["inspect", "--dataset", str(out), "--protocol", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    videos = {(row["split"], row["pai"]): row["videos"] for row in found["counts"]}
    assert videos[("train", "bona_fide")] == videos[("test", "replay2")] == 1
    store = FrameStore.build(read_manifest(out / "manifest.csv"), size=32)
    assert store.crops("color", np.arange(60)).shape == (60, 3, 32, 32)


def test_replay_attack_with_its_own_boxes(tmp_path, capsys):
    root = tmp_path / "raw"
    names = {
        "train/real/client001_session01_webcam_authenticate_adverse_1": "0 8 16 24 24\n",
        "train/attack/fixed/attack_print_client001_session01_highdef_photo_adverse": "0 8 16 24 24\n1 x\n",
        "devel/attack/hand/attack_mobile_client003_session01_mobile_video_controlled": "",
    }
    for name, boxes in names.items():
        place = root / f"{name}.mov"
        place.parent.mkdir(parents=True)
        write_frames(place, grey_frames(4, (64, 48)), "mjpeg")
        (root / "face-locations" / name).parent.mkdir(parents=True)
        (root / "face-locations" / f"{name}.face").write_text(boxes)
    words = ["--dataset", "replay-attack", "--data-root", str(root), "--frames-per-video", "2"]
    values = main_values(["prepare", *words, "--out", str(tmp_path / "out"), "--boxes", "files", "--quiet"])
    assert (values["faces"], values["skipped"]) == (4, 2)
    assert any("'1 x' is not frame x y w h" in line for line in values["differences"])
    table = read_manifest(tmp_path / "out/manifest.csv").table
    assert set(table["support"]) == {"none", "fixed"}
    assert list(table["frame"]) == [1, 3, 1, 3]
    assert {why for _, _, why in reasons(tmp_path / "out")} == {
        "the data set's files have no face box for it"
    }


def test_faces_are_found_by_a_network_of_ones_own(tmp_path, capsys):
    pytest.importorskip("onnx", reason="needs autofas[export]")
    pytest.importorskip("cv2", reason="needs autofas[data]")
    from tests.data.preparation.test_yunet import bright_squares

    pixels = np.zeros((96, 128, 3), np.uint8)
    pixels[32:64, 64:96, 0] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    (tmp_path / "manifest.csv").write_text(
        "path,pai,subject,session,device,video,frame,split\na.png,bona_fide,1,1,1,a,0,train\n"
    )
    words = [
        "prepare",
        "--dataset",
        str(tmp_path / "manifest.csv"),
        "--out",
        str(tmp_path / "out"),
        "--quiet",
    ]
    words += ["--margin", "1", "--detector"]
    assert main_values([*words, str(bright_squares(tmp_path / "squares.onnx"))])["faces"] == 1
    (face,) = (tmp_path / "out").glob("color/**/*.png")
    shown = np.asarray(Image.open(face))
    assert shown.shape[0] == shown.shape[1] == pytest.approx(32, abs=2)
    assert shown[..., 0].mean() > 50  # of the picture's middle, which no face gives, it is 28
    assert main([*words, "gone.onnx"]) == 2
    assert "the face detector gone.onnx does not exist" in capsys.readouterr().err
