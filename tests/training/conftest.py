"""Generated faces of three modalities."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest of three modalities: bona fide faces are bright in infrared and have depth."""
    root = tmp_path_factory.mktemp("faces")
    random = np.random.default_rng(0)
    lines = ["path,depth,ir,pai,subject,session,video,frame,split"]
    for split, subjects in (("train", 4), ("dev", 2), ("test", 2)):
        for subject in range(subjects):
            for pai in ("bona_fide", "print", "replay"):
                stem = f"{split}{subject}_{pai}"
                bright = 150 if pai == "bona_fide" else 50
                for name, level in (("color", 110), ("depth", bright), ("ir", bright)):
                    noise = random.integers(-40, 40, (32, 32, 3))
                    Image.fromarray((level + noise).astype(np.uint8)).save(root / f"{stem}_{name}.png")
                names = ",".join(f"{stem}_{name}.png" for name in ("color", "depth", "ir"))
                lines.append(f"{names},{pai},{split}{subject},1,{stem},0,{split}")
    (root / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root
