"""AFA: attention-based face anti-spoofing with feature augmentation, for 8x8 faces of three modalities.

Chen et al., "A Dataset and Benchmark towards Multi-modal Face Anti-spoofing under Surveillance Scenarios",
IEEE Access 2021, section IV, figures 7, 10 and 11; table 8 (17.84 M), table 11 (ablations), table 12
(up-sampling).

A reconstruction: no code is public and the paper prints no widths. The widths here are those under which
the parameters of table 8 come out. The paper leaves open: initialisation (here PyTorch's), widths, biases,
the place of DAM-SE's second skip (here around the added convolution) and which of an input block's three
convolutions carries the stride (here the first).

Trained with 'afa': cross entropy + 0.001 * squared error of the super-resolved 16x16 images against the
clear ones. Inputs are 8x8, blurred by a 3x3 Gaussian of sigma 1.5. In each branch MFAM rebuilds its own
modality's clear image from all three; SFAM does so from one.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from .afa_attention import DAM, DAMSE, Attention, conv_bn_relu
from .blocks import SqueezeExcitation
from .published import AFA_TABLE_8, Published
from .sizes import MODALITIES, require_exactly, require_modalities, side_multiple

PUBLISHED = {
    "afa": (Published("17.84M", None, 8, AFA_TABLE_8),),
}
"""Printed params and MACs, by network."""

WIDTH = 64

Augment = Literal["mfam", "sfam", "none"]
Upsampling = Literal["nearest", "transposed"]


class AFAOutput(NamedTuple):
    """Logits (B, num_outputs), column 1 = bona fide, and by modality the image (B, 3, 2S, 2S) at twice the
    size.

    `super_resolved` is empty where the network has no augmentation module.
    """

    logits: Tensor
    super_resolved: dict[str, Tensor]


def input_block(stride: int = 1) -> nn.Sequential:
    """Three conv3x3-BN-ReLU: (B, 3, H, W) -> (B, 64, H/stride, W/stride)."""
    return nn.Sequential(
        *conv_bn_relu(3, WIDTH, stride), *conv_bn_relu(WIDTH, WIDTH), *conv_bn_relu(WIDTH, WIDTH)
    )


class FeatureAugment(nn.Module):
    """SFAM (one source) and MFAM (three): list of (B, 3, S, S) -> one image (B, 3, 2S, 2S).

    Input block and DAM for each source, SE over their concatenation, x2 up-sampling, DAM, 3x3 convolution.
    """

    def __init__(self, sources: int, upsampling: Upsampling, attention: Attention) -> None:
        super().__init__()
        channels = sources * WIDTH
        self.extract = nn.ModuleList(
            nn.Sequential(input_block(), DAM(WIDTH, WIDTH, attention=attention)) for _ in range(sources)
        )
        self.reweight = SqueezeExcitation(channels, 16)
        self.upsample: nn.Module
        if upsampling == "nearest":
            self.upsample = nn.Upsample(scale_factor=2, mode="nearest")
        elif upsampling == "transposed":
            self.upsample = nn.ConvTranspose2d(channels, channels, 2, 2)
        else:
            raise ValueError(f"AFA has no upsampling {upsampling!r}; choose nearest or transposed")
        self.refine = DAM(channels, channels, attention=attention)
        self.to_image = nn.Conv2d(channels, 3, 3, padding=1)

    def forward(self, images: list[Tensor]) -> Tensor:
        features = [extract(image) for extract, image in zip(self.extract, images, strict=True)]
        x = self.reweight(torch.cat(features, dim=1))  # (B, 64 * sources, S, S)
        return self.to_image(self.refine(self.upsample(x)))  # (B, 3, 2S, 2S)


class Branch(nn.Module):
    """One modality: its image and the sources of its augmentation -> features (B, 64, S, S), clear image."""

    def __init__(self, augment: Augment, upsampling: Upsampling, attention: Attention) -> None:
        super().__init__()
        self.direct = input_block()
        self.augment: FeatureAugment | None = None
        if augment != "none":
            self.augment = FeatureAugment(3 if augment == "mfam" else 1, upsampling, attention)
            self.restored = input_block(stride=2)
            self.fuse = nn.Sequential(
                nn.Conv2d(2 * WIDTH, WIDTH, 1, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU(inplace=True)
            )
        self.attend = DAMSE(WIDTH, attention)

    def forward(self, image: Tensor, sources: list[Tensor]) -> tuple[Tensor, Tensor | None]:
        x = self.direct(image)
        if self.augment is None:
            return self.attend(x), None
        clear = self.augment(sources)  # (B, 3, 2S, 2S)
        x = self.fuse(torch.cat((x, self.restored(clear)), dim=1))  # (B, 128, S, S) -> (B, 64, S, S)
        return self.attend(x), clear


class AFA(nn.Module):
    """AFA: dict of 'color', 'depth', 'ir', each (B, 3, S, S), S = input_size -> AFAOutput.

    `augment`: 'mfam', 'sfam' or 'none'; `attention`: 'full', 'channel' or 'none' (table 11); `upsampling`:
    'nearest' or 'transposed' (table 12). S divides by 4; spatial attention costs S to the fourth power.
    Raises ValueError where a modality is missing, shapes differ, or the size is another.
    """

    def __init__(
        self,
        *,
        augment: Augment = "mfam",
        attention: Attention = "full",
        upsampling: Upsampling = "nearest",
        num_outputs: int = 2,
        input_size: int = 8,
    ) -> None:
        super().__init__()
        if augment not in ("mfam", "sfam", "none"):
            raise ValueError(f"AFA has no augment {augment!r}; choose mfam, sfam or none")
        self.input_size = side_multiple(input_size, 4, "AFA")
        self.every_source = augment == "mfam"
        self.branches = nn.ModuleDict({name: Branch(augment, upsampling, attention) for name in MODALITIES})
        fused = len(MODALITIES) * WIDTH
        self.fusion = nn.Sequential(
            nn.Conv2d(fused, fused, 1, bias=False), nn.BatchNorm2d(fused), nn.ReLU(inplace=True)
        )
        self.trunk = nn.Sequential(
            DAM(fused, 256, stride=2, attention=attention), DAM(256, 512, stride=2, attention=attention)
        )
        self.hidden = nn.Linear(512, 128)
        self.classifier = nn.Linear(128, num_outputs)

    def forward(self, images: Mapping[str, Tensor]) -> AFAOutput:
        chosen = require_modalities(images, MODALITIES, "AFA")
        require_exactly(chosen[0], self.input_size, "AFA")
        features: list[Tensor] = []
        super_resolved: dict[str, Tensor] = {}
        for (name, branch), image in zip(self.branches.items(), chosen, strict=True):
            x, clear = branch(image, chosen if self.every_source else [image])
            features.append(x)
            if clear is not None:
                super_resolved[name] = clear
        x = self.trunk(self.fusion(torch.cat(features, dim=1)))  # (B, 192, S, S) -> (B, 512, S/4, S/4)
        x = torch.relu(self.hidden(x.mean(dim=(2, 3))))
        return AFAOutput(self.classifier(x), super_resolved)


def afa(
    *,
    augment: Augment = "mfam",
    attention: Attention = "full",
    upsampling: Upsampling = "nearest",
    num_outputs: int = 2,
    input_size: int = 8,
) -> AFA:
    """AFA of table 8; its arguments give the rows of tables 11 and 12."""
    return AFA(
        augment=augment,
        attention=attention,
        upsampling=upsampling,
        num_outputs=num_outputs,
        input_size=input_size,
    )
