"""Every kind of file that autofas reads, spoiled in a copy of the good project, and a command to read it."""

from tests.campaigns.faults.spoil.common import Hostile
from tests.campaigns.faults.spoil.data import image, manifest
from tests.campaigns.faults.spoil.results import figures_and_record, scores
from tests.campaigns.faults.spoil.saved import checkpoint, run_folder, torch_file, weights
from tests.campaigns.faults.spoil.settings import config, genotype, init_map, space

KINDS: dict[str, Hostile] = {
    "config": config,
    "genotype": genotype,
    "space": space,
    "init map": init_map,
    "manifest": manifest,
    "scores": scores,
    "figures and record": figures_and_record,
    "run folder": run_folder,
    "checkpoint": checkpoint,
    "weights": weights,
    "torch file": torch_file,
    "image": image,
}
