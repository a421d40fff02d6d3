"""FaceBagNet: grouped bottlenecks with a shortcut, and three streams that share no weight."""

import torch
from autofas.baselines.facebagnet import GROUPS, SEResNeXtBottleneck, facebagnet_a


def test_a_bottleneck_is_grouped_and_halves_at_stride_2():
    block = SEResNeXtBottleneck(64, 256, 2).eval()
    grouped = [m for m in block.modules() if isinstance(m, torch.nn.Conv2d) and m.groups > 1]
    assert [(module.groups, module.in_channels) for module in grouped] == [(GROUPS, 128)]
    with torch.no_grad():
        assert block(torch.zeros(1, 64, 8, 8)).shape == (1, 256, 4, 4)


def test_every_stream_sees_its_own_modality_alone():
    torch.manual_seed(0)
    network = facebagnet_a(input_size=32).eval()
    blank = {name: torch.zeros(1, 3, 32, 32) for name in ("color", "depth", "ir")}
    with torch.no_grad():
        plain = network(blank)
        for name in blank:
            changed = network({**blank, name: torch.rand(1, 3, 32, 32)})
            assert not torch.allclose(changed, plain)
    counts = [
        sum(parameter.numel() for parameter in part.parameters())
        for part in network.modules()
        if type(part).__name__ == "Stream"
    ]
    assert len(counts) == 3
    assert len(set(counts)) == 1
