"""Candidates as data: the names of the papers, and theta where there are differences alone."""

from autofas.models.candidates import CANDIDATES, THETA, Pool, Separable, Skip, Zero, candidate


def test_the_operations_of_darts_are_there():
    darts = (
        "none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
        "dil_conv_3x3", "dil_conv_5x5",
    )  # fmt: skip
    assert tuple(CANDIDATES)[:8] == darts
    assert isinstance(CANDIDATES["none"], Zero)
    assert isinstance(CANDIDATES["skip_connect"], Skip)
    assert CANDIDATES["sep_conv_5x5"] == Separable(5, dilation=1, repeats=2)
    assert CANDIDATES["dil_conv_5x5"] == Separable(5, dilation=2, repeats=1)


def test_a_central_difference_differs_from_its_operation_by_theta_alone():
    for name, found in CANDIDATES.items():
        if name.startswith("cd_"):
            assert found.theta == THETA
            assert candidate(name, theta=0.0) == CANDIDATES[name.removeprefix("cd_")]


def test_theta_is_given_where_there_are_differences_alone():
    assert candidate("cd_sep_conv_3x3", 0.3, True) == Separable(3, theta=0.3, learn_theta=True)
    assert candidate("cd_avg_pool_3x3", 0.3, True) == Pool("avg", theta=0.3)
    assert candidate("sep_conv_3x3", 0.3, True) == CANDIDATES["sep_conv_3x3"]
    assert candidate("skip_connect", 0.3) == Skip()
