"""Finalists: who is nominated, who is left, and a search that ends with one."""

import csv
import json
import math

import numpy as np
import pytest

from autofas.analysis.space_costs import space_costs
from autofas.api import profile
from autofas.config.resolve import resolve
from autofas.config.search import SearchConfig
from autofas.errors import AutofasError
from autofas.models.build import build
from autofas.models.genotype import genotype_from_cells, load_genotype
from autofas.models.space import load_space
from autofas.search import bilevel
from autofas.search.bounds import derive_within
from autofas.search.finalists import BriefTraining, Finalist, filtered, halve, nominate
from autofas.search.history import betas_of
from autofas.search.layouts import Layouts
from autofas.search.search import search
from tests.search.searches import config, opened

SPACE = load_space("small")


def history(epochs, betas=True):
    generator = np.random.default_rng(0)
    rows = []
    for _ in range(epochs + 1):
        row = {kind: generator.normal(size=(14, 6)) for kind in ("normal", "reduction")}
        rows.append(row | ({f"{kind}_beta": generator.normal(size=14) for kind in row} if betas else {}))
    return rows


def nominated(rows, count, first=1, space=SPACE, **limits):
    asked = SearchConfig(finalists=count, **limits)
    rule = "pc-darts" if "normal_beta" in rows[0] else "auto-fas"
    return nominate(Layouts(space, asked), rows, rule, count, first, np.random.default_rng(0))


def test_half_are_the_alphas_and_half_are_random():
    rows = history(8)
    found = nominated(rows, 9, first=3)
    named = [(8, "pc-darts"), (8, "auto-fas"), (7, "pc-darts"), (6, "pc-darts"), (4, "pc-darts")]
    assert [one.origin for one in found[:5]] == [f"epoch {epoch}, rule {rule}" for epoch, rule in named]
    assert [one.rule for one in found[5:]] == ["random"] * 4
    assert len({one.cells for one in found}) == 9
    assert found[0].cells == derive_within(SPACE, rows[8], betas_of(rows[8]), "pc-darts", None)


def test_without_betas_there_is_one_rule_and_the_same_cells_come_once():
    rows = history(3, betas=False)
    rows[2] = rows[3]
    assert [one.origin for one in nominated(rows, 6)] == [
        "epoch 3, rule auto-fas", "epoch 1, rule auto-fas", *["random"] * 4
    ]  # fmt: skip


def test_all_keep_to_the_limits():
    costs = space_costs(SPACE)
    for one in nominated(history(4), 8, max_params="17K"):
        assert costs.of(*one.cells)[0] <= 17_000


OPENED = opened(channels=(8, 16), normalise=("none", "image", "local"))


def test_each_has_the_next_of_the_layouts_and_the_first_that_of_the_supernet():
    found = nominated(history(8), 12, space=OPENED)
    laid = [(one.space.layout.channels, one.space.layout.normalise) for one in found]
    assert laid[0] == (OPENED.layout.channels, OPENED.layout.normalise)
    assert len(set(laid[:6])) == 6
    assert laid[6:] == laid[:6]
    assert [one.layout for one in found] == [
        f"channels {channels}, normalise {word}" for channels, word in laid
    ]
    assert found[0].row()["layout"] == found[0].layout


def test_the_same_cells_in_another_layout_are_another_finalist():
    rows = history(3, betas=False)
    rows[2] = rows[1] = rows[3]
    found = nominated(rows, 6, space=OPENED)
    assert [one.origin for one in found[:3]] == [f"epoch {epoch}, rule auto-fas" for epoch in (3, 2, 1)]
    assert len({one.cells for one in found[:3]}) == 1


def test_layouts_that_limits_rule_out_are_nobodys():
    # the smallest network of 16 channels has more
    found = nominated(history(4), 6, space=opened(channels=(8, 16)), max_params="14K")
    assert {one.space.layout.channels for one in found} == {8}


def test_a_layout_that_has_no_more_networks_leaves_the_turn_to_the_next(monkeypatch):
    # narrow layouts have one network for those that are drawn, as if limits ruled out all others
    draw_in = Layouts.draw_in
    seen = {}

    def one_of_the_narrow(self, space, generator):
        if space.layout.channels == 16:
            return draw_in(self, space, generator)
        return seen.setdefault(space, draw_in(self, space, generator))

    monkeypatch.setattr(Layouts, "draw_in", one_of_the_narrow)
    found = nominated(history(4), 12, space=opened(channels=(8, 16)))
    drawn = [one.space.layout.channels for one in found if one.rule == "random"]
    assert len(found) == 12
    assert drawn.count(8) == 1
    assert drawn.count(16) == len(drawn) - 1 == 6


