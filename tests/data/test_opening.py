"""Every data set by every name, through the command line: inspected, searched, trained on and evaluated.

The folders are full-size skeletons of the published sets, a frame a video; a network is as small as it gets.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autofas.cli import main
from autofas.data import opening
from autofas.data.batches import crop_jobs
from autofas.data.catalog import ENTRIES
from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers.reading import Reading
from tests.data import skeletons
from tests.data.data_files import COLUMNS, picture, write_rows

pytest.importorskip("av")


def pictured(root: Path, sources: Path) -> Path:
    """A set that is read through the manifest.csv in its folder: two cameras, three modalities."""
    root.mkdir()
    rows: list[list[object]] = []
    for device in ("sr300", "dcam710"):
        for subject in range(10):
            split = "test" if subject > 7 else "dev" if subject > 5 else "train"
            for number, pai in enumerate((BONA_FIDE, "color_print", "mask")):
                name = f"{device}_{subject}_{pai}"
                for modality in ("color", "depth", "ir"):
                    picture(3 * subject + number, (24, 24)).save(root / f"{name}_{modality}.png")
                paths = [f"{name}_depth.png", f"{name}_ir.png"]
                rows.append([f"{name}_color.png", pai, str(subject), "1", name, 0, split, device, *paths])
    write_rows(root / "manifest.csv", [*COLUMNS, "device", "depth", "ir"], rows)
    return root


MAKERS: dict[str, Callable[[Path, Path], Path]] = {
    "oulu": skeletons.oulu,
    "replay-attack": skeletons.replay_attack,
    "casia-mfsd": skeletons.casia_mfsd,
    "casia-surf": skeletons.surf_release,
    "great-fasd-s": pictured,
    "mmfd": pictured,
    "nuaa": skeletons.nuaa,
    "msu-mfsd": skeletons.msu_mfsd,
    "siw": skeletons.siw,
    "celeba-spoof": skeletons.celeba_spoof,
}


FOLDED = {
    "oulu": "3",
    "great-fasd-s": "cross-device",
    "mmfd": "leave-subjects-out:2",
    "casia-mfsd": "leave-subjects-out:2",
    "siw": "siw-2",
}
"""A protocol with folds for sets that have one, or two groups of subjects."""


ONE_FRAME = ("oulu", "replay-attack", "casia-mfsd", "casia-surf", "msu-mfsd", "siw")


TINY = ["--space", "small", "--epochs", "1", "--set", "warmup_epochs=0", "--set", "input_size=16"]


ALIASES = [(alias, name) for name, entry in ENTRIES.items() for alias in entry.aliases]


QUIET = ["--threads", "1", "--quiet", "--json"]


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    # names in memory where that can be: some disks take a minute to forget twenty thousand
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module", autouse=True)
def folders_read_once() -> Iterator[None]:
    """A folder that does not change is read once, not once a command, and a file decoded once, not once a
    name: readers and decoders have tests of their own."""
    patch = pytest.MonkeyPatch()
    for entry in ENTRIES.values():
        if entry.reader is not None:
            reader = entry.load()
            patch.setattr(reader, "read", remembered(reader.read))
    patch.setattr(crop_jobs, "decode_frames", each_file_once(crop_jobs.decode_frames))
    patch.setattr(crop_jobs, "decode_image", each_file_once(crop_jobs.decode_image))
    yield
    patch.undo()


def each_file_once(decode: Callable[..., Any]) -> Callable[..., Any]:
    """A decoder that knows a file by another of its names: a skeleton's thousands are links to a few."""
    known: dict[tuple[object, ...], Any] = {}

    def once(path: Path, wanted: Sequence[int] = ()) -> Any:
        status = os.stat(path)
        key = (status.st_dev, status.st_ino, status.st_mtime_ns, *wanted)
        if key not in known:
            found = decode(path, wanted) if wanted else decode(path)
            known[key] = list(found) if wanted else found
        return (frame for frame in known[key]) if wanted else known[key]

    return once


def remembered(read: Callable[..., Reading]) -> Callable[..., Reading]:
    """A reader that knows what it has read of a folder with so many frames a video."""
    known: dict[tuple[str, ...], Reading] = {}

    def once(root: str | Path, *frames: int) -> Reading:
        key = (str(root), *map(str, frames))
        if key not in known:
            known[key] = read(root, *frames)
        found = known[key]
        return replace(found, manifest=replace(found.manifest, table=found.manifest.table.copy()))

    return once


@pytest.fixture
def spoken(capsys):
    """The values that a command prints as its last line; fails with what it says instead."""

    def say(*words: str):
        code = main(list(words))
        out, err = capsys.readouterr()
        assert code == 0, f"autofas {' '.join(words)}: {err}"
        return json.loads(out.strip().splitlines()[-1])

    return say


def folder_of(place: Path, name: str) -> Path:
    root = place / name
    if not root.exists():
        (place / f"{name}-sources").mkdir()
        MAKERS[name](root, place / f"{name}-sources")
    return root


