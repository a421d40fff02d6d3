"""VisionLabs' multi-modal networks on ResNet-34: with multi-level feature aggregation (A, B), and without
it.

Parkin and Grinchuk, "Recognizing Multi-Modal Face Spoofing with Face Recognition Networks", CVPRW 2019,
figure 2; the challenge fact sheet of the same team. Parameters of A in AFA table 8: 61.06 M, at 3x112x112.

The backbone is a face recognition ResNet-34: unpadded 3x3 convolutions before each pooling, PReLU, no
activation after a block's sum. A aggregates without squeeze-and-excitation, although figure 2 draws it; B
adds channel attention behind every layer; the network without aggregation re-weights each stream by SE.

Trained with 'cross_entropy'. The pre-training on face recognition, the attack-wise folds and the ensemble
of 24 are not here; weights start from N(0, sqrt(2/(k*k*C_out))).
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from .blocks import SqueezeExcitation, init_fan_out
from .published import AFA_TABLE_8, Published
from .sizes import MODALITIES, require_at_least, require_modalities, side_at_least

PUBLISHED = {
    "visionlabs_dlas_a": (Published("61.06M", None, 112, AFA_TABLE_8),),
}
"""Printed params and MACs, by network."""

CHANNELS = (64, 128, 256, 512)
BLOCKS = (1, 2, 5, 3)
SMALLEST = 48

LayerFactory = Callable[[int, int], nn.Module]
"""(level 0..3, input channels) -> a layer that halves the map and ends in CHANNELS[level] channels."""


class ChannelAttention(nn.Module):
    """Channel weights from the map's mean and maximum through one shared squeeze: shape-preserving."""

    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__()
        self.squeeze = nn.Sequential(nn.Conv2d(channels, channels // reduction, 1), nn.ReLU(inplace=True))
        self.excite = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean = self.squeeze(x.mean(dim=(2, 3), keepdim=True))
        peak = self.squeeze(x.amax(dim=(2, 3), keepdim=True))
        return x * torch.sigmoid(self.excite(mean + peak))  # weights: (B, C, 1, 1)


class PReLUBlock(nn.Module):
    """Twice 3x3 convolution, BatchNorm, PReLU, then the identity is added: shape-preserving."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(2):
            layers += [
                nn.Conv2d(channels, channels, 3, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.PReLU(channels),
            ]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


def resnet34_layer(level: int, in_channels: int) -> nn.Module:
    """Unpadded convolution, pooling, blocks: (B, in, H, W) -> (B, CHANNELS[level], (H-2)//2, (W-2)//2)."""
    channels = CHANNELS[level]
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, 3, bias=False),
        nn.BatchNorm2d(channels),
        nn.PReLU(channels),
        nn.MaxPool2d(2, 2),
        *(PReLUBlock(channels) for _ in range(BLOCKS[level])),
    )


def attended_resnet34_layer(level: int, in_channels: int) -> nn.Module:
    """The same layer followed by channel attention (variant B)."""
    return nn.Sequential(resnet34_layer(level, in_channels), ChannelAttention(CHANNELS[level]))


def resnet34_stem() -> nn.Module:
    """Unpadded 3x3 convolution to 32 channels: (B, 3, H, W) -> (B, 32, H-2, W-2)."""
    return nn.Sequential(nn.Conv2d(3, 32, 3, bias=False), nn.BatchNorm2d(32), nn.PReLU(32))


class Stream(nn.Module):
    """One modality's stem and first three layers -> their three maps (64, 128 and 256 channels)."""

    def __init__(self, stem: nn.Module, stem_channels: int, layer: LayerFactory) -> None:
        super().__init__()
        self.stem = stem
        self.layer1 = layer(0, stem_channels)
        self.layer2 = layer(1, CHANNELS[0])
        self.layer3 = layer(2, CHANNELS[1])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        first = self.layer1(self.stem(x))
        second = self.layer2(first)
        return first, second, self.layer3(second)


class Aggregation(nn.Module):
    """Fuse three streams' maps of one level, add the previous aggregation, and apply a layer of its own."""

    def __init__(self, level: int, layer: LayerFactory) -> None:
        super().__init__()
        channels = CHANNELS[level]
        self.fuse = nn.Sequential(nn.Conv2d(3 * channels, channels, 1), nn.ReLU(inplace=True))
        self.layer = layer(level + 1, channels)

    def forward(self, streams: list[Tensor], previous: Tensor | None) -> Tensor:
        x = self.fuse(torch.cat(streams, dim=1))  # (B, 3C, H, W) -> (B, C, H, W)
        return self.layer(x if previous is None else previous + x)


class MultiLevelAggregation(nn.Module):
    """Three streams with aggregation at three levels: dict of (B, 3, H, W) -> logits (B, num_outputs).

    Keys 'color', 'depth', 'ir'; column 1 = bona fide; `stem` and `layer` make the backbone. Raises
    ValueError where a modality is missing, shapes differ, or a side is under `smallest`.
    """

    def __init__(
        self,
        stem: Callable[[], nn.Module],
        stem_channels: int,
        layer: LayerFactory,
        *,
        num_outputs: int,
        input_size: int,
        smallest: int,
    ) -> None:
        super().__init__()
        self.input_size = side_at_least(input_size, smallest, "VisionLabs' network")
        self.smallest = smallest
        self.streams = nn.ModuleDict({name: Stream(stem(), stem_channels, layer) for name in MODALITIES})
        self.aggregations = nn.ModuleList(Aggregation(level, layer) for level in range(3))
        self.layer4 = layer(3, 3 * CHANNELS[2])
        self.classifier = nn.Linear(CHANNELS[3], num_outputs)

    def forward(self, images: Mapping[str, Tensor]) -> Tensor:
        chosen = require_modalities(images, MODALITIES, "VisionLabs' network")
        require_at_least(chosen[0], self.smallest, "VisionLabs' network", self.input_size)
        maps = [stream(image) for stream, image in zip(self.streams.values(), chosen, strict=True)]
        aggregated: Tensor | None = None
        for level, aggregation in enumerate(self.aggregations):
            aggregated = aggregation([stream_maps[level] for stream_maps in maps], aggregated)
        assert aggregated is not None
        main = self.layer4(torch.cat([stream_maps[2] for stream_maps in maps], dim=1))  # (B, 512, h, w)
        return self.classifier(main.mean(dim=(2, 3)) + aggregated.mean(dim=(2, 3)))


class SqueezeExcitationFusion(nn.Module):
    """Three ResNet-34 streams, SE on each, concatenated into one last layer, without aggregation.

    Dict of 'color', 'depth', 'ir', each (B, 3, H, W) -> logits (B, num_outputs), column 1 = bona fide.
    Raises ValueError where a modality is missing, shapes differ, or a side is under 48.
    """

    def __init__(self, *, num_outputs: int, input_size: int) -> None:
        super().__init__()
        self.input_size = side_at_least(input_size, SMALLEST, "VisionLabs' network")
        self.streams = nn.ModuleDict(
            {
                name: nn.Sequential(
                    resnet34_stem(),
                    resnet34_layer(0, 32),
                    resnet34_layer(1, CHANNELS[0]),
                    resnet34_layer(2, CHANNELS[1]),
                    SqueezeExcitation(CHANNELS[2], 16),
                )
                for name in MODALITIES
            }
        )
        self.layer4 = resnet34_layer(3, 3 * CHANNELS[2])
        self.classifier = nn.Linear(CHANNELS[3], num_outputs)
        init_fan_out(self)

    def forward(self, images: Mapping[str, Tensor]) -> Tensor:
        chosen = require_modalities(images, MODALITIES, "VisionLabs' network")
        require_at_least(chosen[0], SMALLEST, "VisionLabs' network", self.input_size)
        features = [stream(image) for stream, image in zip(self.streams.values(), chosen, strict=True)]
        x = self.layer4(torch.cat(features, dim=1))  # (B, 768, 12, 12) -> (B, 512, 5, 5) at 112
        return self.classifier(x.mean(dim=(2, 3)))


def resnet34_aggregation(layer: LayerFactory, num_outputs: int, input_size: int) -> MultiLevelAggregation:
    """ResNet-34 streams with aggregation and fan-out initialisation."""
    network = MultiLevelAggregation(
        resnet34_stem, 32, layer, num_outputs=num_outputs, input_size=input_size, smallest=SMALLEST
    )
    init_fan_out(network)
    return network


def visionlabs_dlas_a(*, num_outputs: int = 2, input_size: int = 112) -> MultiLevelAggregation:
    """ResNet-34 with multi-level aggregation, the challenge's model A (AFA table 8: 61.06 M)."""
    return resnet34_aggregation(resnet34_layer, num_outputs, input_size)


def visionlabs_dlas_b(*, num_outputs: int = 2, input_size: int = 112) -> MultiLevelAggregation:
    """Model A with channel attention (reduction 4) behind each layer of streams, aggregations, main path."""
    return resnet34_aggregation(attended_resnet34_layer, num_outputs, input_size)


def visionlabs_r34_se(*, num_outputs: int = 2, input_size: int = 112) -> SqueezeExcitationFusion:
    """ResNet-34 with squeeze-and-excitation fusion and no aggregation (table 3 of the paper, row 6)."""
    return SqueezeExcitationFusion(num_outputs=num_outputs, input_size=input_size)