def test_a_supernet_has_a_layout_that_the_limits_allow(tmp_path, tiny_data):
    # the space's own stem makes maps of 8x8, which cost more
    asked = config(tmp_path, tiny_data, space="small_open", epochs=2, warmup_epochs=0, input_size=16,
                   finalists=2, finalist_epochs=1, max_macs="1.8M")  # fmt: skip
    with pytest.raises(AutofasError, match="max_macs 1,800,000: no network"):
        search(asked.model_copy(update={"finalists": 0}))
    assert search(asked).genotype.layout.map_size() == 4


def test_a_search_ends_in_the_layout_of_the_best(tmp_path, tiny_data, monkeypatch):
    def smaller_is_better(self, loader):
        return 1 / sum(weights.numel() for weights in self.network.parameters())

    monkeypatch.setattr(BriefTraining, "auc", smaller_is_better)
    asked = config(tmp_path, tiny_data, epochs=2, warmup_epochs=0, finalists=4, finalist_epochs=1)
    found = search(asked, space=opened(channels=(4, 8)))
    assert SPACE.layout.channels == 8
    assert load_genotype(found.path / "genotype.json").layout.channels == 4
    words = json.loads((found.path / "verdict.json").read_text())["words"]
    assert words[0].startswith("finalists decided: the best of 4 brief trainings has ")
    assert words[0].endswith("; channels 4")
    with open(found.path / "finalists.csv") as stream:
        assert next(csv.DictReader(stream))["layout"] == "channels 4"


class Fake:
    """A training whose AUC rises with its epochs up to the finalist's own worth."""

    def __init__(self, worth):
        self.worth, self.done = worth, 0

    def epochs(self, count):
        self.done += count

    def auc(self, loader):
        return self.worth * self.done / (self.done + 1)


def test_the_better_half_is_trained_on():
    worths = [0.5, 0.9, 0.7, 0.8, 0.6]
    finalists = [Finalist(SPACE, (None, None), "random", str(worth)) for worth in worths]
    lines = []
    best = halve(finalists, lambda one: Fake(float(one.origin)), lambda: None, 2, lines.append)
    assert best.origin == "0.9"
    assert {one.origin: one.epochs for one in finalists} == {
        "0.5": 2,
        "0.6": 2,
        "0.7": 6,
        "0.8": 14,
        "0.9": 14,
    }
    assert {one.origin: one.rank for one in finalists} == {"0.9": 1, "0.8": 2, "0.7": 3, "0.6": 4, "0.5": 5}
    assert best.auc == pytest.approx(0.9 * 14 / 15)
    assert len(lines) == 5 + 3 + 2


def test_one_alone_is_trained_too():
    (alone,) = finalists = [Finalist(SPACE, (None, None), "random", "1.0")]
    assert halve(finalists, lambda one: Fake(1.0), lambda: None, 3) is alone
    assert (alone.epochs, alone.rank) == (3, 1)


def test_a_search_ends_with_the_best_of_them(tmp_path, tiny_data):
    shared = {"space": "small", "epochs": 2, "warmup_epochs": 0, "batch_size": 60, "input_size": 16}
    shared |= {"threads": 1, "device": "cpu", "data": tiny_data, "runs_dir": str(tmp_path)}
    asked = shared | {"finalists": 4, "finalist_epochs": 1, "max_params": "18K"}
    found = search(SearchConfig(**asked))
    with open(found.path / "finalists.csv") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["rank"]) for row in rows] == [1, 2, 3, 4]
    assert [int(row["epochs"]) for row in rows] == [3, 3, 1, 1]
    assert float(rows[0]["arch_auc"]) >= float(rows[1]["arch_auc"])
    rule = rows[0]["origin"].rpartition(" ")[2]
    assert found.genotype.derivation == ("finalists" if rule == "random" else rule)
    assert profile(build(found.genotype)).params <= 18_000
    again = search(SearchConfig(**asked | {"runs_dir": None}))
    assert again.genotype.same_network(found.genotype)


