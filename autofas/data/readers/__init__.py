"""Readers of published data sets: from a folder as delivered to the rows of a manifest, one module a set.

Every reader module has `ABOUT` (what the set is, where to apply, the layout expected) and
`read(root, frames_per_video) -> Reading`; where the published set can be counted, `official_videos()` (a row
for each of its videos, to be divided by any protocol) or `official_counts(table)` (by split and PAI, and
their unit, videos or frames). They import no torch and open images or videos only to count frames.
"""
