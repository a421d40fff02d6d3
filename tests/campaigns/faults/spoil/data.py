"""Hostile manifests and images."""

import os
import random
from pathlib import Path

from tests.campaigns.faults.hostile import images, plain
from tests.campaigns.faults.project import IMAGES, RUN
from tests.campaigns.faults.spoil.common import QUIET, READERS, spoil_table, texts, write


def manifest(root: Path, rng: random.Random) -> list[str]:
    """A manifest, with links, pipes and folders beside its images that it may name."""
    data = root / "data"
    (data / "link.png").symlink_to("../../outside/secret.png")
    (data / "zero.png").symlink_to("/dev/zero")
    (data / "folder").symlink_to("../../outside", target_is_directory=True)
    (data / "circle.png").symlink_to("circle.png")
    (data / "there.png").symlink_to("a.png")
    (data / "empty.png").touch()
    (data / "inside.png").mkdir()
    os.mkfifo(data / "pipe.png")
    os.mkfifo(data / "pipe.avi")
    own = (
        "link.png", "zero.png", "folder/secret.png", "circle.png", "there.png", "empty.png", "inside.png",
        "pipe.png", "pipe.avi", "a.png/b.png", "manifest.csv",
    )  # fmt: skip
    path = data / "manifest.csv"
    kind = rng.randrange(5)
    spoil_table(path, root, rng, kind, "leaderboard.csv", (*own, *texts(root)), {"path": own, "depth": own})
    return rng.choice(
        [
            ["inspect", "--dataset", "data/manifest.csv", *QUIET],
            *READERS,
            ["verify", RUN, "--rescore", *QUIET],
        ]
    )  # fmt: skip


def image(root: Path, rng: random.Random) -> list[str]:
    """An image of a manifest: spoiled, a bomb, or of another format than its name says."""
    data = root / "data"
    good = {name: (data / name).read_bytes() for name in IMAGES}
    names = sorted(path.name for path in data.iterdir() if path.name.startswith(("train", "dev", "test")))
    for name in rng.sample(names, rng.randrange(1, 4)):
        content = (data / name).read_bytes()
        kind = rng.randrange(3)
        if kind == 0:
            content = plain.spoiled(content, rng, good[rng.choice(sorted(good))])
        elif kind == 1:
            content = images.image_bomb(rng, good)
        else:
            content = plain.spoiled(images.image_bomb(rng, good), rng)
        write(data / name, content, root)
    return list(rng.choice(READERS))
