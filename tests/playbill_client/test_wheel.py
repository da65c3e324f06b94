"""The client as an app gets it: out of Playbill's wheel, whole, and on its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("flows", "pipelines", "playbill_client", "serving", "warehouse")


@pytest.mark.slow
def test_the_wheel_has_the_client_and_it_works_alone(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("data", "__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    subprocess.run([*build, str(source)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("playbill-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        ours = [name for name in archive.namelist() if name.startswith("playbill_client/")]
        archive.extractall(tmp_path / "alone", ours)
    kept = {str(path.relative_to(ROOT)) for path in (ROOT / "playbill_client").rglob("*") if path.is_file()}
    assert set(ours) == {name for name in kept if "__pycache__" not in name}
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'alone')!r}); import playbill_client\n"
        "print(playbill_client.__file__)\n"
        "try:\n    playbill_client.PlaybillClient('http://127.0.0.1:9').health()\n"
        "except playbill_client.PlaybillUnreachableError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    place, message = done.stdout.splitlines()
    assert place.startswith(str(tmp_path))
    assert "cannot be reached" in message
