"""What is timed or run for hours; each a module with --json."""
