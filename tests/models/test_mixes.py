"""Parts of a mix: rows that are views, weights drawn as a convolution's, a norm that can be frozen.

That the whole cell is the function of the papers is shown against the plain one in test_supernet.py.
"""

import torch
from torch import nn

from autofas.models.mixes import Norm, image, kernel_parameter, rows


def test_rows_of_an_image_are_its_memory():
    x = torch.randn(2, 5, 3, 4).to(memory_format=torch.channels_last)
    matrix = rows(x)
    assert matrix.shape == (2 * 3 * 4, 5)
    assert matrix.data_ptr() == x.data_ptr()
    assert torch.equal(matrix[1], x[0, :, 0, 1])
    assert torch.equal(image(matrix, x), x)


def test_a_kernel_begins_as_a_convolutions():
    torch.manual_seed(0)
    drawn = kernel_parameter(400, 16, 3, 3, fan_in=16 * 9)
    plain = nn.Conv2d(16, 400, 3, bias=False).weight
    bound = 1 / 12
    assert drawn.abs().max() <= bound
    assert torch.isclose(drawn.std(), plain.std(), rtol=0.02)


def test_a_norm_is_torchs_without_affine_parameters():
    torch.manual_seed(0)
    own, plain = Norm(6), nn.BatchNorm2d(6, affine=False)
    x = torch.randn(4, 6, 5, 5) * 3 + 1
    assert torch.allclose(own(x), plain(x), atol=1e-6)
    assert torch.allclose(own.running_var.view(-1), plain.running_var)
    own.track = False
    before = own.running_mean.clone()
    own(x + 5)
    assert torch.equal(own.running_mean, before)
    assert not list(own.parameters())
