"""What a GPU needs of the search step, checked on a device that knows shapes and devices alone."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_step_reads_a_number_or_copies_one_from_the_processor():
    done = subprocess.run(
        [sys.executable, "-m", "tests.fake_gpu"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    ended = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    # the device does refuse what would hold a GPU up
    assert "_local_scalar_dense" in ended.pop("reading a number")
    assert "aten::empty_strided" in ended.pop("an index that is a list")
    assert "device" in ended.pop("two devices")
    assert len(ended) == 5
    assert set(ended.values()) == {"done"}, ended
