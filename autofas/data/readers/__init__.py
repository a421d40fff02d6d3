"""Readers of published data sets: from a folder as delivered to the rows of a manifest, one module a set.

Every reader module has `ABOUT` (what the set is, where to apply, the layout expected) and
`read(root, frames_per_video) -> Reading`. They import no torch and open images or videos only to count
frames.
"""
