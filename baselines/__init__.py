"""Hand-designed face anti-spoofing networks: one file each, PyTorch alone, and the counts their papers
print.

`BASELINES` describes them without importing torch; `build_baseline` imports the file of the one asked for,
which also holds its published figures (`PUBLISHED`).
"""

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .published import FEATHERNETS, Published

if TYPE_CHECKING:
    from torch import nn

__all__ = ["BASELINES", "FEATHERNETS", "Baseline", "Published", "build_baseline"]

FEATHERNETS_PAPER = "Zhang et al., FeatherNets, CVPRW 2019"
AFA_PAPER = "Chen et al., A Dataset and Benchmark towards Multi-modal Face Anti-spoofing, IEEE Access 2021"
CASIA_SURF_PAPER = "Zhang et al., CASIA-SURF, CVPR 2019"
VISIONLABS_PAPER = "Parkin and Grinchuk, Recognizing Multi-Modal Face Spoofing, CVPRW 2019"


@dataclass(frozen=True)
class Baseline:
    """What a hand-designed network is.

    `factory` is "file:function" inside this package. `modalities` has one name for a network that takes a
    tensor (B, 3, H, W) of any one modality, three for one that takes a dict of them. `supervision` is the
    framework's name of the loss it was trained with. `options` are the keyword arguments that
    `build_baseline` accepts.
    """

    name: str
    summary: str
    paper: str
    factory: str
    input_size: int
    supervision: str
    modalities: tuple[str, ...] = ("color",)
    options: tuple[str, ...] = ("num_outputs", "input_size")

    def load(self) -> "Callable[..., nn.Module]":
        """Import the network's file and return the function that builds it."""
        module, function = self._place()
        return getattr(module, function)

    def published(self) -> tuple[Published, ...]:
        """Import the network's file and return the figures its `PUBLISHED` holds; none where it has none."""
        module, function = self._place()
        return getattr(module, "PUBLISHED", {}).get(function, ())

    def _place(self) -> tuple[ModuleType, str]:
        file, function = self.factory.split(":")
        return import_module(f"{__name__}.{file}"), function


THREE = ("color", "depth", "ir")

