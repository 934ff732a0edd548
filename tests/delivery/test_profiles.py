"""What a profile may say about delivery, and every mistake said at once."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.contracts.delivery import (
    INBOX,
    FolderDelivery,
    S3Delivery,
    SftpDelivery,
    read_delivery,
)
from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import ContractError
from pipelines.settings import DATA_CONTRACTS

KEY = "0123456789ABCDEF0123456789ABCDEF01234567"
SFTP = {
    "kind": "sftp",
    "host": "files.college.example",
    "user": "records",
    "host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",
    "key": "CACC.key",
}
S3 = {
    "kind": "s3",
    "endpoint": "https://store.college.example",
    "bucket": "dropzone",
    "credentials": "CACC.s3",
}


def test_nothing_said_is_the_local_inbox() -> None:
    assert read_delivery(None) == INBOX
    assert read_delivery({}) == INBOX
    assert load_contracts().colleges["CACC"].delivery == INBOX


def test_each_kind_has_its_own_words() -> None:
    assert isinstance(read_delivery({"kind": "folder", "path": "/m"}), FolderDelivery)
    sftp = read_delivery(SFTP)
    assert isinstance(sftp, SftpDelivery)
    assert sftp.port == 22
    assert isinstance(read_delivery({**S3, "prefix": "CACC"}), S3Delivery)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"kind": "ftp"}, "delivery"),
        ({"kind": "folder", "path": "relative"}, "delivery.folder.path"),
        ({"kind": "inbox", "remove_after_storing": True}, "remove_after_storing"),
        ({**SFTP, "host_key": "anything"}, "delivery.sftp.host_key"),
        ({**SFTP, "key": "../key"}, "delivery.sftp.key"),
        ({**SFTP, "password": "x"}, "delivery.sftp.password"),
        ({**SFTP, "port": "22"}, "delivery.sftp.port"),
        ({**S3, "endpoint": "file:///etc"}, "delivery.s3.endpoint"),
        ({**S3, "bucket": "../x"}, "delivery.s3.bucket"),
        ({**S3, "prefix": "/x"}, "delivery.s3.prefix"),
        ({**S3, "secret_access_key": "x"}, "delivery.s3.secret_access_key"),
        ({"signing_keys": ["DEADBEEF"]}, "signing_keys"),
        ({"require_signature": True}, "require_signature needs signing_keys"),
        ({"archive": "rar"}, "archive"),
        (["folder"], "delivery"),
    ],
)
def test_a_mistake_is_named_by_its_place(item: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_delivery(item)


def test_who_signs_must_sign_unless_the_profile_says_otherwise() -> None:
    said = {None: (True, True), True: (False, True), False: (True, False)}
    for require, (plain, sealed) in said.items():
        keys = [KEY] if require else []
        words = {} if require is None else {"require_signature": require}
        found = read_delivery({"signing_keys": keys, **words})
        assert (found.plain_is_enough, found.sealed_needs_signature) == (plain, sealed)
    assert not read_delivery({"signing_keys": [KEY]}).plain_is_enough


def test_a_mistake_in_a_college_s_file_and_a_shared_key_stop_the_contracts(
    tmp_path: Path,
) -> None:
    root = tmp_path / "contracts"
    shutil.copytree(DATA_CONTRACTS, root)
    for code in ("CACC", "CVCC"):
        path = root / "colleges" / f"{code}.yaml"
        words = yaml.safe_load(path.read_text())
        spaced = " ".join(KEY[i : i + 4] for i in range(0, 40, 4)).lower()
        words["delivery"] = {"signing_keys": [spaced]}
        path.write_text(yaml.safe_dump(words))
    path = root / "colleges" / "DRAKE.yaml"
    words = yaml.safe_load(path.read_text())
    words["delivery"] = {"kind": "folder"}
    path.write_text(yaml.safe_dump(words))
    with pytest.raises(ContractError) as error:
        load_contracts(root)
    assert "colleges/DRAKE.yaml: delivery.folder.path" in str(error.value)
    assert f"signing key {KEY} belongs to 2 senders" in str(error.value)
