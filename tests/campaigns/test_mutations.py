"""The list of mutations fits the code and the tests, and a test that cannot run notices nothing."""

import pytest

from tests.campaigns.mutations import (
    ROOT,
    Mutation,
    copied_tree,
    node_of,
    outcome,
    place_of,
    read_mutations,
    read_sources,
    read_tests,
)


def test_every_mistake_can_be_made_and_its_test_exists():
    mutations = read_mutations()
    with copied_tree() as tree:  # what the campaign runs in, which must hold every room
        sources, tests = read_sources(tree), read_tests(tree)
    for mutation in mutations:
        place_of(mutation, sources)
        node_of(mutation, tests)
    assert len({mutation.mistake for mutation in mutations}) == len(mutations) >= 40
    assert {mutation.room for mutation in mutations} >= {
        "metrics", "data", "models", "search", "training", "evaluation", "analysis", "storage"
    }  # fmt: skip


def test_a_mutation_that_does_not_fit_is_named():
    stray = Mutation("metrics", "a mistake", "no such line stands here", "pass", "test_that_is_not_there")
    with pytest.raises(
        ValueError, match="a mistake: 'no such line stands here' must stand once in the code: now"
    ):
        place_of(stray, read_sources(ROOT))
    with pytest.raises(ValueError, match="one file must define test_that_is_not_there: no file"):
        node_of(stray, read_tests(ROOT))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("def test_one(): assert True", "passes"),
        ("def test_one(): assert False", "red"),
        ("import nowhere_to_be_found\ndef test_one(): assert False", "BROKEN"),
        ("import pytest\n@pytest.fixture\ndef made(): raise OSError\ndef test_one(made): pass", "BROKEN"),
    ],
)
def test_red_is_a_test_that_ran_and_failed(tmp_path, body, found):
    (tmp_path / "test_small.py").write_text(body)
    assert outcome(tmp_path, ["test_small.py::test_one"])[0] == found