_ALL = (
    Baseline(
        name="feathernet_a",
        summary="FeatherNetA: inverted residuals, streaming module, 0.35 M",
        paper=FEATHERNETS_PAPER,
        factory="feathernet:feathernet_a",
        input_size=224,
        supervision="focal",
        options=("head", "num_outputs", "input_size", "width"),
    ),
    Baseline(
        name="feathernet_b",
        summary="FeatherNetB: FeatherNetA with a pooled second branch where it down-samples, 0.35 M",
        paper=FEATHERNETS_PAPER,
        factory="feathernet:feathernet_b",
        input_size=224,
        supervision="focal",
        options=("head", "num_outputs", "input_size", "width"),
    ),
    Baseline(
        name="resnet18",
        summary="ResNet-18, one modality",
        paper="He et al., Deep Residual Learning, CVPR 2016",
        factory="resnet18:resnet18",
        input_size=224,
        supervision="cross_entropy",
    ),
    Baseline(
        name="resnet18_se",
        summary="SE-ResNet-18, squeeze-and-excitation in each block, one modality",
        paper="Hu et al., Squeeze-and-Excitation Networks, CVPR 2018",
        factory="resnet18:resnet18_se",
        input_size=112,
        supervision="cross_entropy",
        options=("num_outputs", "reduction", "input_size"),
    ),
    Baseline(
        name="mobilenet_v2",
        summary="MobileNetV2 x1, one modality",
        paper="Sandler et al., MobileNetV2, CVPR 2018",
        factory="mobilenet_v2:mobilenet_v2",
        input_size=224,
        supervision="cross_entropy",
        options=("num_outputs", "dropout", "input_size", "width", "last_channels"),
    ),
    Baseline(
        name="shufflenet_v2",
        summary="ShuffleNetV2 x1, one modality",
        paper="Ma et al., ShuffleNet V2, ECCV 2018",
        factory="shufflenet_v2:shufflenet_v2",
        input_size=224,
        supervision="cross_entropy",
    ),
    Baseline(
        name="resnet18_three_stream",
        summary="ResNet-18 in three streams, fused by concatenation",
        paper=CASIA_SURF_PAPER,
        factory="three_stream_resnet18:resnet18_three_stream",
        input_size=112,
        supervision="cross_entropy",
        modalities=THREE,
        options=("num_outputs", "dropout", "input_size"),
    ),
    Baseline(
        name="resnet18_se_three_stream",
        summary="ResNet-18 in three streams, fused by squeeze-and-excitation",
        paper=CASIA_SURF_PAPER,
        factory="three_stream_resnet18:resnet18_se_three_stream",
        input_size=112,
        supervision="cross_entropy",
        modalities=THREE,
        options=("num_outputs", "reduction", "dropout", "input_size"),
    ),
    Baseline(
        name="facebagnet_a",
        summary="FaceBagNet model A: SE-ResNeXt streams over patches",
        paper="Shen et al., FaceBagNet, CVPRW 2019",
        factory="facebagnet:facebagnet_a",
        input_size=48,
        supervision="cross_entropy",
        modalities=THREE,
        options=("num_outputs", "dropout", "input_size"),
    ),
    Baseline(
        name="visionlabs_dlas_a",
        summary="VisionLabs ResNet-34 with multi-level aggregation, model A",
        paper=VISIONLABS_PAPER,
        factory="visionlabs:visionlabs_dlas_a",
        input_size=112,
        supervision="cross_entropy",
        modalities=THREE,
    ),
    Baseline(
        name="visionlabs_dlas_b",
        summary="VisionLabs ResNet-34 with multi-level aggregation and channel attention",
        paper=VISIONLABS_PAPER,
        factory="visionlabs:visionlabs_dlas_b",
        input_size=112,
        supervision="cross_entropy",
        modalities=THREE,
    ),
    Baseline(
        name="visionlabs_r34_se",
        summary="VisionLabs ResNet-34, squeeze-and-excitation fusion, no aggregation",
        paper=VISIONLABS_PAPER,
        factory="visionlabs:visionlabs_r34_se",
        input_size=112,
        supervision="cross_entropy",
        modalities=THREE,
    ),
    Baseline(
        name="visionlabs_ir50",
        summary="VisionLabs IR-50 with multi-level aggregation",
        paper=VISIONLABS_PAPER,
        factory="visionlabs_ir50:visionlabs_ir50",
        input_size=112,
        supervision="cross_entropy",
        modalities=THREE,
    ),
    Baseline(
        name="fishnet150",
        summary="FishNet-150, one modality",
        paper="Sun et al., FishNet, NeurIPS 2018",
        factory="fishnet:fishnet150",
        input_size=224,
        supervision="cross_entropy",
    ),
    Baseline(
        name="resnet_gc",
        summary="ResNet-18 with global-context blocks; its paper gives a name only",
        paper=FEATHERNETS_PAPER,
        factory="resnet_gc:resnet_gc",
        input_size=224,
        supervision="cross_entropy",
        options=("num_outputs", "ratio", "input_size"),
    ),
    Baseline(
        name="afa",
        summary="AFA: attention and feature augmentation for 8x8 faces (a reconstruction)",
        paper=AFA_PAPER,
        factory="afa:afa",
        input_size=8,
        supervision="afa",
        modalities=THREE,
        options=("augment", "attention", "upsampling", "num_outputs", "input_size"),
    ),
    Baseline(
        name="deeppixbis",
        summary="DeepPixBiS: DenseNet-161 to its second transition, 14x14 map",
        paper="George and Marcel, Deep Pixel-wise Binary Supervision, ICB 2019",
        factory="deeppixbis:deeppixbis",
        input_size=224,
        supervision="deeppixbis",
        options=("input_size",),
    ),
    Baseline(
        name="auxiliary_depth",
        summary="Auxiliary (Depth): three pooled blocks to a depth map",
        paper="Liu et al., Binary or Auxiliary Supervision, CVPR 2018",
        factory="auxiliary_depth:auxiliary_depth",
        input_size=108,
        supervision="depth_map",
        options=("input_size", "map_size"),
    ),
    Baseline(
        name="cdcn",
        summary="CDCN: the depth-map network with central difference convolutions",
        paper="Yu et al., Searching Central Difference Convolutional Networks, CVPR 2020",
        factory="cdcn:cdcn",
        input_size=256,
        supervision="depth_map",
        options=("theta", "input_size", "map_size"),
    ),
)

BASELINES: dict[str, Baseline] = {baseline.name: baseline for baseline in _ALL}


def build_baseline(name: str, **overrides: Any) -> "nn.Module":
    """Build the hand-designed network `name` as published, or with some of its `options` overridden.

    Raises ValueError, naming the near ones, where there is no such network or option.
    """
    baseline = BASELINES.get(name)
    if baseline is None:
        near = difflib.get_close_matches(name, BASELINES, n=3, cutoff=0.4) or list(BASELINES)
        raise ValueError(f"baseline {name!r} does not exist; choose {', '.join(near)}")
    factory = baseline.load()
    known = inspect.signature(factory).parameters
    for option in overrides:
        if option not in known:
            raise ValueError(f"baseline {name} has no option {option!r}; choose {', '.join(known)}")
    return factory(**overrides)
