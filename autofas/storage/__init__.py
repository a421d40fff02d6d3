"""Whole files, folders that nothing leads out of, closed schemas and their versions."""
