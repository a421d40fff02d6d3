"""What a set holds by protocol against what the published set holds."""

import pandas as pd

from autofas.data.catalog import (
    ENTRIES,
)
from autofas.data.inspection import official_counts, protocols_of
from autofas.data.protocols.division import apply_protocol
from autofas.data.protocols.names import REPLAY_PROTOCOLS


def test_official_counts_are_those_of_the_protocol_they_were_counted_for():
    table = pd.DataFrame({"pai": ["bona_fide", "print"], "device": ["1", "1"]})
    for protocol in ("official", "none"):
        counts, unit = official_counts("nuaa", table, protocol, None)
        assert (counts, unit) == ({("test", "bona_fide"): 3362, ("test", "print"): 5761}, "frames")
    assert official_counts("nuaa", table, "leave-one-session-out", 1) == (None, "videos")
    assert official_counts("mine", table, "none", None) == (None, "videos")
    videos = pd.DataFrame(ENTRIES["oulu"].load().official_videos())
    counts, unit = official_counts("oulu", videos, "3", 2)
    assert unit == "videos"
    assert sum(counts.values()) == sum(len(part) for part in apply_protocol(videos, 3, 2).parts.values())


def test_the_protocols_that_a_table_has_rows_for():
    videos = pd.DataFrame(ENTRIES["oulu"].load().official_videos())
    assert len(protocols_of("oulu", videos)) == 1 + 1 + 6 + 6
    two = videos[videos["device"] < "3"]
    assert protocols_of("oulu", two)[2:] == [("3", 1), ("3", 2), ("4", 1), ("4", 2)]
    assert protocols_of("replay-attack", videos) == [(name, None) for name in REPLAY_PROTOCOLS]
    assert protocols_of("great-fasd-s", videos.drop(columns="device")) == [("none", None)]
    assert len(protocols_of("great-fasd-s", two)) == 2
    assert protocols_of("nuaa", videos) == [("official", None)]
    assert protocols_of("", videos) == [("none", None)]
