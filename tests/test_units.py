"""The units for systemd: what its own tool says of them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs("systemd-analyze")
UNITS = Path(__file__).parent.parent / "systemd"
MOST = 1.5


def analyze(*words: str | Path) -> str:
    """Run systemd-analyze and return all that it says."""
    done = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_the_service_is_exposed_to_little() -> None:
    """systemd counts at most 1.5 of 10; services without any protection stand at 9.6."""
    said = analyze("security", "--offline=true", UNITS / "bccd.service")
    (level,) = re.findall(r"exposure level for bccd\.service: ([0-9.]+)", said)
    assert float(level) <= MOST


def test_the_service_has_no_capability() -> None:
    """Neither its bounding set nor its ambient set holds any, so that ports below 1024 are systemd's."""
    lines = (UNITS / "bccd.service").read_text(encoding="utf-8").splitlines()
    assert {line for line in lines if "Capabilit" in line and line[0] != "#"} == {
        "CapabilityBoundingSet=",
        "AmbientCapabilities=",
    }


def test_the_units_have_no_mistake(tmp_path: Path) -> None:
    """systemd knows every option in them and takes every value."""
    for name in ("bccd.service", "bccd.socket"):
        text = (UNITS / name).read_text(encoding="utf-8")
        # It also looks whether the program is installed.
        (tmp_path / name).write_text(text.replace("/opt/bccd/venv/bin/bccd", str(shutil.which("true"))))
    assert analyze("verify", "--man=no", *sorted(tmp_path.iterdir())) == ""


def test_the_units_of_the_howto_have_no_mistake(tmp_path: Path) -> None:
    """Sockets to copy and options to add, as docs/howto/service.md has them, beside the service."""
    page = (UNITS.parent / "docs/howto/service.md").read_text(encoding="utf-8")
    found = dict(re.findall(r"```ini\n# ([^\n]*)\n(.*?)```", page, re.DOTALL))
    assert len(found) >= 3 and len(found) == page.count("```ini")
    service = (UNITS / "bccd.service").read_text(encoding="utf-8")
    (tmp_path / "bccd.service").write_text(
        service.replace("/opt/bccd/venv/bin/bccd", str(shutil.which("true")))
    )
    sockets = []
    for name, text in found.items():
        if name == "systemctl edit bccd":
            path = tmp_path / "bccd.service.d" / "override.conf"
            path.parent.mkdir()
        else:
            path = tmp_path / name.removeprefix("/etc/systemd/system/")
            sockets.append(path)
        path.write_text(text)
    assert analyze("verify", "--man=no", tmp_path / "bccd.service", *sockets) == ""
    (tmp_path / "bccd.service.d" / "override.conf").write_text("[Service]\nLoadCredentail=x:/y\n")
    assert "LoadCredentail" in analyze("verify", "--man=no", tmp_path / "bccd.service")  # it is read
