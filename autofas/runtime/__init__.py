"""What the process runs on: launch, ranks, device, interruption."""
