"""ResNet-18 for one modality, plain and with squeeze-and-excitation.

He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, table 1; Hu et al.,
"Squeeze-and-Excitation Networks", CVPR 2018. Published as face anti-spoofing baselines in FeatherNets table
2 (2 classes at 224x224: 11.18 M, 1800 M) and Auto-FAS table 4 (1000 outputs at 108x108: 11.69 M, 0.48 G).

Trained with 'cross_entropy'. Neither paper says how it was trained or pre-trained; the weights here start
from N(0, sqrt(2/(k*k*C_out))).
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from .blocks import Ending, SqueezeExcitation, basic_layer, init_fan_out
from .published import AUTO_FAS_TABLE_4, FEATHERNETS_TABLE_2, Published
from .sizes import require_at_least, side_at_least

PUBLISHED = {
    "resnet18": (
        Published("11.18M", "1800M", 224, FEATHERNETS_TABLE_2, note="1813.56M, printed as 1800M"),
        Published("11.69M", "0.48G", 108, AUTO_FAS_TABLE_4, kwargs={"num_outputs": 1000}),
    ),
}
"""Printed params and MACs, by network."""

SMALLEST = 32


class ResNet18(nn.Module):
    """ResNet-18: images (B, 3, H, W), sides of at least 32 -> logits (B, num_outputs), column 1 = bona
    fide.

    `endings` gives, for each of the four layers, what ends the residual branch of its blocks (None:
    nothing). Raises ValueError on a smaller image.
    """

    def __init__(
        self,
        *,
        num_outputs: int = 2,
        endings: Sequence[Ending | None] = (None, None, None, None),
        input_size: int = 224,
        name: str = "ResNet18",
    ) -> None:
        super().__init__()
        self.name = name
        self.input_size = side_at_least(input_size, SMALLEST, name)
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, padding=3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, padding=1),
        )
        self.layers = nn.Sequential(
            basic_layer(64, 64, 2, 1, endings[0]),
            basic_layer(64, 128, 2, 2, endings[1]),
            basic_layer(128, 256, 2, 2, endings[2]),
            basic_layer(256, 512, 2, 2, endings[3]),
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(512, num_outputs)
        init_fan_out(self)

    def forward(self, images: Tensor) -> Tensor:
        require_at_least(images, SMALLEST, self.name, self.input_size)
        x = self.layers(self.stem(images))  # (B, 512, H/32, W/32)
        return self.classifier(torch.flatten(self.pool(x), 1))


def resnet18(*, num_outputs: int = 2, input_size: int = 224) -> ResNet18:
    """ResNet-18 of He et al. with `num_outputs` logits."""
    return ResNet18(num_outputs=num_outputs, input_size=input_size)


def resnet18_se(*, num_outputs: int = 2, reduction: int = 16, input_size: int = 112) -> ResNet18:
    """SE-ResNet-18: squeeze-and-excitation in each of the 8 blocks, before its sum (Hu et al., figure 3)."""
    endings = [partial(SqueezeExcitation, reduction=reduction)] * 4
    return ResNet18(num_outputs=num_outputs, endings=endings, input_size=input_size, name="ResNet18-SE")