def test_a_random_finalist_that_is_chosen_makes_a_searched_network(tmp_path, tiny_data, monkeypatch):
    aucs = iter((0.6, 0.7))  # of the alphas' cells, of the random ones
    monkeypatch.setattr(BriefTraining, "auc", lambda self, loader: next(aucs, 0.8))
    asked = config(tmp_path, tiny_data, epochs=1, warmup_epochs=0, finalists=2, finalist_epochs=1)
    found = search(asked)
    with open(found.path / "finalists.csv") as stream:
        assert next(csv.DictReader(stream))["origin"] == "random"
    assert (found.genotype.derivation, build(found.genotype).kind) == ("finalists", "searched")


def test_finalists_are_trained_on_one_half_judged_on_the_other_and_never_of_the_warm_up(
    tmp_path, tiny_data, monkeypatch
):
    seen, asked = {}, []

    def watched(finalists, begin, judged_on, epochs, told):
        one = finalists[0]
        loaders = {"trained": begin(one).loader, "judged": judged_on()}
        seen.update({part: {i for batch in each for i in pictures(batch)} for part, each in loaders.items()})
        return one

    def pictures(batch):
        return [image.numpy().tobytes() for image in batch.images["color"]]

    def nominating(layouts, history, rule, count, first, generator):
        asked.append(first)
        return nominate(layouts, history, rule, count, first, generator)

    monkeypatch.setattr(bilevel, "halve", watched)
    monkeypatch.setattr(bilevel, "nominate", nominating)
    shared = {"space": "small", "epochs": 3, "warmup_epochs": 2, "batch_size": 10, "input_size": 16}
    plain = {"augment": "none", "balance": False, "arch_share": 0.25, "finalists": 2}
    search(SearchConfig(**shared, **plain, threads=1, device="cpu", data=tiny_data))
    assert {part: len(images) for part, images in seen.items()} == {"trained": 180, "judged": 60}
    assert seen["trained"].isdisjoint(seen["judged"])
    assert asked == [3]  # the alphas after the third epoch, the first that moved them


@pytest.mark.parametrize(("keep", "kept"), [("highest", ["b", "e"]), ("lowest", ["a", "d"])])
def test_a_filter_keeps_an_end_of_the_proxies_and_the_order(keep, kept):
    values = {"a": 1.0, "b": 5.0, "c": -math.inf, "d": 2.0, "e": 4.0}
    nominees = [Finalist(SPACE, (None, None), "random", name, proxy=value) for name, value in values.items()]
    assert [one.origin for one in filtered(nominees, 2, keep)] == kept
    assert len(filtered(nominees, 9, keep)) == 5


@pytest.mark.parametrize("keep", ["highest", "lowest"])
def test_a_proxy_chooses_who_is_trained(tmp_path, tiny_data, monkeypatch, keep):
    nominated = []
    monkeypatch.setattr(
        bilevel, "nominate", lambda *given: nominated.extend(nominate(*given)) or list(nominated)
    )
    shared = {"space": "small", "epochs": 1, "warmup_epochs": 0, "batch_size": 60, "input_size": 16}
    asked = {"finalists": 2, "finalist_epochs": 1, "finalist_filter": "params", "finalist_keep": keep}
    asked |= {"threads": 1, "device": "cpu", "data": tiny_data, "runs_dir": str(tmp_path)}
    found = search(SearchConfig(**shared, **asked, finalist_pool=3))
    genotypes = [genotype_from_cells(SPACE, *one.cells, one.rule) for one in nominated]
    params = sorted(profile(build(genotype)).params for genotype in genotypes)
    with open(found.path / "finalists.csv") as stream:
        rows = list(csv.DictReader(stream))
    expected = params[:2] if keep == "lowest" else params[-2:]
    assert sorted(int(float(row["proxy"])) for row in rows) == expected
    assert len(params) == 6
    assert "params keeps 2 of 6 genotypes" in (found.path / "log.txt").read_text()


def test_a_filter_needs_finalists():
    with pytest.raises(AutofasError, match="say how many with finalists"):
        resolve(SearchConfig, "search", flags={"finalist_filter": "params"})


def test_only_alphas_have_finalists():
    with pytest.raises(AutofasError, match="strategy random has none"):
        resolve(SearchConfig, "search", flags={"strategy": "random", "finalists": 3})
