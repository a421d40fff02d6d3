"""The counter of multiply-adds: functional calls, attention, and products of weights apart from data."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autofas.analysis.macs import MacCounter
from autofas.analysis.profile import profile


class FunctionalConv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(4, 3, 3, 3))
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.kernel * self.scale[:, None, None, None]  # folded each time, as central differences are
        return F.linear(F.conv2d(x, weight, padding=1).mean(dim=(2, 3)), self.kernel.view(27, 4))


class Attention(nn.Module):
    """One head over N = H*W positions of C channels: 3 C^2 N for the maps, 2 C N^2 for the products."""

    def __init__(self, channels: int, fused: bool) -> None:
        super().__init__()
        self.maps = nn.Conv2d(channels, 3 * channels, 1)
        self.fused = fused

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.maps(x).flatten(2).transpose(1, 2).chunk(3, dim=-1)  # each (B, N, C)
        if self.fused:
            return F.scaled_dot_product_attention(query[:, None], key[:, None], value[:, None])
        return torch.softmax(query @ key.mT / math.sqrt(x.shape[1]), dim=-1) @ value


def test_functional_calls_and_bare_parameters_count() -> None:
    found = profile(FunctionalConv(), torch.zeros(1, 3, 6, 6))
    assert found.macs_layers == 36 * 4 * 27 + 27 * 4
    assert found.macs_products == 0
    assert found.params == found.params_used == 108 + 4
    assert found.macs_torch == found.macs
    assert found.macs_thop == 0  # why thop alone is not enough


@pytest.mark.parametrize("device", ["meta", "real"])
@pytest.mark.parametrize("fused", [False, True])
def test_attention_products_are_kept_apart(fused: bool, device: str) -> None:
    found = profile(Attention(6, fused), torch.zeros(1, 6, 4, 5), device=device)  # type: ignore[arg-type]
    assert found.macs_layers == 3 * 36 * 20
    assert found.macs_products == 2 * 6 * 20 * 20
    assert found.macs == found.macs_layers + found.macs_products


def test_multihead_attention_does_not_hide_in_its_fused_kernel() -> None:
    net = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, batch_first=True)
    fastpath = torch.backends.mha.get_fastpath_enabled()
    for device in ("meta", "real"):
        found = profile(net, torch.zeros(1, 5, 8), device=device)
        assert found.macs_layers == 5 * (4 * 8 * 8 + 2 * 8 * 16)
        assert found.macs_products == 2 * 5 * 5 * 8
    assert torch.backends.mha.get_fastpath_enabled() == fastpath


def test_products_of_two_weights_and_with_constants() -> None:
    class LowRank(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.u, self.v = nn.Parameter(torch.randn(10, 2)), nn.Parameter(torch.randn(2, 7))

        def forward(self, x: Tensor) -> Tensor:
            basis = torch.ones(7, 3, device=x.device)
            return x @ (self.u @ self.v) @ basis

    found = profile(LowRank(), torch.zeros(1, 10))
    assert found.macs_products == 10 * 2 * 7  # weight times weight
    assert found.macs_layers == 10 * 7 + 7 * 3  # data times weight, data times constant


def test_a_buffer_overwritten_with_data_is_data() -> None:
    class Memory(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("slot", torch.zeros(4, 4))

        def forward(self, x: Tensor) -> Tensor:
            slot = self.get_buffer("slot")
            slot[:1] = x
            return x @ slot

    found = profile(Memory(), torch.zeros(1, 4))
    assert (found.macs_layers, found.macs_products) == (0, 16)


def test_counter_alone_sees_vectors_and_batched_sums() -> None:
    a, b = torch.ones(3, 4), torch.ones(2, 4, 5)
    with torch.no_grad(), MacCounter(nn.Identity()) as counter:
        torch.mv(a, a[0])  # 12
        torch.dot(a[0], a[1])  # 4
        torch.baddbmm(torch.zeros(2, 3, 5), a.expand(2, 3, 4), b)  # 2 * 3 * 4 * 5
        torch.einsum("ij,jk->ik", a, b[0])  # 3 * 4 * 5
    assert counter.products == 12 + 4 + 120 + 60
    assert counter.layers == 0
