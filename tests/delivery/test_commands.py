"""``lrw collect`` and ``lrw keys import`` as an operator types them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from college_keys import Keys
from drop_world import DAY, package

from pipelines.settings import DATA_CONTRACTS

LRW = [sys.executable, "-c", "from pipelines.cli import main; main()"]


@pytest.fixture
def site(tmp_path: Path) -> dict[str, str]:
    """A home, and contracts in which one college has a drop zone and one a dead one."""
    contracts, zone = tmp_path / "contracts", tmp_path / "zone"
    shutil.copytree(DATA_CONTRACTS, contracts)
    zone.mkdir()
    package(zone)
    for code, path in (("CACC", zone), ("CVCC", tmp_path / "gone")):
        file = contracts / "colleges" / f"{code}.yaml"
        words = yaml.safe_load(file.read_text())
        words["delivery"] = {"kind": "folder", "path": str(path)}
        file.write_text(yaml.safe_dump(words))
    return {"LRW_HOME": str(tmp_path / "home"), "LRW_CONTRACTS": str(contracts)}


def lrw(site: dict[str, str], *args: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **site}
    return subprocess.run(
        [*LRW, *args], env=environment, capture_output=True, text=True, check=False
    )


def test_collect_says_one_line_a_delivery_and_fails_where_a_zone_did(
    site: dict[str, str],
) -> None:
    done = lrw(site, "collect", "--format", "json")
    assert done.returncode == 1
    events = json.loads(done.stdout)
    assert [(e["institution_code"], e["delivery"], e["outcome"]) for e in events] == [
        ("CACC", DAY, "taken"),
        ("CVCC", "", "failed"),
    ]
    assert done.stderr.strip() == "lrw: Not everything could be collected: CVCC."
    again = lrw(site, "collect", "CACC")
    assert (again.returncode, again.stdout.strip()) == (
        0,
        "Nothing waits in any drop zone.",
    )
    wrong = lrw(site, "collect", "NOPE")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


def test_keys_are_imported_and_shown_with_their_owner(
    keys: Keys, site: dict[str, str]
) -> None:
    file = Path(site["LRW_CONTRACTS"]) / "colleges" / "DRAKE.yaml"
    words = yaml.safe_load(file.read_text())
    words["delivery"] = {"signing_keys": [keys.college]}
    file.write_text(yaml.safe_dump(words))
    # gpg-agent's socket needs a short path.
    site["LRW_HOME"] = str(keys.root / "home")
    public = keys.root / "college.asc"
    both = (keys.college, keys.neighbour)
    public.write_bytes(keys.gpg("--armor", "--export", *both))
    shown = lrw(site, "keys", "import", str(public))
    assert shown.returncode == 0, shown.stderr
    lines = {line.split()[0]: line for line in shown.stdout.splitlines()}
    assert "signs: DRAKE" in lines[keys.college]
    assert "in no college's profile" in lines[keys.neighbour]
    ring = Path(site["LRW_HOME"]) / "keys" / "openpgp"
    assert ring.stat().st_mode & 0o077 == 0
    public.write_text("nothing")
    bad = lrw(site, "keys", "import", str(public))
    assert (bad.returncode, bad.stderr.count("\n")) == (1, 1)
    stop = ["gpgconf", "--homedir", str(ring), "--kill", "all"]
    subprocess.run(stop, check=False)
