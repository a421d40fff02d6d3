"""Data: manifests, protocols, readers, generated faces, preparation and batches."""
