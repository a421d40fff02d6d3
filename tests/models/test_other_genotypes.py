"""Genotypes of DARTS, PC-DARTS and NNI: read as data wherever a genotype is taken, and nothing evaluated."""

import json

import pytest

from autofas.cli import main
from autofas.errors import GenotypeError
from autofas.models.build import build
from autofas.models.genotype import Edge, load_genotype, save_genotype
from autofas.models.space import load_space

DARTS = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_3x3', 0), ('dil_conv_3x3', 2),"
    " ('sep_conv_3x3', 1), ('skip_connect', 0), ('dil_conv_5x5', 2), ('skip_connect', 1)],"
    " normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('max_pool_3x3', 0),"
    " ('skip_connect', 2), ('max_pool_3x3', 0), ('dil_conv_5x5', 3), ('skip_connect', 2),"
    " ('skip_connect', 3)],"
    " reduce_concat=range(2, 6))"
)
NORMAL = [
    (2, 0, "sep_conv_3x3"), (2, 1, "skip_connect"), (3, 0, "sep_conv_3x3"), (3, 2, "dil_conv_3x3"),
    (4, 1, "sep_conv_3x3"), (4, 0, "skip_connect"), (5, 2, "dil_conv_5x5"), (5, 1, "skip_connect"),
]  # fmt: skip
OLD = {"sep_conv_3x3": "sepconv3x3", "skip_connect": "skipconnect", "dil_conv_3x3": "dilconv3x3"}


def nni(form: str) -> dict[str, object]:
    """NORMAL as NNI exports it, for both cells."""
    values: dict[str, object] = {}
    for kind in ("normal", "reduce"):
        count: dict[int, int] = {}
        for node, origin, operation in NORMAL:
            place = count.setdefault(node, 0)
            count[node] += 1
            if form in ("new", "lists"):
                values[f"{kind}/op_{node}_{place}"] = operation
                values[f"{kind}/input_{node}_{place}"] = [origin] if form == "lists" else origin
            else:
                values[f"{kind}_n{node}_p{origin}"] = OLD.get(operation, operation.replace("_", ""))
                switch = values.setdefault(f"{kind}_n{node}_switch", [])
                switch.append(origin if form == "numbers" else f"{kind}_n{node}_p{origin}")
    return values


@pytest.mark.parametrize(
    "text",
    [
        DARTS,
        f"PC_DARTS_cifar = {DARTS}\n",
        f"2019-11-26 10:00:00,000 genotype = {DARTS}\n",
        f"Genotype = namedtuple('Genotype', 'normal normal_concat')\n\nBEST = {DARTS}\n",
        DARTS.replace("range(2, 6)", "[2, 3, 4, 5]").replace("normal=", " \n normal = "),
        DARTS.replace("normal=", "").replace("normal_concat=", "").replace("reduce=", "")
        .replace("reduce_concat=", ""),
    ],
)  # fmt: skip
def test_a_pasted_genotype_is_the_cells_it_names(tmp_path, text):
    path = tmp_path / "darts.txt"
    path.write_text(text)
    genotype = load_genotype(path)
    assert list(genotype.normal.edges) == [Edge(*edge) for edge in NORMAL]
    assert genotype.normal.concat == genotype.reduction.concat == (2, 3, 4, 5)
    assert genotype.reduction.edges[5] == Edge(4, 3, "dil_conv_5x5")
    assert genotype.layout == load_space("darts").layout
    assert genotype.name == (
        "PC_DARTS_cifar" if "PC_DARTS" in text else "BEST" if "BEST" in text else "darts"
    )
    save_genotype(genotype, tmp_path / "genotype.json")
    assert load_genotype(tmp_path / "genotype.json") == genotype


@pytest.mark.parametrize("form", ["new", "lists", "names", "numbers"])
def test_what_nni_exports_is_the_cells_it_chose(tmp_path, form):
    path = tmp_path / "arch.json"
    path.write_text(json.dumps(nni(form)))
    genotype = load_genotype(path)
    assert sorted(genotype.normal.edges) == sorted(Edge(*edge) for edge in NORMAL)
    assert genotype.normal == genotype.reduction
    assert genotype.normal.concat == (2, 3, 4, 5)


def test_positions_of_operations_are_those_of_nnis_example(tmp_path):
    values = nni("names")
    values["normal_n2_p0"] = 3
    values["normal_n2_p1"] = [0]
    (tmp_path / "arch.json").write_text(json.dumps(values))
    assert load_genotype(tmp_path / "arch.json").normal.inputs_of(2) == [
        Edge(2, 0, "sep_conv_3x3"),
        Edge(2, 1, "max_pool_3x3"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        DARTS.replace(", 0)", ", np.int64(0))").replace("range(2, 6)", "array([2, 3, 4, 5])"),  # numpy 2
        DARTS.replace("'sep_conv_3x3'", "np.str_('sep_conv_3x3')"),
        DARTS.replace("range(2, 6)", "list(range(2, 6, 1))"),
        DARTS.replace("reduce", "reduction"),
        DARTS.replace("skip_connect", "identity").replace("sep_conv_3x3", "SepConv_3x3"),
        f"epoch 1 {DARTS}\nepoch 2 {DARTS}\n",  # a log that prints the same one twice
        DARTS.replace("Genotype(", "genotype: {'").replace(", re", ", 're").replace(", normal_", ", 'normal_")
        .replace("=", "': ").replace("6))", "6)}"),
    ],
)  # fmt: skip
def test_other_spellings_of_the_same_cells(tmp_path, text):
    (tmp_path / "darts.txt").write_text(DARTS)
    (tmp_path / "other.log").write_text(text)
    assert load_genotype(tmp_path / "other.log").same_network(load_genotype(tmp_path / "darts.txt"))


