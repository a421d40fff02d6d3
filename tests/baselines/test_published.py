"""Parameters and operations of every hand-designed network against its reference and its published figure."""

import pytest
import torch
from autofas.baselines import BASELINES, Published
from torch import nn

from tests.baselines.baseline_counters import (
    count_parameters,
    dispatcher_macs,
    feathernets_count,
    hook_macs,
    meta_network,
)

# name, build arguments, input side, parameters, millions of MACs of convolutions and linear layers
REFERENCE = [
    ("feathernet_a", {}, 224, 345_332, 77.742),
    ("feathernet_b", {}, 224, 351_220, 80.200),
    ("resnet18", {}, 224, 11_177_538, 1813.56),
    ("resnet18", {"num_outputs": 1000}, 108, 11_689_512, 475.2),
    ("mobilenet_v2", {}, 224, 2_226_434, 299.497),
    ("shufflenet_v2", {}, 224, 1_255_654, 143.886),
    ("fishnet150", {"num_outputs": 1000}, 224, 24_959_400, 6397.84),
    ("fishnet150", {}, 224, 23_904_514, 6396.79),
    ("resnet18_three_stream", {}, 112, 13_329_876, 1012.83),
    ("resnet18_se_three_stream", {}, 112, 13_336_428, 1012.84),
    ("facebagnet_a", {}, 48, 14_550_228, 242.28),
    ("facebagnet_a", {}, 32, 14_550_228, 101.4),
    ("facebagnet_a", {}, 64, 14_550_228, 404.2),
    ("facebagnet_a", {}, 112, 14_550_228, 1268.5),
    ("visionlabs_dlas_a", {}, 112, 61_060_546, 9067.5),
    ("visionlabs_r34_se", {}, 112, 38_614_194, 6881.0),
    ("visionlabs_dlas_b", {}, 112, 61_496_114, 9068.2),
    ("visionlabs_ir50", {}, 112, 99_336_578, 23032.0),
    ("deeppixbis", {}, 224, 3_198_726, 4584.6),
    ("cdcn", {}, 256, 2_245_016, 47337.5),
    ("auxiliary_depth", {}, 108, 2_245_016, 8432.2),
    ("afa", {}, 8, 17_841_501, 1290.3),
    # by arithmetic, no published count: ResNet-18 and two blocks of each width with an ending of
    # SE: C*C/16 + C/16 + C*C/16 + C; context: C + (C*C/16 + C/16) + 2*C/16 + (C*C/16 + C)
    ("resnet18_se", {}, 224, 11_177_538 + 2 * (580 + 2_184 + 8_464 + 33_312), 1813.65),
    ("resnet_gc", {}, 224, 11_177_538 + 2 * (2_328 + 8_752 + 33_888), 1814.00),
]


FUNCTIONAL = ("afa", "cdcn", "resnet_gc")
"""Networks with matrix products or functional convolutions, which hooks on modules cannot see."""


def published_rows() -> list:
    rows = [(name, row) for name, baseline in BASELINES.items() for row in baseline.published()]
    return [pytest.param(name, row, id=f"{name}-{row.source}") for name, row in rows]


def printed(count: int, figure: str) -> str:
    """`count` with the unit and the number of decimals of the printed `figure`."""
    unit = {"M": 1e6, "G": 1e9}[figure[-1]]
    decimals = len(figure[:-1].partition(".")[2])
    return f"{count / unit:.{decimals}f}{figure[-1]}"


