"""The protocols that published sets define, by name, and their folds: plain values, without pandas.

What each means is beside its rule: OULU-NPU's numbers in `division`, the others in `named`.
"""

OULU_FOLDS: dict[str, tuple[int | None, ...]] = {
    "1": (None,),
    "2": (None,),
    "3": (1, 2, 3, 4, 5, 6),
    "4": (1, 2, 3, 4, 5, 6),
}

_PHOTOS = ("mobile_photo", "highdef_photo")
_VIDEOS = ("mobile_video", "highdef_video")
REPLAY_ATTACKS = {
    "grandtest": ("print_photo", *_PHOTOS, *_VIDEOS),
    "print": ("print_photo",),
    "mobile": ("mobile_photo", "mobile_video"),
    "highdef": ("highdef_photo", "highdef_video"),
    "photo": ("print_photo", *_PHOTOS),
    "video": _VIDEOS,
    "digitalphoto": _PHOTOS,
}
REPLAY_PROTOCOLS = (
    *REPLAY_ATTACKS,
    "fixed",
    "hand",
    *(f"{name}-{support}" for name in REPLAY_ATTACKS for support in ("fixed", "hand")),
)

CASIA_QUALITIES = ("low", "normal", "high")
CASIA_ATTACKS = {"warped": "warped_print", "cut": "cut_print", "video": "video_replay"}
CASIA_PROTOCOLS = (*CASIA_QUALITIES, *CASIA_ATTACKS, "overall")

SIW_FOLDS: dict[str, tuple[int | None, ...]] = {"siw-1": (None,), "siw-2": (1, 2, 3, 4), "siw-3": (1, 2)}
SIW_PRINTS = ("print1", "print2")
SIW_REPLAYS = ("replay1", "replay2", "replay3", "replay4")
SIW_FIRST_FRAMES = 60
"""What protocol 1 trains on, of each video."""

OFFICIAL = "official"
CROSS_DEVICE = "cross-device"
