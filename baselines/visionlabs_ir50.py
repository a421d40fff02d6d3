"""VisionLabs' multi-level aggregation on IR-50, the face recognition ResNet-50 of its models B and C.

Parkin and Grinchuk, CVPRW 2019, tables 2 and 3 (pre-trained on MS-Celeb-1M and on an Asian face set). The
improved residual unit is that of Deng et al., "ArcFace", CVPR 2019, section 3.2.1.

Trained with 'cross_entropy'. Neither the pre-training nor its weights are here; convolutions start from
Xavier's uniform distribution.
"""

from torch import Tensor, nn

from .visionlabs import CHANNELS, MultiLevelAggregation

UNITS = (3, 4, 14, 3)
SMALLEST = 16


class ImprovedResidualUnit(nn.Module):
    """BatchNorm, 3x3, PReLU, 3x3, BatchNorm and a shortcut: (B, in, H, W) -> (B, out, H/stride, W/stride)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.BatchNorm2d(in_channels),
            nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
            nn.PReLU(out_channels),
            nn.Conv2d(out_channels, out_channels, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut: nn.Module
        if in_channels == out_channels:
            self.shortcut = nn.MaxPool2d(1, stride)  # takes every stride-th pixel
        else:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x) + self.shortcut(x)


def ir50_layer(level: int, in_channels: int) -> nn.Module:
    """The units of one stage, the first with stride 2: (B, in, H, W) -> (B, CHANNELS[level], H/2, W/2)."""
    channels = CHANNELS[level]
    rest = [ImprovedResidualUnit(channels, channels, 1) for _ in range(UNITS[level] - 1)]
    return nn.Sequential(ImprovedResidualUnit(in_channels, channels, 2), *rest)


def ir50_stem() -> nn.Module:
    """3x3 convolution to 64 channels: (B, 3, H, W) -> (B, 64, H, W)."""
    return nn.Sequential(nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64))


def visionlabs_ir50(*, num_outputs: int = 2, input_size: int = 112) -> MultiLevelAggregation:
    """IR-50 with multi-level aggregation: dict of three (B, 3, H, W) -> logits (B, num_outputs)."""
    network = MultiLevelAggregation(
        ir50_stem, 64, ir50_layer, num_outputs=num_outputs, input_size=input_size, smallest=SMALLEST
    )
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network
