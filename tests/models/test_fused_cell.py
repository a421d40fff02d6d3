"""How a fused cell numbers its edges and channels, by hand; test_supernet.py has its function."""

from autofas.models.fused_cell import fans_of, shuffled_order


def test_the_shuffle_takes_a_channel_of_each_group_in_turn():
    # mixed channels 0 1, bypassed 2 3 4 5 6 7; K = 4 groups of 2: 0 2 4 6 1 3 5 7
    assert shuffled_order(8, 4).tolist() == [0, 2, 4, 6, 1, 3, 5, 7]
    assert shuffled_order(6, 1).tolist() == list(range(6))


def test_fans_of_two_nodes_by_hand():
    # edges of node 2: 0 (from input 0), 1 (from input 1); of node 3: 2, 3 (from the inputs), 4 (from node 2)
    edges = ((2, 0), (2, 1), (3, 0), (3, 1), (3, 2))  # (node, source)
    assert fans_of(edges, 2) == [[[0, 2], [1, 3]], [[4]]]