def words_for(place: Path, name: str, asked: str = "") -> list[str]:
    words = ["--dataset", asked or name]
    if name in MAKERS:
        words += ["--data-root", str(folder_of(place, name))]
    return [*words, "--frames-per-video", "1"] if name in ONE_FRAME else words


def test_every_published_set_has_a_skeleton():
    assert set(MAKERS) == set(ENTRIES) - {"synthetic"}


@pytest.mark.parametrize("name", MAKERS)
def test_a_set_is_inspected_searched_trained_on_and_evaluated_by_its_name(spoken, place, tmp_path, name):
    data, runs = words_for(place, name), ["--runs-dir", str(tmp_path)]
    if name == "great-fasd-s":  # cameras are its folds
        data += ["--protocol", "cross-device", "--fold", "2"]
    seen = spoken("inspect", *data, "--names-only", *QUIET[2:])
    assert seen["dataset"] == name
    assert {row["split"] for row in seen["counts"]} == {"train", "dev", "test"}
    batch = "8" if MAKERS[name] is pictured else "256"
    searched = spoken("search", *data, *TINY, "--set", f"batch_size={batch}", *runs, *QUIET)
    trained = spoken(
        "train", "--genotype", searched["genotype"], "--epochs", "1", "--input-size", "16",
        "--batch-size", "256", *data, *runs, *QUIET,
    )  # fmt: skip
    judged = spoken("evaluate", "--run", trained["run"], *QUIET)
    assert judged["dataset"] == name
    asked = data[data.index("--protocol") + 1] if "--protocol" in data else ENTRIES[name].default_protocol
    assert judged["protocol"] == str(asked or "none")


@pytest.mark.parametrize("name", FOLDED)
def test_a_protocol_with_folds_runs_them_all_or_the_one_that_is_named(spoken, place, tmp_path, name):
    data, runs = [*words_for(place, name), "--protocol", FOLDED[name]], ["--runs-dir", str(tmp_path)]
    random = ["--space", "small", "--strategy", "random", "--set", "input_size=16"]
    alone = spoken("search", *data, "--fold", "2", *random, *runs, *QUIET)
    assert alone["fold"] == 2
    every = spoken("search", *data, *random, *runs, *QUIET)["folds"]
    assert [run["fold"] for run in every] == list(range(1, {"oulu": 6, "siw": 4}.get(name, 2) + 1))
    trained = spoken(
        "train", "--genotype", alone["genotype"], "--epochs", "1", "--input-size", "16",
        "--batch-size", "256", *data, "--fold", "2", *runs, *QUIET,
    )  # fmt: skip
    assert spoken("evaluate", "--run", trained["run"], *QUIET)["fold"] == 2


@pytest.mark.parametrize(("alias", "name"), [*ALIASES, ("CASIA_FASD", "casia-mfsd")])
def test_an_alias_means_the_set_with_its_own_protocol(spoken, place, tmp_path, alias, name):
    data = words_for(place, name, alias)
    assert spoken("inspect", *data, "--names-only", "--json")["dataset"] == name
    random = ["--space", "small", "--strategy", "random", "--set", "input_size=16"]
    searched = spoken("search", *data, *random, "--runs-dir", str(tmp_path), *QUIET)
    genotype = json.loads(Path(searched["genotype"]).read_text())
    assert genotype["provenance"]["protocol"] == str(ENTRIES[name].default_protocol)
    trained = spoken(
        "train", "--genotype", searched["genotype"], "--epochs", "1", "--input-size", "16",
        "--batch-size", "256", *data, "--runs-dir", str(tmp_path), *QUIET,
    )  # fmt: skip
    judged = spoken("evaluate", "--run", trained["run"], *QUIET)
    assert (judged["dataset"], judged["protocol"]) == (name, str(ENTRIES[name].default_protocol))


def test_a_run_is_judged_across_sets(spoken, place, tmp_path):
    trained = spoken(
        "train", "--baseline", "feathernet_a", "--modality", "color", "--epochs", "1",
        "--input-size", "32", "--batch-size", "256", *words_for(place, "casia-mfsd"),
        "--runs-dir", str(tmp_path), *QUIET,
    )  # fmt: skip
    root = folder_of(place, "replay-attack")
    crossed = spoken(
        "evaluate", "--run", trained["run"], "--cross", "replay", "--cross-root", str(root), *QUIET
    )["cross"][0]
    assert (crossed["trained_on"], crossed["dataset"], crossed["protocol"]) == (
        "casia-mfsd", "replay-attack", "grandtest",
    )  # fmt: skip


def test_a_protocol_that_does_not_exist_is_refused_before_faces_are_generated(capsys, monkeypatch):
    def opened(*_, **__):
        raise AssertionError("the data set was opened")

    monkeypatch.setattr(opening, "open_manifest", opened)
    for verb in (["search"], ["train", "--baseline", "feathernet_b"], ["inspect"]):
        assert main([*verb, "--dataset", "synthetic", "--protocol", "5"]) == 2
        assert "OULU protocol 5 does not exist; choose 1, 2, 3 or 4" in capsys.readouterr().err
