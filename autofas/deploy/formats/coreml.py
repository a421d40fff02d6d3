"""Core ML packages: coremltools converts the exported program; nothing but an Apple device can run them.

A package is a folder, NAME.mlpackage, of an ML program for iOS 16 and later in float32. Inputs carry the
names of the modalities, outputs are score and map; its user-defined metadata `autofas` is the record. It is
not checked here: what converts and what runs are different programs, and only the first is at hand.
"""

import json
from pathlib import Path
from typing import Any

from autofas.deploy.info import METADATA_KEY, ExportInfo
from autofas.errors import ConfigError


def write(place: Path, form: Any, info: ExportInfo) -> None:
    """Write NAME.mlpackage; raises ConfigError where coremltools cannot convert the network."""
    from autofas.deploy.formats.tracing import program, quietly

    with quietly("coremltools"):
        import coremltools
        import numpy as np

        try:
            made = coremltools.convert(
                program(form).run_decompositions({}),
                inputs=[
                    coremltools.TensorType(
                        name=name, shape=(1, 3, info.crop_size, info.crop_size), dtype=np.float32
                    )
                    for name in info.modalities
                ],
                outputs=[coremltools.TensorType(name=name, dtype=np.float32) for name in info.outputs],
                convert_to="mlprogram",
                minimum_deployment_target=coremltools.target.iOS16,
                compute_precision=coremltools.precision.FLOAT32,
                skip_model_load=True,
            )
        except Exception as exc:  # it raises a dozen kinds; whichever it is, this network has no file
            reason = " ".join(str(exc).split())[:200]
            raise ConfigError(f"{info.name} cannot be converted to Core ML: {reason}") from exc
        made.user_defined_metadata[METADATA_KEY] = json.dumps(info.model_dump(mode="json"), sort_keys=True)
        made.save(str(place))
