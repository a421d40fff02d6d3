"""Global context: without a preference it adds a function of the mean."""

import torch
from autofas.baselines.resnet_gc import GlobalContext
from torch import nn


def test_global_context_without_preference_adds_a_function_of_the_mean():
    context = GlobalContext(32).eval()
    nn.init.zeros_(context.attend.weight)  # a uniform softmax
    x = torch.randn(2, 32, 3, 3)
    with torch.no_grad():
        expected = x + context.transform(x.mean(dim=(2, 3)))[:, :, None, None]
        torch.testing.assert_close(context(x), expected)
