"""The rows of `autofas profile --all` against the printed figures, and the picture."""

import csv
from pathlib import Path

import pytest
from PIL import Image

from autofas.analysis.baseline_costs import baseline_rows, printed_number, write_costs
from autofas.errors import ConfigError

# a network: its printed MACs under FeatherNets' own rule, to the printed digit
TABLE_2 = {
    "feathernet_a": "79.99M",
    "feathernet_b": "83.05M",
    "mobilenet_v2": "306.17M",
    "shufflenet_v2": "148.05M",
}


def test_printed_numbers() -> None:
    assert [printed_number(text) for text in ("0.35M", "0.48G", "2K", "12")] == [350000, 480000000, 2000, 12]
    with pytest.raises(ConfigError, match="many is not a count"):
        printed_number("many")


@pytest.mark.parametrize("name", list(TABLE_2))
def test_table_2_closes_to_the_printed_digit(name: str) -> None:
    (row,) = baseline_rows(name)
    assert row["published_macs"] == TABLE_2[name]
    assert f"{row['macs_feathernets'] / 1e6:.2f}M" == TABLE_2[name]
    assert f"{row['params'] / 1e6:.2f}M" == row["published_params"]
    assert row["ratio_macs"] == pytest.approx(1, abs=1e-4)


def test_another_condition_is_a_row_of_its_own() -> None:
    rows = baseline_rows("resnet18")
    assert [(row["input"], row["condition"]) for row in rows] == [
        ("3x224x224", {}),
        ("3x108x108", {"num_outputs": 1000}),
    ]
    assert rows[0]["params"] == 11_177_538
    assert rows[1]["params"] == 11_689_512
    assert rows[1]["ratio_params"] == pytest.approx(11_689_512 / 11_690_000, abs=1e-5)
    assert rows[1]["ratio_macs"] == pytest.approx(475.2 / 480, abs=1e-3)
    default, published = baseline_rows("fishnet150")
    assert (default["params"], default["published_params"]) == (23_904_514, None)
    assert (published["params"], published["published_params"]) == (24_959_400, "24.96M")
    assert f"{published['macs_feathernets'] / 1e6:.2f}" == "6452.72"


def test_another_size_has_no_published_figure() -> None:
    (row,) = baseline_rows("feathernet_a", 64)
    assert (row["input"], row["published_macs"], row["ratio_macs"]) == ("3x64x64", None, None)


def test_functional_products_are_counted() -> None:
    (row,) = baseline_rows("afa")
    assert row["macs"] == row["macs_torch"] > row["macs_thop"]
    assert row["macs_layers"] == pytest.approx(1290.3e6, rel=1e-3)
    assert row["macs"] == pytest.approx(1439.4e6, rel=1e-3)


def test_table_and_picture_are_written(tmp_path: Path) -> None:
    rows = [*baseline_rows("resnet18"), *baseline_rows("feathernet_a"), *baseline_rows("facebagnet_a")]
    table, picture = write_costs(tmp_path / "new", rows)
    with table.open(encoding="utf-8") as stream:
        read = list(csv.DictReader(stream))
    assert [int(row["params"]) for row in read] == [row["params"] for row in rows]
    assert read[1]["condition"] == "num_outputs=1000"
    with Image.open(picture) as image:
        assert image.size == (1600, 1000)
