"""From a run folder to a device: export with a parity check, prediction, benchmark of exported files."""
