"""DeepPixBiS: a dense layer keeps what it was given, the map is 14x14 at 224, the output follows it."""

import torch
from autofas.baselines.deeppixbis import GROWTH, DenseLayer, deeppixbis


def test_a_dense_layer_appends_its_growth():
    layer = DenseLayer(10).eval()
    x = torch.randn(2, 10, 5, 5)
    found = layer(x)
    assert found.shape == (2, 10 + GROWTH, 5, 5)
    assert torch.equal(found[:, :10], x)


def test_map_and_global_output():
    with torch.device("meta"):
        found = deeppixbis()(torch.empty(1, 3, 224, 224))
    assert found.map_logits.shape == (1, 1, 14, 14)
    assert found.logit.shape == (1, 1)


def test_the_global_output_is_a_linear_layer_over_the_map_of_probabilities():
    torch.manual_seed(0)
    network = deeppixbis(input_size=32).eval()
    with torch.no_grad():
        (linear,) = (module for module in network.modules() if isinstance(module, torch.nn.Linear))
        found = network(torch.rand(3, 3, 32, 32))
        assert torch.allclose(found.logit, linear(torch.sigmoid(found.map_logits).flatten(1)), atol=1e-6)
