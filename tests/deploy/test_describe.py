"""What is said of a network as it was trained: its own numbers, its data's terms, and whether it protects."""

import pytest

from autofas.data.catalog import ENTRIES
from autofas.deploy.describe import GENERATED, NO_PROTECTION, OWN_DATA, describe_weights, licence_of
from autofas.models.build import build
from autofas.models.weights import load_network, record_threshold, save_weights


def described(path, name="feathernet_a", threshold=None, **provenance):
    save_weights(build(name, input_size=32), path, margin=1.25, provenance=provenance)
    if threshold is not None:
        record_threshold(path, *threshold)
    return describe_weights(load_network(path), path)


def test_a_networks_own_numbers_are_told(tmp_path):
    found = described(
        tmp_path / "w.safetensors", threshold=(0.75, "dev-eer", "EER of dev"), dataset="/data/mine/list.csv",
        protocol="none", run="exp", commit="abc",
    )  # fmt: skip
    assert (found.name, found.kind, found.format, found.form) == (
        "feathernet_a", "hand-designed", "torch", "tensor",
    )  # fmt: skip
    assert (found.threshold, found.threshold_rule, found.threshold_provenance) == (
        0.75, "dev-eer", "EER of dev",
    )  # fmt: skip
    assert (found.crop_size, found.input_size, found.view, found.margin) == (32, 32, "whole", 1.25)
    assert found.params == 345_332  # FeatherNetA of 1.25.0's table and of results/baselines.md
    assert found.macs > 0
    assert found.outputs == ("score",)
    assert (found.data, found.protocol, found.run, found.commit) == ("list.csv", "none", "exp", "abc")
    assert len(found.weights_sha256) == 64


def test_a_path_on_the_machine_of_training_is_not_given_away(tmp_path):
    found = described(tmp_path / "w.safetensors", dataset="/home/anna/secret/faces/manifest.csv")
    assert "anna" not in found.model_dump_json()
    assert found.data == "manifest.csv"


def test_a_network_of_generated_faces_warns_and_others_do_not(tmp_path):
    assert described(tmp_path / "a.safetensors", dataset="synthetic").warning == NO_PROTECTION
    own = described(tmp_path / "b.safetensors", dataset="faces/manifest.csv")
    assert (own.warning, own.data_licence) == ("", OWN_DATA)
    assert (own.threshold, own.threshold_rule) == (None, "")


def test_a_network_with_a_live_map_has_two_outputs(tmp_path):
    assert described(tmp_path / "w.safetensors", "deeppixbis").outputs == ("score", "map")


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry.reader])
def test_weights_are_bound_by_the_terms_of_their_data(name):
    about = ENTRIES[name].load().ABOUT
    assert licence_of(name) == f"{about.title}, {about.access}: its terms bind these weights too"
    assert all(licence_of(alias) == licence_of(name) for alias in ENTRIES[name].aliases)


def test_generated_faces_bind_nothing_and_a_manifest_is_its_users():
    assert licence_of("synthetic") == GENERATED
    assert licence_of("my/manifest.csv") == licence_of("") == OWN_DATA
