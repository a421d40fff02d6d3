"""Which paths name images and videos, by their suffixes."""

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm")
"""What a folder's or a list's images end in, in small or capital letters."""

VIDEO_SUFFIXES = (".avi", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".3gp", ".3g2")
"""What makes a manifest's path a video, in small or capital letters; any other path of its is an image."""


def is_image(path: str) -> bool:
    """Whether a path ends like an image."""
    return path.lower().endswith(IMAGE_SUFFIXES)


def is_video(path: str) -> bool:
    """Whether a path names a video file."""
    return path.lower().endswith(VIDEO_SUFFIXES)


def is_media(path: str) -> bool:
    """Whether a path ends like an image or a video."""
    return is_image(path) or is_video(path)
