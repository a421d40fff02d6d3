"""Configurations: a module a verb, presets, recipes, and how they resolve."""
