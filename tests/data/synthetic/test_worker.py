"""The generator's worker process: a job on stdin, a line for each finished video."""

import json
import subprocess
import sys

from autofas.data.synthetic import generate


def test_a_worker_makes_the_files_that_the_caller_would(tmp_path):
    arguments = {
        "users": {"train": 2, "dev": 1, "test": 1},
        "phones": (1,),
        "sessions": (1,),
        "frames_per_video": 1,
        "size": 32,
    }
    whole = generate(tmp_path / "whole", workers=1, **arguments)
    parameters = json.loads((whole / "synthetic.json").read_text())
    job = json.dumps({"root": str(tmp_path / "part"), "parameters": parameters, "users": [1]})
    (tmp_path / "part").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "autofas.data.synthetic.worker"],
        input=job, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [f"1_1_01_{file}" for file in range(1, 6)]
    made = sorted(path.relative_to(tmp_path / "part") for path in (tmp_path / "part").rglob("*.jpg"))
    assert len(made) == 5
    for path in made:
        assert (tmp_path / "part" / path).read_bytes() == (whole / path).read_bytes()
