"""The manifest: its rules, faults and leaks."""
