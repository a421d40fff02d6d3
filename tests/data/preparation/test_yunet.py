"""A YuNet file is run by OpenCV: a stand-in network of bright squares shows boxes, scale and colour order."""

import numpy as np
import pytest
from PIL import Image

onnx = pytest.importorskip("onnx", reason="needs autofas[export]")
pytest.importorskip("cv2", reason="needs autofas[data]")

from autofas.data.preparation.detector import make_detector  # noqa: E402
from autofas.errors import DataError  # noqa: E402

STRIDES = (8, 16, 32)


def bright_squares(path, channel=2):
    """YuNet's twelve outputs; a cell of 32 pixels is a face where one channel of BGR is bright."""
    helper, kinds = onnx.helper, onnx.TensorProto
    nodes, outputs = [], []
    constants = [
        helper.make_tensor("start", kinds.INT64, [1], [channel]),
        helper.make_tensor("end", kinds.INT64, [1], [channel + 1]),
        helper.make_tensor("axis", kinds.INT64, [1], [1]),
        helper.make_tensor("full", kinds.FLOAT, [], [255.0]),
        helper.make_tensor("none", kinds.FLOAT, [], [0.0]),
        helper.make_tensor("column", kinds.INT64, [3], [1, -1, 1]),
    ]
    nodes.append(helper.make_node("Slice", ["input", "start", "end", "axis"], ["one"]))
    for stride in STRIDES:
        shape = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        nodes.append(helper.make_node("AveragePool", ["one"], [f"pool{stride}"], **shape))
        nodes.append(helper.make_node("Div", [f"pool{stride}", "full"], [f"part{stride}"]))
        scale = f"part{stride}"
        if stride != 32:
            nodes.append(helper.make_node("Mul", [scale, "none"], [f"zero{stride}"]))
            scale = f"zero{stride}"
        nodes.append(helper.make_node("Reshape", [scale, "column"], [f"cell{stride}"]))
        nodes.append(helper.make_node("Mul", [f"cell{stride}", "none"], [f"nil{stride}"]))
        for name, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            source = f"cell{stride}" if name in ("cls", "obj") else f"nil{stride}"
            nodes.append(helper.make_node("Concat", [source] * width, [f"{name}_{stride}"], axis=2))
    for name, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
        outputs += [
            helper.make_tensor_value_info(f"{name}_{s}", kinds.FLOAT, [1, "cells", width]) for s in STRIDES
        ]
    given = helper.make_tensor_value_info("input", kinds.FLOAT, [1, 3, "height", "width"])
    graph = helper.make_graph(nodes, "yunet", [given], outputs, constants)
    opset = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))
    return path


def test_boxes_are_where_the_network_sees_a_face(tmp_path):
    detector = make_detector(str(bright_squares(tmp_path / "squares.onnx")))
    pixels = np.zeros((96, 128, 3), np.uint8)
    pixels[32:64, 64:96, 0] = 255  # red: channel 2 of BGR
    pixels[0:32, 0:32, 2] = 255  # blue is not seen
    (face,) = detector.detect(Image.fromarray(pixels))
    assert face.score > 0.9
    x, _, width, height = face.box
    assert 32 <= x + width / 2 <= 112
    assert (width, height) == (32, 32)  # exp(0) strides
    assert detector.detect(Image.new("RGB", (64, 64))) == []


def test_a_file_that_is_no_detector_is_refused(tmp_path):
    (tmp_path / "noise.onnx").write_bytes(b"noise")
    with pytest.raises(DataError, match="cannot be read as a face detector"):
        make_detector(str(tmp_path / "noise.onnx"))
    with pytest.raises(DataError, match=r"the face detector .*gone.onnx does not exist"):
        make_detector(str(tmp_path / "gone.onnx"))


def test_another_network_is_refused_when_it_is_first_asked(tmp_path):
    value = onnx.helper.make_tensor_value_info
    floats, shape = onnx.TensorProto.FLOAT, [1, 3, 32, 32]
    node = onnx.helper.make_node("Identity", ["input"], ["output"])
    graph = onnx.helper.make_graph(
        [node], "g", [value("input", floats, shape)], [value("output", floats, shape)]
    )
    opset = [onnx.helper.make_opsetid("", 13)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), str(tmp_path / "other.onnx"))
    with pytest.raises(DataError, match=r"other.onnx is not a YuNet face detector") as caught:
        make_detector(str(tmp_path / "other.onnx")).detect(Image.new("RGB", (64, 64)))
    assert "\n" not in str(caught.value)


def test_a_large_picture_is_searched_small_and_its_boxes_are_in_its_own_pixels(tmp_path):
    detector = make_detector(str(bright_squares(tmp_path / "squares.onnx")))
    pixels = np.zeros((640, 2560, 3), np.uint8)
    pixels[512:576, 1024:1088, 0] = 255  # a cell of 32 at half the size
    (face,) = detector.detect(Image.fromarray(pixels))
    x, y, width, height = face.box
    assert (width, height) == (64, 64)
    assert abs(x + width / 2 - 1056) <= 64
    assert abs(y + height / 2 - 544) <= 64


def test_boxes_are_cut_to_the_picture_and_the_surest_comes_first(tmp_path):
    detector = make_detector(str(bright_squares(tmp_path / "squares.onnx")))
    pixels = np.zeros((96, 128, 3), np.uint8)
    pixels[0:32, 0:32, 0] = 240
    pixels[64:96, 96:128, 0] = 255
    faces = detector.detect(Image.fromarray(pixels))
    assert [round(face.score, 2) for face in faces] == sorted(
        (round(f.score, 2) for f in faces), reverse=True
    )
    assert len(faces) == 2
    assert faces[0].box[0] > faces[1].box[0]
    for face in faces:
        x, y, width, height = face.box
        assert 0 <= x < x + width <= 128
        assert 0 <= y < y + height <= 96
