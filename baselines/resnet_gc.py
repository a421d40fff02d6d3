"""ResNet_GC: a ResNet with global-context blocks, one voice of FeatherNets' ensemble.

FeatherNets (Zhang et al., CVPRW 2019, section 5 and algorithm 2) names it and says nothing more: no depth,
no place of the blocks, no counts. This is a reading, not a reproduction: ResNet-18 (the depth of that
paper's table 2) with the global-context block of Cao et al., "GCNet", ICCVW 2019, figure 4 (d) and section
4 (softmax pooling, ratio 1/16, addition), at the end of every basic block of layers 2 to 4, where GCNet
puts it (stages c3 to c5).

Trained with 'cross_entropy'; FeatherNets does not say whether it used its focal loss here.
"""

from functools import partial

import torch
from torch import Tensor, nn

from .resnet18 import ResNet18


class GlobalContext(nn.Module):
    """x + W2 relu(LN(W1 c)), c the attention-weighted mean over pixels: (B, C, H, W) -> (B, C, H, W)."""

    def __init__(self, channels: int, ratio: int = 16) -> None:
        super().__init__()
        hidden = channels // ratio
        self.attend = nn.Conv2d(channels, 1, 1, bias=False)  # a bias would cancel in the softmax
        self.transform = nn.Sequential(
            nn.Linear(channels, hidden),
            nn.LayerNorm(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        weights = self.attend(x).flatten(2).softmax(dim=-1)  # (B, 1, HW)
        context = torch.matmul(x.flatten(2), weights.transpose(1, 2)).squeeze(-1)  # (B, C)
        return x + self.transform(context)[:, :, None, None]


def resnet_gc(*, num_outputs: int = 2, ratio: int = 16, input_size: int = 224) -> ResNet18:
    """ResNet-18 with global-context blocks in layers 2 to 4: (B, 3, H, W) -> logits (B, num_outputs)."""
    context = partial(GlobalContext, ratio=ratio)
    endings = (None, context, context, context)
    network = ResNet18(num_outputs=num_outputs, endings=endings, input_size=input_size, name="ResNetGC")
    for module in network.modules():
        if isinstance(module, GlobalContext):  # fan-out over one output would start the softmax near one-hot
            nn.init.kaiming_normal_(module.attend.weight, mode="fan_in")
    return network
