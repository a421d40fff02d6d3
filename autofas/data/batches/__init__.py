"""Batches: stored crops, sampling, augmentation, views and loading."""
