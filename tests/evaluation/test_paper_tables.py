"""Tables of papers as data: printed numbers with what they claim, published files, and a reader's own CSV."""

from fractions import Fraction

import pytest

from autofas.errors import DataError
from autofas.evaluation.paper_tables import (
    PaperTable,
    Sizes,
    label_of,
    ordered_rates,
    published_names,
    published_table,
    read_printed,
    read_table,
)


@pytest.mark.parametrize(
    ("text", "value", "half"),
    [("5", 5, Fraction(1, 2)), ("5.0", 5, Fraction(1, 20)), ("12.10", Fraction(121, 10), Fraction(1, 200)),
     (" 0.83 % ", Fraction(83, 100), Fraction(1, 200)), ("100%", 100, Fraction(1, 2))],
)  # fmt: skip
def test_a_printed_number_claims_half_a_unit_of_its_last_digit(text, value, half) -> None:
    found = read_printed(text, "")
    assert (found.value, found.half, found.std) == (value, half, None)


@pytest.mark.parametrize("text", ["11.3±7.29", "11.3 ± 7.29", "11.3+/-7.29", "11.3 +-7.29 %"])
def test_a_deviation_has_digits_of_its_own(text) -> None:
    found = read_printed(text, "")
    assert (found.value, found.half) == (Fraction(113, 10), Fraction(1, 20))
    assert (found.std, found.std_half) == (Fraction(729, 100), Fraction(1, 200))


@pytest.mark.parametrize("text", ["", "-1", "1e3", "nan", "1,5", ".5", "5.", "1±2±3", "±2", "five"])
def test_anything_else_is_no_number_and_its_place_is_named(text) -> None:
    with pytest.raises(ValueError, match=r"^row 2, acer: .* is not a number such as"):
        read_printed(text, "row 2, acer")


def test_published_tables_come_in_the_papers_order() -> None:
    names = published_names()
    assert names.index("afa-9") < names.index("afa-10") < names.index("auto-fas-1")
    assert all(published_table(name).name == name for name in names)
    with pytest.raises(DataError, match=r"table auto-fas-9 does not exist, did you mean auto-fas-"):
        published_table("auto-fas-9")


def table(**changes):
    values = {
        "name": "t", "paper": "p", "table": "1", "about": "a", "dataset": "d",
        "labels": [{"title": "method"}], "columns": [{"key": "acer", "title": "ACER %", "unit": "percent"}],
        "rows": [{"labels": ["a"], "values": {"acer": "1.0"}}],
    }  # fmt: skip
    return PaperTable.model_validate(values | changes)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"labels": ["a", "b"], "values": {}}, "row 1 has 2 labels, the table 1"),
        ({"labels": ["a"], "values": {"hter": "1"}}, "row 1 has a value for hter, which is no column"),
        ({"labels": ["a"], "values": {}, "size": "all"}, "row 1 has size all, which sizes do not list"),
        ({"labels": ["a"], "values": {"acer": "one"}}, "row 1, acer: 'one' is not a number"),
    ],
)
def test_rows_fit_their_table(row, words) -> None:
    assert table().columns[0].name == "acer"
    with pytest.raises(ValueError, match=words):
        table(rows=[row])


def test_a_csv_is_read_by_its_header(tmp_path) -> None:
    place = tmp_path / "mine.csv"
    place.write_text(
        "Backbone, Method ,APCER (%),NPCER %,acer,TPR@FPR=1e-3\nres,a,1.0,, 3.5 ,0.9\n,b,2.0,1,2,\n"
    )
    sizes = Sizes(bona_fide=3, attacks=(4, 5))
    read = read_table(str(place), sizes=sizes, pooled=True)
    assert (read.name, read.pooled, read.sizes) == ("mine", True, {"all": sizes})
    assert [label.title for label in read.labels] == ["backbone", "method"]
    assert [column.name for column in read.columns] == ["apcer", "bpcer", "acer", "tpr_at_fpr.0.001"]
    assert dict(read.rows[0].values) == {"apcer": "1.0", "acer": "3.5", read.columns[3].key: "0.9"}
    assert [label_of(row) for row in read.rows] == ["res a", "b"]


def test_rows_without_a_name_are_numbered(tmp_path) -> None:
    (tmp_path / "t.csv").write_text("acer\n1.0\n2.0\n")
    read = read_table(str(tmp_path / "t.csv"), unit="fraction")
    assert [label_of(row) for row in read.rows] == ["row 2", "row 3"]
    assert {column.unit for column in read.columns} == {"fraction"}


def test_a_yaml_of_ones_own_is_read_and_judged_by_the_same_schema(tmp_path) -> None:
    (tmp_path / "t.yaml").write_text(table().model_dump_json())
    assert read_table(str(tmp_path / "t.yaml")) == table()
    (tmp_path / "t.yaml").write_text(table().model_dump_json().replace('"pooled"', '"poled"'))
    with pytest.raises(DataError, match=r"t.yaml: unknown key poled, did you mean pooled"):
        read_table(str(tmp_path / "t.yaml"))
    with pytest.raises(DataError, match=r"gone.csv"):
        read_table(str(tmp_path / "gone.csv"))


def test_rates_are_ordered_from_the_largest_fpr() -> None:
    rates = [f"tpr_at_fpr.{fpr}" for fpr in ("0.0001", "0.01", "0.001")]
    columns = [
        {"key": f"k{n}", "title": "t", "unit": "percent", "figure": name} for n, name in enumerate(rates)
    ]
    read = table(columns=[{"key": "acer", "title": "t", "unit": "percent"}, *columns])
    assert [column.name.partition(".")[2] for column in ordered_rates(read.columns)] == [
        "0.01", "0.001", "0.0001",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("method\na\n", "has no column"),
        ("acer\n", "a header and a row"),
        ("method,acer\na,x\n", "is not a number"),
        ("method,acer\na\n", "has 1 cells"),
        ("method,acer\na,1±2±3\n", "is not a number"),
        ("method,acer\na,-1\n", "is not a number"),
        ("method,acer\na,nan\n", "is not a number"),
    ],
)
def test_damaged_tables_are_one_line(tmp_path, text: str, words: str) -> None:
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(DataError, match=words) as caught:
        read_table(str(tmp_path / "table.csv"))
    assert "\n" not in str(caught.value)
