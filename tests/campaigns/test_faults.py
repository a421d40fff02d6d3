"""The fault campaign in its short form: a few cases of every family, and it notices what did not hold."""

import json

import pytest

from tests.campaigns.faults import __main__ as campaign
from tests.campaigns.faults.family import Case, Seen
from tests.campaigns.faults.runs import Bench

CASES = {
    "kills": 200, "damage": 200, "signals": 100, "write_errors": 20, "nans": 30, "workers": 20, "starts": 20,
    "strangers": 3180,
}  # fmt: skip
FACTS = {"command": "x", "commit": "0", "seed": 0, "torch": "2", "machine": "m"}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    campaign.warm_up()
    return Bench(tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize("family", CASES)
def test_a_few_cases_of_every_family_hold(family, bench):
    found = campaign.run_family(family, bench, seed=0, short=True, jobs=1)
    assert found["faults"] == []
    assert found["held"] == found["cases"] > 0
    assert found["slowest_s"] < 30


@pytest.mark.parametrize(("family", "cases"), CASES.items())
def test_the_whole_campaign_has_the_promised_cases(family, cases):
    module = campaign.importlib.import_module(f"tests.campaigns.faults.{family}")
    made = module.cases(0, False)
    assert len(made) == cases == len({case.number for case in made})
    assert made == module.cases(0, False)
    if family == "kills":
        assert sum("save" in case.kind for case in made) >= 50
        assert made != module.cases(1, False)


def test_a_case_that_does_not_hold_is_counted_and_the_rows_of_other_families_are_kept(
    tmp_path, monkeypatch, capsys
):
    from tests.campaigns.faults import nans

    monkeypatch.setattr(nans, "cases", lambda seed, short: [Case(n, "x") for n in range(3)])
    monkeypatch.setattr(nans, "prepare", lambda bench: None)

    def check(case, bench):
        if case.number == 2:
            raise ValueError("it fell over")
        return Seen("" if case.number else "it broke", 0.25)

    monkeypatch.setattr(nans, "check", check)
    (tmp_path / "faults.json").write_text(
        json.dumps(
            {"families": {"kills": {**campaign.run_family("nans", Bench(tmp_path), 0, True, 1), **FACTS}}}
        )
    )
    words = ["--only", "nans", "--out", str(tmp_path), "--work", str(tmp_path / "work"), "--json"]
    assert campaign.main(words) == 1
    found = json.loads(capsys.readouterr().out.splitlines()[-1])["nans"]
    assert (found["cases"], found["held"], found["slowest_s"]) == (3, 1, 0.25)
    assert [fault["case"] for fault in found["faults"]] == [0, 2]
    page = (tmp_path / "faults.md").read_text()
    assert "## nans: 1 of 3 held" in page
    assert "- case 2 (x): the check fell over: ValueError('it fell over')" in page
    assert list(json.loads((tmp_path / "faults.json").read_text())["families"]) == ["kills", "nans"]
