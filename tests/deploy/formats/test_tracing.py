"""What converters are given: one face a modality, a program of it, and networks of several views refused."""

import logging
import warnings

import numpy as np
import pytest
import torch

from autofas.deploy.formats.tracing import example, program, quietly, require_one_view
from autofas.deploy.graph import ExportForm
from autofas.errors import ConfigError
from autofas.models.build import build


def test_a_face_a_modality_is_what_a_graph_is_traced_on():
    form = ExportForm(build("feathernet_b", input_size=32))
    (face,) = example(form)
    assert face.shape == (1, 3, 32, 32)
    network = build("resnet18_three_stream", input_size=32)
    assert len(example(ExportForm(network))) == 3


def test_a_program_computes_what_the_network_does():
    torch.manual_seed(0)
    form = ExportForm(build("feathernet_b", input_size=32))
    image = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(program(form).module()(image), form(image))


def test_a_program_of_a_searched_network_holds_no_order_of_memory():
    """ExecuTorch mistook the sides of its map: 8x1 in place of 1x8, and the file did not run."""
    from autofas.models.genotype import genotype_from_cells
    from autofas.models.space import load_space
    from autofas.search.derive import random_cells

    space = load_space("small")
    genotype = genotype_from_cells(space, *random_cells(space, np.random.default_rng(0)), "random")
    graph = program(ExportForm(build(genotype, input_size=32))).graph
    assert [node.name for node in graph.nodes if "memory_format" in node.kwargs] == []


def test_a_network_of_several_views_is_refused_in_one_line():
    form = ExportForm(build("resnet18", input_size=32, view="patches", crop_size=48))
    with pytest.raises(
        ConfigError, match="resnet18 scores several parts of a face at once, ncnn one; export"
    ):
        require_one_view(form, "ncnn")
    require_one_view(ExportForm(build("resnet18", input_size=32)), "ncnn")


def test_converters_are_silent_and_loggers_come_back(capsys):
    log = logging.getLogger("autofas-test-converter")
    log.setLevel(logging.INFO)
    with quietly(log.name), warnings.catch_warnings(record=True) as heard:
        print("50 passes")
        assert log.level == logging.ERROR
    assert log.level == logging.INFO
    assert heard == []
    assert capsys.readouterr().out == ""
