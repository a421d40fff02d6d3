"""Hand-designed face anti-spoofing networks, one file each; PyTorch alone."""