def test_counters_on_a_network_countable_by_hand():
    relu = nn.ReLU()
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),  # 8x8: 4*64*27 = 6912 MACs, 4*64 = 256 biases
        nn.BatchNorm2d(4),  # 256
        nn.Sequential(relu, nn.AvgPool2d(2)),  # 256 for the ReLU, 4 * 4*16 = 256 for the pooling
        nn.Conv2d(4, 4, 3, padding=1, groups=2, bias=False),  # 4x4: 4*16*18 = 1152
        nn.ReLU6(),  # nothing
        nn.Flatten(),
        nn.Linear(64, 2),  # 128 MACs, 2 biases
    )
    images = torch.zeros(1, 3, 8, 8)
    assert count_parameters(network) == 108 + 4 + 8 + 72 + 128 + 2
    assert hook_macs(network, images) == 6912 + 1152 + 128
    assert dispatcher_macs(network, images) == 6912 + 1152 + 128
    assert feathernets_count(network, images) == 6912 + 256 + 256 + 256 + 256 + 1152 + 130

    shared = nn.Sequential(nn.Sequential(relu), nn.Sequential(relu))
    two_calls_under_two_hooks = 2 * 2 * 4
    assert feathernets_count(shared, torch.zeros(1, 1, 2, 2)) == two_calls_under_two_hooks


@pytest.mark.parametrize(("name", "kwargs", "side", "parameters", "millions"), REFERENCE)
def test_parameters_exact_and_macs_within_a_thousandth(name, kwargs, side, parameters, millions):
    network, images = meta_network(name, kwargs, side)
    assert count_parameters(network) == parameters
    macs = hook_macs(network, images)
    assert macs / 1e6 == pytest.approx(millions, rel=1e-3)
    if name not in FUNCTIONAL:
        assert dispatcher_macs(network, images) == macs


def test_every_network_has_a_reference():
    assert {name for name, *_ in REFERENCE} == set(BASELINES)


def test_functional_operations_are_what_hooks_miss():
    network, images = meta_network("cdcn", {}, 256)
    assert dispatcher_macs(network, images) / 1e6 == pytest.approx(52597.2, rel=1e-4)
    network, images = meta_network("afa", {}, 8)
    assert dispatcher_macs(network, images) / 1e6 == pytest.approx(1439.4, rel=1e-4)


@pytest.mark.parametrize(("name", "row"), published_rows())
def test_published_figures_to_the_printed_digit(name: str, row: Published):
    network, images = meta_network(name, {**row.kwargs, "input_size": row.input_size}, row.input_size)
    parameters = count_parameters(network)
    count = {"macs": hook_macs, "feathernets": feathernets_count}[row.convention](network, images)
    if name == "auxiliary_depth":
        # No reading of the paper's figure reaches 2.20M and 8.50G together; what this one reaches is held.
        assert parameters / 2.20e6 - 1 == pytest.approx(0.0205, abs=1e-4)
        assert count / 8.50e9 - 1 == pytest.approx(-0.0080, abs=1e-4)
        assert "not closed" in row.note
        return
    assert row.params is None or printed(parameters, row.params) == row.params
    if row.macs == "1800M":
        assert f"{count / 1e6:.2f}" == "1813.56"  # FeatherNets prints two digits of it
        assert "rounded" in row.note or "printed as" in row.note
    elif row.macs is not None:
        assert printed(count, row.macs) == row.macs


def test_every_printed_figure_is_held():
    held = {(name, row.params, row.macs) for name, entry in BASELINES.items() for row in entry.published()}
    assert held == {
        ("feathernet_a", "0.35M", "79.99M"),
        ("feathernet_b", "0.35M", "83.05M"),
        ("resnet18", "11.18M", "1800M"),
        ("resnet18", "11.69M", "0.48G"),
        ("mobilenet_v2", "2.23M", "306.17M"),
        ("shufflenet_v2", "1.26M", "148.05M"),
        ("fishnet150", "24.96M", "6452.72M"),
        ("resnet18_three_stream", "13.33M", None),
        ("resnet18_se_three_stream", "13.34M", None),
        ("facebagnet_a", "14.55M", None),
        ("visionlabs_dlas_a", "61.06M", None),
        ("afa", "17.84M", None),
        ("auxiliary_depth", "2.20M", "8.50G"),
    }
