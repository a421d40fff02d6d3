"""The register of hand-designed networks: what it names, and what importing it costs."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import autofas.baselines
import pytest
from autofas.baselines import BASELINES, build_baseline

SUPERVISIONS = {"cross_entropy", "focal", "pixelwise_bce", "bce", "deeppixbis", "afa", "depth_map"}


def test_names():
    assert set(BASELINES) == {
        "feathernet_a", "feathernet_b", "resnet18", "resnet18_three_stream", "resnet18_se_three_stream",
        "resnet18_se", "facebagnet_a", "visionlabs_dlas_a", "visionlabs_dlas_b", "visionlabs_r34_se",
        "visionlabs_ir50", "fishnet150", "mobilenet_v2", "shufflenet_v2", "resnet_gc", "afa", "deeppixbis",
        "auxiliary_depth", "cdcn",
    }  # fmt: skip


@pytest.mark.parametrize("name", list(BASELINES))
def test_an_entry_tells_the_truth_about_its_factory(name):
    baseline = BASELINES[name]
    assert baseline.name == name
    assert baseline.supervision in SUPERVISIONS
    assert baseline.modalities in (("color",), ("color", "depth", "ir"))
    parameters = inspect.signature(baseline.load()).parameters
    assert baseline.options == tuple(parameters)
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters.values())
    assert parameters["input_size"].default == baseline.input_size
    for row in baseline.published():
        assert set(row.kwargs) <= set(parameters)


def test_published_figures_stand_in_the_file_of_a_network_that_exists():
    factories = {baseline.factory for baseline in BASELINES.values()}
    for file in {factory.partition(":")[0] for factory in factories}:
        held = vars(importlib.import_module(f"autofas.baselines.{file}")).get("PUBLISHED", {})
        assert {f"{file}:{function}" for function in held} <= factories


def test_importing_the_register_does_not_import_torch():
    script = "import sys, autofas.baselines as b; assert len(b.BASELINES) > 10; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_files_import_torch_alone():
    files = sorted(Path(autofas.baselines.__file__).parent.glob("*.py"))
    assert len(files) > 10
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            for name in names:
                top = name.split(".")[0]
                assert top == "torch" or top in sys.stdlib_module_names, f"{file.name} imports {name}"


def test_unknown_names_and_options_name_the_near_ones():
    with pytest.raises(ValueError, match=r"'feathernet' does not exist; choose .*feathernet_a"):
        build_baseline("feathernet")
    with pytest.raises(ValueError, match="'zzz' does not exist; choose feathernet_a, feathernet_b"):
        build_baseline("zzz")
    with pytest.raises(ValueError, match="resnet18 has no option 'theta'; choose num_outputs, input_size"):
        build_baseline("resnet18", theta=0.7)


def test_overrides_reach_the_network():
    network = build_baseline("feathernet_a", head="gap_fc", num_outputs=3, input_size=64)
    assert network.classifier.out_features == 3
    assert network.input_size == 64
