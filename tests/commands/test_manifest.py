"""autofas manifest: from a folder of photographs to a manifest that the other verbs take."""

import numpy as np
from PIL import Image

from autofas.cli import main
from autofas.data.manifests.manifest import read_manifest


def test_the_verb_writes_a_manifest_that_inspect_and_train_take(tmp_path, capsys):
    generator = np.random.default_rng(0)
    for kind in ("live", "spoof"):
        for number in range(6):
            place = tmp_path / "own" / kind / f"p{number}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(generator.integers(0, 255, (24, 24, 3), dtype=np.uint8)).save(place)
    assert main(["inspect", "--dataset", str(tmp_path / "own")]) == 2
    error = capsys.readouterr().err
    assert "autofas manifest" in error
    assert "path,pai,subject" in error
    assert main(["manifest", str(tmp_path / "own"), "--subject-from", r"(p\d)"]) == 0
    out = capsys.readouterr().out
    assert "label    live is bona_fide" in out
    assert f"next     autofas inspect --dataset {tmp_path / 'own' / 'manifest.csv'}" in out
    assert len(read_manifest(tmp_path / "own" / "manifest.csv").table) == 12
    assert main(["inspect", "--dataset", str(tmp_path / "own"), "--check-files", "--strict"]) == 0
    assert main(["manifest", str(tmp_path / "own")]) == 2
    assert "is there already; write over it with --replace" in capsys.readouterr().err
