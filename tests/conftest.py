"""Small generated faces, and a trained and exported network, made once a session and shared by its tests."""

import os

import numpy as np
import pytest
import torch

torch.set_num_threads(1)

TOGETHER = {
    "tests/deploy/": (
        "tests/deploy/",
        "tests/commands/test_benchmark.py",
        "tests/commands/test_export.py",
        "tests/commands/test_predict.py",
        "tests/commands/test_verify.py",
        "tests/evaluation/test_evaluate.py",
    ),
    "tests/report/": ("tests/report/",),
}
"""Folders and files whose tests share a run that takes long to make: one process takes them all."""
SHARED = {"evaluated_run": "tests/deploy/", "exported": "tests/deploy/"}
LONGEST = (
    "tests/data/test_opening.py",
    "tests/deploy/",
    "tests/campaigns/test_faults.py",
    "tests/baselines/test_baseline_networks.py",
    "tests/test_docs.py",
)
"""What takes longest comes first, or one process would still be at it when the others have ended."""


def scope_of(nodeid: str) -> str:
    """What one process takes whole: what stands `TOGETHER`, or a file."""
    shared = (scope for scope, places in TOGETHER.items() if nodeid.startswith(places))
    return next(shared, nodeid.partition("::")[0])


def pytest_collection_modifyitems(items):
    ranks = {scope: rank for rank, scope in enumerate(LONGEST)}
    for item in items:
        for fixture in SHARED.keys() & set(getattr(item, "fixturenames", ())):
            if scope_of(item.nodeid) != SHARED[fixture]:
                raise pytest.UsageError(f"{item.nodeid} asks for {fixture}: add its file to TOGETHER")
    items.sort(key=lambda item: ranks.get(scope_of(item.nodeid), len(ranks)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """`--dist loadfile` by `scope_of` and in the order of the collection."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class ByScope(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return scope_of(nodeid)

    config.option.loadscopereorder = False
    return ByScope(config, log)


@pytest.fixture(autouse=True)
def one_thread():
    """Every test begins with one thread, whatever the verbs before it have set: other numbers of threads give
    other bits, and a forked process that would need its parent's threads waits for ever."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def one_core():
    """A verb that is not told how many threads to take takes one: processes of tests share the cores."""
    patch = pytest.MonkeyPatch()
    patch.setattr(os, "sched_getaffinity", lambda pid: {0}, raising=False)
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """A cache folder of the session's own: tests neither read nor fill the user's."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["AUTOFAS_CACHE"] = str(folder)
    return folder


TINY_FACES = {
    "synthetic": {
        "train_users": 4,
        "dev_users": 2,
        "test_users": 2,
        "frames_per_video": 1,
        "size": 32,
    },
    "workers": 2,
}
"""`data` of a configuration: 240 training, 120 dev and 60 test frames under protocol 1."""


@pytest.fixture
def tiny_data():
    return TINY_FACES


SMALL_FACES = "data.synthetic={train_users: 2, dev_users: 2, test_users: 2, frames_per_video: 1, size: 32}"


@pytest.fixture(scope="session")
def evaluated_run(tmp_path_factory, cache):
    """A trained and evaluated run folder: a random genotype at 32 pixels, one epoch on generated faces."""
    from autofas.cli import main
    from autofas.models.genotype import genotype_from_cells, save_genotype
    from autofas.models.space import load_space
    from autofas.search.derive import random_cells

    folder = tmp_path_factory.mktemp("deploy")
    space = load_space("small")
    normal, reduction = random_cells(space, np.random.default_rng(0))
    save_genotype(genotype_from_cells(space, normal, reduction, "random"), folder / "genotype.json")
    words = [
        "--genotype",
        str(folder / "genotype.json"),
        "--runs-dir",
        str(folder / "runs"),
        "--name",
        "tiny",
    ]
    words += ["--preset", "quick", "--epochs", "1", "--input-size", "32", "--threads", "1"]
    assert main(["train", *words, "--set", SMALL_FACES, "--quiet"]) == 0
    run = folder / "runs" / "train" / "tiny"
    assert main(["evaluate", "--run", str(run), "--threads", "1", "--quiet"]) == 0
    return run


@pytest.fixture(scope="session")
def exported(evaluated_run):
    """Its export folder: model.onnx and model-crop.onnx with their JSON; skipped without autofas[export]."""
    from autofas.cli import main

    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="needs autofas[export]")
    assert main(["export", "--run", str(evaluated_run), "--form", "both", "--int8", "--quiet"]) == 0
    assert os.listdir(evaluated_run / "export")
    return evaluated_run / "export"
