"""Which data: generated faces unless told, and one set of them for whatever modalities a network reads."""

import pytest

from autofas.config.data import DataConfig, SyntheticConfig
from autofas.errors import ConfigError
from autofas.storage.schema import validated


def test_generated_faces_are_the_default_with_the_people_of_oulu():
    config = DataConfig()
    assert (config.dataset, config.protocol, config.fold, config.margin) == ("synthetic", None, None, 1.3)
    arguments = config.synthetic.arguments(config.modalities)
    assert arguments["users"] == {"train": 20, "dev": 15, "test": 20}
    assert arguments["modalities"] == ("color",)


def test_networks_of_more_than_color_share_one_set():
    faces = SyntheticConfig()
    every = ("color", "depth", "ir")
    assert faces.arguments(("depth",)) == faces.arguments(("ir", "color")) == faces.arguments(every)
    assert faces.arguments(("depth",))["modalities"] == every


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"fold": 0}, "fold"),
        ({"margin": 0.4}, "margin"),
        ({"modalities": ["thermal"]}, "modalities"),
        ({"synthetic": {"train_users": 21}}, "synthetic.train_users"),
        ({"synthetic": {"train_users": 1}}, "synthetic.train_users"),
        ({"data_rot": "x"}, "did you mean data_root"),
    ],
)
def test_what_cannot_be_is_named_by_its_key(change, key):
    with pytest.raises(ConfigError, match=key):
        validated(DataConfig, change, "configuration")
