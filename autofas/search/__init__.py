"""Search: the bi-level engine, derivation rules, strategies, the record of a search."""
