"""What a network costs: by hand, against torch, by the rule of FeatherNets, and what must stay untouched."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from autofas.analysis.latency import latency
from autofas.analysis.macs import MacCounter
from autofas.analysis.profile import COUNTERS, Cost, cost, describe, profile
from autofas.errors import ConfigError


def test_strided_conv_by_hand() -> None:
    # 8x8 -> 4x4; 4 * 4 * 8 outputs, each 3 * 3 * 3 multiply-adds.
    found = profile(nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), torch.zeros(1, 3, 8, 8))
    assert found.macs == found.macs_layers == found.macs_thop == found.macs_torch == 16 * 8 * 27 == 3456
    assert found.params == found.params_used == 216
    assert found.macs_products == 0
    assert found.input == "3x8x8"
    assert found.device == "meta"


def test_a_profile_prints_on_one_line() -> None:
    found = profile(nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), torch.zeros(1, 3, 8, 8))
    assert repr(found) == str(found)
    assert repr(found) == "<Profile of one 3x8x8: 216 parameters, 3,456 MACs>"


def test_bias_is_no_mac_but_counts_in_table_2() -> None:
    found = profile(nn.Conv2d(3, 8, 3, stride=2, padding=1), torch.zeros(1, 3, 8, 8))
    assert found.macs == 3456
    assert found.macs_feathernets == 16 * 8 * (27 + 1)
    assert found.params == 224


def test_batch_does_not_count() -> None:
    net = nn.Conv2d(3, 8, 3)
    assert profile(net, torch.zeros(7, 3, 8, 8)).macs == profile(net, torch.zeros(1, 3, 8, 8)).macs


@pytest.mark.parametrize(
    ("net", "shape", "macs"),
    [
        (nn.Linear(10, 4), (1, 10), 40),
        (nn.Linear(10, 4, bias=False), (1, 6, 10), 240),
        (nn.Conv2d(6, 6, 3, padding=1, groups=6), (1, 6, 5, 5), 25 * 6 * 9),
        (nn.Conv2d(4, 8, 1, groups=2), (1, 4, 3, 3), 9 * 8 * 2),
        (nn.Conv2d(3, 2, 3, dilation=2), (1, 3, 7, 7), 9 * 2 * 27),
        # Transposed: every input element meets Cout / groups * k * k weights once.
        (nn.ConvTranspose2d(4, 6, 2, stride=2), (1, 4, 5, 5), 25 * 4 * 6 * 4),
        (nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2), (1, 4, 5, 5), 25 * 4 * 3 * 9),
        (nn.Conv1d(2, 3, 3), (1, 2, 6), 4 * 3 * 6),
    ],
)
def test_single_layers_by_hand(net: nn.Module, shape: tuple[int, ...], macs: int) -> None:
    found = profile(net, torch.zeros(shape))
    assert (found.macs, found.macs_products) == (macs, 0)
    assert found.macs_torch == macs
    assert profile(net, torch.zeros(shape), device="real").macs == macs


def test_module_used_twice_and_unused_tail() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 3, padding=1, bias=False)
            self.tail = nn.Linear(100, 100)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(self.conv(x))

    found = profile(Twice(), torch.zeros(1, 4, 5, 5))
    assert found.macs == found.macs_torch == found.macs_thop == 2 * 25 * 4 * 36
    assert found.params == 144 + 10100
    assert found.params_used == 144
    assert [(layer.name, layer.calls, layer.macs, layer.params) for layer in found.by_layer] == [
        ("conv", 2, 2 * 25 * 4 * 36, 144)
    ]


def test_table_2_counts_a_module_under_two_parents_twice() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            conv = nn.Conv2d(2, 2, 1, bias=False)
            self.one, self.two = nn.Sequential(conv), nn.Sequential(conv)

        def forward(self, x: Tensor) -> Tensor:
            return self.one(x)

    found = profile(Shared(), torch.zeros(1, 2, 3, 3))
    assert found.macs == 36
    assert found.macs_feathernets == 72
    assert found.params == 4


def test_subclass_of_conv_counts() -> None:
    class MyConv(nn.Conv2d):
        pass

    found = profile(nn.Sequential(MyConv(3, 8, 3, padding=1, bias=False)), torch.zeros(1, 3, 8, 8))
    assert found.macs == found.macs_feathernets == 64 * 8 * 27
    assert found.macs_thop == 0


def test_table_2_rule_by_hand() -> None:
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, bias=False),  # 64 * 4 * 27 = 6912
        nn.BatchNorm2d(4),  # 256
        nn.ReLU(),  # 256
        nn.MaxPool2d(2),  # 4 * 64 = 256
        nn.ReLU6(),  # 0
        nn.AvgPool2d((2, 2)),  # 4 * 16 = 64
        nn.AdaptiveAvgPool2d(1),  # 0
        nn.Flatten(),
        nn.Linear(4, 2),  # 8 + 2
    )
    found = profile(net, torch.zeros(1, 3, 8, 8))
    assert found.macs_feathernets == 6912 + 256 + 256 + 256 + 64 + 10
    assert found.macs == 6912 + 8
    # thop: BatchNorm 4 an element (256), AvgPool one an output (16), adaptive pooling 4 + 1 an output (20)
    assert found.macs_thop == 6920 + 1024 + 16 + 20
    assert set(found.figures()) == set(COUNTERS)
    assert found.figures()["feathernets"] == found.macs_feathernets


def test_random_conv_nets_agree_with_torch() -> None:
    generator = np.random.default_rng(0)
    for _ in range(6):
        layers: list[nn.Module] = []
        channels = 4
        for _ in range(4):
            out = int(generator.choice([4, 8, 12]))
            groups = int(generator.choice([1, 2, 4]))
            size = int(generator.choice([1, 3, 5]))
            stride = int(generator.choice([1, 2]))
            kind = nn.ConvTranspose2d if generator.random() < 0.3 else nn.Conv2d
            layers += [
                kind(channels, out, size, stride, size // 2, groups=groups),
                nn.BatchNorm2d(out),
                nn.ReLU(),
            ]
            channels = out
        found = profile(nn.Sequential(*layers), torch.zeros(1, 4, 19, 23))
        assert found.macs == found.macs_torch > 0
        assert sum(layer.macs for layer in found.by_layer) == found.macs


def test_modalities() -> None:
    class TwoStreams(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.color, self.depth = nn.Conv2d(3, 2, 3), nn.Conv2d(3, 5, 3)

        def forward(self, images: dict[str, Tensor]) -> Tensor:
            return torch.cat([self.color(images["color"]), self.depth(images["depth"])], dim=1)

    inputs = {"color": torch.zeros(2, 3, 6, 6), "depth": torch.zeros(2, 3, 6, 6)}
    found = profile(TwoStreams(), inputs)
    assert found.macs == found.macs_thop == found.macs_torch == 16 * 27 * 7
    assert found.input == "color 3x6x6 + depth 3x6x6" == describe(inputs)


def test_a_module_may_take_several_arguments() -> None:
    class Joined(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other = nn.Linear(4, 3, bias=False), nn.Conv2d(3, 2, 1, bias=False)

        def forward(self, words: Tensor, image: Tensor) -> Tensor:
            return self.one(words).mean() + self.other(image).mean()

    found = profile(Joined(), (torch.zeros(2, 5, 4), torch.zeros(2, 3, 8, 8)))
    assert (found.params, found.macs) == (4 * 3 + 3 * 2, 5 * 4 * 3 + 64 * 3 * 2)
    assert found.macs == found.macs_thop == found.macs_torch
    assert found.input == "5x4 + 3x8x8"


def test_what_is_no_module_or_no_input_is_one_line() -> None:
    with pytest.raises(ConfigError, match="int is not an nn"):
        profile(3, torch.zeros(1, 3, 8, 8))  # type: ignore[arg-type]
    for inputs in ([torch.zeros(1, 3)], (1, 3, 8, 8), None):
        with pytest.raises(ConfigError, match="inputs are a tensor, a tuple of tensors"):
            profile(nn.Linear(3, 2), inputs)  # type: ignore[arg-type]


def test_falls_back_to_real_tensors_where_values_matter() -> None:
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.small, self.large = nn.Linear(4, 2), nn.Linear(4, 9)

        def forward(self, x: Tensor) -> Tensor:
            return self.small(x) if x.sum().item() > 0 else self.large(x)

    found = profile(Branching(), torch.ones(1, 4))
    assert found.device == "cpu"
    assert (found.macs, found.params, found.params_used) == (8, 55, 10)
    assert cost(Branching(), torch.ones(1, 4)) == Cost(55, 8, "4")
    with pytest.raises(ConfigError, match="Branching cannot run"):
        profile(Branching(), torch.ones(1, 4), device="meta")


def test_shapes_on_the_meta_device_are_those_of_real_tensors() -> None:
    def network() -> nn.Module:
        kept = [nn.BatchNorm2d(4), nn.ReLU(), nn.ReLU6(), nn.Sigmoid()]
        in_place = [nn.ReLU(inplace=True), nn.Hardtanh(inplace=True), nn.Conv2d(4, 2, 3, stride=2)]
        return nn.Sequential(nn.Conv2d(3, 4, 3), *kept, *in_place, nn.Flatten(), nn.Linear(18, 5))

    meta, real = (profile(network(), torch.zeros(1, 3, 9, 9), device=device) for device in ("meta", "real"))
    assert meta.by_layer == real.by_layer
    assert meta.figures() == real.figures()
    assert (meta.params_used, meta.macs) == (real.params_used, real.macs)
    # the shapes stay those of the operand where its channels lie side by side, and training is left to torch
    images = torch.empty(2, 4, 5, 6, device="meta").contiguous(memory_format=torch.channels_last)
    for module in (nn.BatchNorm2d(4, device="meta").eval(), nn.BatchNorm2d(4, device="meta"), nn.ReLU6()):
        with torch.no_grad():
            expected = module(images)
            with MacCounter(module):
                found = module(images)
        assert (found.shape, found.dtype, found.stride()) == (
            expected.shape, expected.dtype, expected.stride(),
        )  # fmt: skip


def test_leaves_the_model_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Sequential(nn.ReLU(), nn.Conv2d(4, 2, 1)))
    net.train()
    net[1].eval()  # a frozen norm: modes differ from module to module
    seen: list[torch.Size] = []
    net[0].register_forward_hook(lambda module, args, out: seen.append(out.shape))
    before = {key: value.clone() for key, value in net.state_dict().items()}
    modes = [module.training for module in net.modules()]
    hooks = [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in net.modules()]
    attributes = [set(vars(module)) for module in net.modules()]
    for device in ("meta", "real"):
        profile(net, torch.randn(2, 3, 8, 8), device=device)
    latency(net, torch.randn(2, 3, 8, 8), warmup=0, repeats=2)
    assert list(before) == list(net.state_dict())
    assert all(torch.equal(value, net.state_dict()[key]) for key, value in before.items())
    assert modes == [module.training for module in net.modules()]
    assert hooks == [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in net.modules()]
    assert attributes == [set(vars(module)) for module in net.modules()]
    assert all(p.grad is None and p.device.type == "cpu" for p in net.parameters())
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_tied_parameters_count_once() -> None:
    net = nn.Sequential(nn.Linear(5, 5, bias=False), nn.Linear(5, 5, bias=False))
    net[1].weight = net[0].weight
    found = profile(net, torch.zeros(1, 5))
    assert (found.params, found.params_used, found.macs) == (25, 25, 50)


def test_wrong_input_is_one_line() -> None:
    with pytest.raises(ConfigError, match=r"Conv2d cannot run on an input of 4x8x8: .*channels") as caught:
        profile(nn.Conv2d(3, 8, 3), torch.zeros(1, 4, 8, 8))
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"Conv2d cannot run on an input of 4x8x8: .*channels"):
        cost(nn.Conv2d(3, 8, 3), torch.zeros(1, 4, 8, 8))


def test_network_without_parameters() -> None:
    found = profile(nn.ReLU(), torch.zeros(1, 3, 4, 4))
    assert (found.params, found.macs, found.macs_torch, found.macs_thop) == (0, 0, 0, 0)
    assert found.macs_feathernets == 48
    assert found.by_layer == ()
