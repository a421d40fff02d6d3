"""Runs: the folder, its life from open to finish, checkpoints, going on, progress, provenance, the record."""
