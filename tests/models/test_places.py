"""Places of a folded sum: every number has one, and features that edges share are summed over them."""

import torch

from autofas.models.places import identity_of, places_of, summed

CPU = torch.device("cpu")


def test_edges_that_share_features_are_summed_and_the_others_kept():
    values = torch.arange(2 * 1 * 3 * 2.0).view(2, 1, 3, 2)  # 2 terms, 1 source, 3 targets, width 2
    assert summed(values, (True, False)).tolist() == [0 + 2 + 4, 1 + 3 + 5, 6, 7, 8, 9, 10, 11]


def test_what_is_written_by_copying_has_a_place_of_its_own():
    places = places_of((True, False, True), 2, 3, 4, 5, CPU)
    for own, all_of_them in ((places.own_mean, places.mean), (places.own_covariance, places.covariance)):
        assert own.unique().numel() == own.numel() < all_of_them.numel()
        assert set(own.tolist()) == set(all_of_them.tolist())
    assert places.own_mean.numel() == sum(places.columns) == 2 * 5 + 6 * 5 + 2 * 5


def test_an_identity_is_made_once():
    assert identity_of(3, torch.float64, CPU) is identity_of(3, torch.float64, CPU)
    assert torch.equal(identity_of(3, torch.float64, CPU), torch.eye(3, dtype=torch.float64))
