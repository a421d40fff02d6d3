"""The wheel holds every package and data file, and nothing that would collide in site-packages."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_wheel_is_complete_and_keeps_to_its_own_folder(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    copy = tmp_path / "tree"
    # the build writes beside its sources; those of the checkout stay clean
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        if name.startswith(("autofas/", "baselines/", "search_spaces/")) or "/" not in name:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([*command, "-w", str(tmp_path), str(copy)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    outside = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert outside == {"autofas"}
    expected = {
        str(Path("autofas") / path.relative_to(ROOT)) if folder != "autofas" else str(path.relative_to(ROOT))
        for folder in ("autofas", "baselines", "search_spaces")
        for path in (copy / folder).rglob("*")
        for path in [ROOT / path.relative_to(copy)]
        if path.suffix in (".py", ".yaml", ".typed", ".onnx", ".css", ".js")
    }
    assert expected <= names, sorted(expected - names)