@pytest.mark.parametrize("form", ["fields", "inside", "text"])
def test_darts_fields_as_json(tmp_path, form):
    pairs = [[operation, origin] for _, origin, operation in NORMAL]
    fields = {"normal": pairs, "normal_concat": [2, 3, 4, 5], "reduce": pairs, "reduce_concat": [5]}
    values = {"fields": fields, "inside": {"genotype": fields}, "text": {"genotype": DARTS}}[form]
    (tmp_path / "g.json").write_text(json.dumps(values))
    genotype = load_genotype(tmp_path / "g.json")
    assert list(genotype.normal.edges) == [Edge(*edge) for edge in NORMAL]
    assert genotype.reduction.concat == ((2, 3, 4, 5) if form == "text" else (5,))


def test_cells_of_another_size_keep_it(tmp_path):
    pair = "[('skip_connect', 0), ('max_pool_3x3', 1)], [2]"
    (tmp_path / "small.txt").write_text(f"Genotype({pair}, {pair})")
    assert load_genotype(tmp_path / "small.txt").layout.intermediate_nodes == 1
    network = build(tmp_path / "small.txt")
    assert network.name == "small"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"A = {DARTS}\nB = {DARTS}", r"holds 2 genotypes \(A, B\); keep the one that is meant"),
        (DARTS[:-40], "is not closed; paste the whole line"),
        (DARTS.replace("'sep_conv_3x3'", "'sep_conv_9x9'"), "sep_conv_9x9 does not exist, did you mean"),
        (DARTS.replace("'sep_conv_3x3'", "'conv_7x1_1x7'"), "7x1_1x7 does not exist; choose none, "),
        (DARTS.replace("('skip_connect', 1)", "('skip_connect', 7)", 1), "does not go forward"),
        (DARTS.replace("('skip_connect', 1)", "('skip_connect', 0)", 1), "two edges join the same pair"),
        (DARTS.replace("('skip_connect', 1)", "('none', 1)", 1), "holds none"),
        (DARTS.replace("0)", "int('0'))", 1), "normal is not plain data"),
        (DARTS.replace("range(2, 6)", "range(10**9)"), "not plain data|not a short range"),
        (DARTS.replace("range(2, 6)", "__import__('os')"), "normal_concat is not plain data"),
        (DARTS.replace("reduce_concat=range(2, 6)", "x=1"), "has no reduce_concat"),
        (DARTS.replace("('skip_connect', 1), ", "", 1), "has 7 entries"),
        ("Genotype(normal=)", "is not Python"),
        ("sep_conv", "is not valid JSON.*or a Genotype\\(...\\) as DARTS prints it"),
        (DARTS.replace("range(2, 6)", "range(2, 6, 0)"), "not a short range"),
        (DARTS.replace("'sep_conv_3x3'", "np.str_(x)", 1), "normal is not plain data"),
    ],
)  # fmt: skip
def test_what_is_no_genotype_is_said_in_one_line(tmp_path, text, message):
    (tmp_path / "g.txt").write_text(text)
    with pytest.raises(GenotypeError, match=message) as caught:
        load_genotype(tmp_path / "g.txt")
    assert "\n" not in str(caught.value)


def test_nothing_in_a_pasted_genotype_is_run(tmp_path):
    (tmp_path / "g.txt").write_text(DARTS.replace("range(2, 6)", f"open({str(tmp_path / 'made')!r}, 'w')", 1))
    with pytest.raises(GenotypeError, match="not plain data"):
        load_genotype(tmp_path / "g.txt")
    assert not (tmp_path / "made").exists()


def test_nni_exports_with_a_choice_missing_are_refused(tmp_path):
    for key, message in (
        ("normal/input_3_1", "is not one input"),
        ("normal/op_3_1", "normal/op_3_1 is missing beside normal/input_3_1"),
        ("reduce", "no choices of the reduce cell"),
    ):
        values = {name: value for name, value in nni("new").items() if not name.startswith(key)}
        (tmp_path / "arch.json").write_text(json.dumps(values))
        with pytest.raises(GenotypeError, match=message):
            load_genotype(tmp_path / "arch.json")


def test_the_verbs_take_a_pasted_genotype(tmp_path, capsys):
    path = tmp_path / "darts.txt"
    path.write_text(DARTS)
    assert main(["profile", "--genotype", str(path), "--input-size", "32"]) == 0
    assert "darts" in capsys.readouterr().out
    assert main(["draw", str(path), "--out", str(tmp_path / "pictures")]) == 0
    assert {place.name for place in (tmp_path / "pictures").iterdir()} == {"normal.png", "reduction.png"}
    assert main(["train", "--genotype", str(path), "--print-config"]) == 0
