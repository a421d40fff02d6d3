"""Static int8 of an exported ONNX model: weights a channel, activations a tensor, ranges from dev crops.

onnxruntime's quantisation in QDQ form (a pair of nodes around each operation, which accelerators read too).
Whether it pays depends on the processor: without int8 dot products it is often slower than fp32.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from autofas.deploy.info import ExportInfo
from autofas.deploy.material import Material
from autofas.deploy.runtime import as_input

CALIBRATION_CROPS = 128
_BATCH = 8


def to_int8(model: Any, material: Material, info: ExportInfo) -> Any:
    """The int8 onnx.ModelProto of a fp32 one of form `tensor`, ranges taken from `material`."""
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quant_pre_process,
        quantize_static,
    )

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self.batches = _batches(material, info)

        def get_next(self) -> Any:
            return next(self.batches, None)

    log = logging.getLogger()
    level = log.level
    log.setLevel(logging.ERROR)  # it recommends on the root logger what is done here
    try:
        with TemporaryDirectory() as folder:
            # from files: a model in memory goes through external data, which onnx then refuses
            source, prepared, target = (
                Path(folder) / f"{name}.onnx" for name in ("fp32", "prepared", "int8")
            )
            onnx.save(model, str(source))
            quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
            quantize_static(
                str(prepared),
                str(target),
                Reader(),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
            return onnx.load(str(target))
    finally:
        log.setLevel(level)


def _batches(material: Material, info: ExportInfo) -> Iterator[dict[str, Any]]:
    for start in range(0, len(material), _BATCH):
        yield {name: as_input(crops[start : start + _BATCH], info) for name, crops in material.crops.items()}
