"""A batch alone: its length, and that a step which takes one needs no tables."""

import subprocess
import sys

import torch

from autofas.data.batches.batch import Batch


def test_its_length_is_the_number_of_rows():
    images = {"color": torch.zeros(3, 3, 8, 8), "depth": torch.zeros(3, 3, 8, 8)}
    assert len(Batch(images, {"label": torch.zeros(3)}, torch.tensor([7, 2, 5]))) == 3


def test_it_comes_without_tables_and_pictures():
    code = "import sys, autofas.data.batches.batch; print({'pandas', 'PIL'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"
