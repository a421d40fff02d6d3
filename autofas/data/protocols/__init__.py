"""Protocols: from the rows of a manifest to splits and folds."""
