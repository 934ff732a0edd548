"""Nights of a state whose colleges each deliver in a shape of their own.

Six colleges speak the dialects of their systems, four send generic files in four
encodings and formats; one comes by SFTP, one by S3, one in signed OpenPGP packages.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest
import yaml
from sweeps import sweep
from warehouse import Warehouse, differing_totals

sys.path.insert(0, str(Path(__file__).parent.parent / "delivery"))

from college_keys import Keys
from real_servers import ObjectStore, SshServer

pytestmark = pytest.mark.night

DIALECTS = {
    "INGRAM": {"banner"},
    "REID": {"banner", "nsc_studenttracker"},
    "DRAKE": {"colleague"},
    "MMI": {"colleague", "open_badges"},
    "CACC": {"fixed"},
    "WCCS": {"pesc", "open_badges"},
}
BY_SFTP, BY_S3, BY_OPENPGP = "CVCC", "GSCC", "REID"


@pytest.fixture(scope="module", params=[1, pytest.param(2, marks=sweep)])
def nights(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory, nights: int) -> Iterator[Warehouse]:
    root = tmp_path_factory.mktemp("dialects")
    secrets = root / "secrets"
    secrets.mkdir(mode=0o700)
    warehouse = Warehouse(
        root, {"LRW_CONTRACTS": str(root / "contracts"), "LRW_SECRETS": str(secrets)}
    )
    Warehouse(root).lrw(
        *("sample", "--system", "accs", "--learners", "400"),
        *("--nights", str(nights), "--seed", "23"),
        *("--shapes", "mixed", "--out", str(root)),
    )
    warehouse.lrw("keys", "new", "--system", "accs")
    with (
        SshServer(tmp_path_factory.mktemp("sshd")) as ssh,
        ObjectStore(tmp_path_factory.mktemp("s3")) as store,
        Keys() as keys,
    ):
        _by_sftp(root, secrets, ssh)
        _by_s3(root, secrets, store)
        _by_openpgp(root, warehouse, keys, tmp_path_factory.mktemp("zone"))
        warehouse.lrw("night", "--each")
        yield warehouse


def _profile(root: Path, code: str, delivery: dict[str, object]) -> None:
    path = root / "contracts" / "colleges" / f"{code}.yaml"
    profile = yaml.safe_load(path.read_text()) | {"delivery": delivery}
    path.write_text(yaml.safe_dump(profile, sort_keys=False))


def _by_sftp(root: Path, secrets: Path, ssh: SshServer) -> None:
    zone = ssh.root / BY_SFTP
    shutil.move(root / "inbox" / BY_SFTP, zone)
    key = secrets / "sftp-key"
    key.write_bytes(ssh.user_key)
    key.chmod(0o600)
    _profile(root, BY_SFTP, ssh.profile(zone, remove_after_storing=True))


def _by_s3(root: Path, secrets: Path, store: ObjectStore) -> None:
    mailbox = root / "inbox" / BY_S3
    client = store.client()
    # The manifest comes last, as the delivery rules say.
    files = sorted(mailbox.glob("*/*"), key=lambda file: file.name == "manifest.json")
    for file in files:
        client.put(f"{BY_S3}/{file.relative_to(mailbox)}", file.read_bytes())
    shutil.rmtree(mailbox)
    keys = secrets / "s3-keys"
    access = {"access_key_id": store.ACCESS, "secret_access_key": store.SECRET}
    keys.write_text(json.dumps(access))
    keys.chmod(0o600)
    _profile(root, BY_S3, store.profile(f"{BY_S3}/"))


def _by_openpgp(root: Path, warehouse: Warehouse, keys: Keys, zone: Path) -> None:
    mailbox = root / "inbox" / BY_OPENPGP
    for package in sorted(mailbox.iterdir()):
        archive = zone / f"{package.name}.zip"
        with ZipFile(archive, "w") as content:
            for file in package.iterdir():
                content.write(file, file.name)
        keys.seal(archive, zone / f"{package.name}.zip.pgp", keys.college)
        archive.unlink()
    shutil.rmtree(mailbox)
    keys.fill(warehouse.root / "keys" / "openpgp")
    _profile(
        root,
        BY_OPENPGP,
        {
            "kind": "folder",
            "path": str(zone),
            "signing_keys": [keys.college],
            "require_signature": True,
            "settled_after": 0,
        },
    )


def test_every_package_of_every_shape_is_accepted(state: Warehouse) -> None:
    ledger = state.ledger()
    refused = ledger.filter(pl.col("verdict") != "accepted")
    assert refused.select("institution_code", "verdict", "findings").to_dicts() == []
    assert ledger["institution_code"].n_unique() == 25


def test_packages_of_all_shapes_are_judged_in_one_wave_a_night(
    state: Warehouse, nights: int
) -> None:
    assert state.ledger()["wave_id"].n_unique() == nights


def test_totals_of_all_colleges_equal_the_truth(state: Warehouse) -> None:
    assert differing_totals(state) == []


def test_six_colleges_were_read_from_the_tables_of_their_systems(
    state: Warehouse,
) -> None:
    sources = state.ledger().explode("sources").drop_nulls("sources")
    tables = sources.select("institution_code", pl.col("sources")).unnest("sources")
    assert set(tables["institution_code"]) == DIALECTS.keys()
    accounted = (
        pl.col("used")
        + pl.col("set_aside").list.eval(pl.element().struct.field("count")).list.sum()
        + pl.col("unreadable")
    )
    assert tables.filter(accounted != pl.col("rows_read")).is_empty()
    assert tables["set_aside"].list.len().sum() > 5


def test_one_came_by_sftp_and_its_drop_zone_is_empty(
    state: Warehouse, nights: int
) -> None:
    zone = yaml.safe_load(
        (state.root / "contracts" / "colleges" / f"{BY_SFTP}.yaml").read_text()
    )["delivery"]["folder"]
    assert list(Path(zone).rglob("*.csv")) + list(Path(zone).rglob("*.parquet")) == []
    landed = state.ledger().filter(pl.col("institution_code") == BY_SFTP)
    assert landed.height == nights


def test_nobody_linked_people_that_the_truth_keeps_apart(state: Warehouse) -> None:
    linked = state.truth("person").join(
        state.links(), on=["institution_code", "student_id"], how="left"
    )
    assert linked["learner_id"].null_count() == 0
    mixed = linked.group_by("learner_id").agg(pl.col("true_learner").n_unique())
    assert mixed["true_learner"].max() == 1
