"""Preparation: from videos and photographs to faces and crops."""
