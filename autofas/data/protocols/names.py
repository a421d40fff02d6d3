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

OFFICIAL = "official"
CROSS_DEVICE = "cross-device"
