"""The issuer's key in a PKCS#11 token: SoftHSM's, made by each test."""

import json
import logging
import shlex
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pkcs11
import pytest
import record_factory as factory
from hypothesis import given
from hypothesis import strategies as st
from lrw_calls import Lrw
from pkcs11 import Attribute, KeyType, ObjectClass, TokenFlag
from soft_token import LABEL, MODULE, PIN, SoftToken, uri

from pipelines.contracts.load import load_contracts
from pipelines.errors import OperatorError
from pipelines.publishing import keys, reader, records, tokens
from pipelines.publishing.key_uri import KeyUri
from pipelines.publishing.publish import PublishResult, publish
from pipelines.publishing.verify import verify_snapshot
from pipelines.settings import Home

ID = factory.learner_id
DID = load_contracts().systems["ACCS"].did
ED448 = "06032b6571"
RUNBOOK = Path(__file__).parents[3] / "docs" / "runbooks" / "signing-keys.md"


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftToken]:
    yield SoftToken(tmp_path / "softhsm", monkeypatch)
    tokens._sessions.clear()
    pkcs11.lib(MODULE).finalize()


@pytest.fixture
def lrw(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, warehouse: Home
) -> Lrw:
    monkeypatch.setenv("LRW_HOME", str(warehouse.root))
    monkeypatch.setenv("LRW_SECRETS", str(warehouse.root / "secrets"))
    return Lrw(capfd, monkeypatch)


@pytest.fixture
def night(warehouse: Home, build: Callable[..., None]) -> Callable[..., PublishResult]:
    """Publish records of these learners, issued by the ACCS, and verify all of it."""

    def run(*learners: int, grade: str = "B") -> PublishResult:
        documents = [factory.record(number, courses=1) for number in learners]
        for one in documents:
            course = one["credentialSubject"]["verifiableCredential"][0]
            course["credentialSubject"]["result"][0]["value"] = grade
        text = orjson.dumps(documents).replace(factory.DID.encode(), DID.encode())
        build(orjson.loads(text))
        result = publish(warehouse, None)
        assert verify_snapshot(warehouse, records=None).ok
        return result

    return run


def new(lrw: Lrw, key: str = "first", *more: str) -> None:
    said = lrw("keys", "new", "--pkcs11", uri(key), "--module", MODULE, *more)
    assert said.code == 0, said.err


def rotate(lrw: Lrw, *words: str) -> None:
    said = lrw("keys", "rotate", *words)
    assert said.code == 0, said.err


def in_force(home: Home) -> keys.IssuerKey:
    return keys.load_key(home.keys, DID)


def signers(home: Home, learner: int) -> set[str]:
    record = orjson.loads(reader.record(home, ID(learner)))
    signed = [record, *record["credentialSubject"]["verifiableCredential"]]
    return {one["proof"][0]["verificationMethod"].partition("#")[2] for one in signed}


def did_document(home: Home) -> dict[str, Any]:
    text = (reader.resolve(home).path / "public" / "did.json").read_bytes()
    return orjson.loads(text)


def test_a_night_is_signed_in_the_token_and_verifies_without_it(
    token, lrw, night, warehouse
):
    new(lrw)
    result = night(1, 2, 3)
    assert result.signed == 3
    key = in_force(warehouse)
    assert {signers(warehouse, number).pop() for number in (1, 2, 3)} == {key.public}
    token.lose()
    token.restart()
    assert verify_snapshot(warehouse, records=None).ok
    public = keys.published_keys(did_document(warehouse))
    assert list(public) == [key.method]


def test_the_token_signs_what_the_published_key_verifies(token, lrw, warehouse):
    new(lrw)
    key = in_force(warehouse)
    for data in (b"", b"x" * 64, bytes(range(256)) * 40):
        signature = key.private.sign(data)
        assert len(signature) == 64
        keys.published_keys(key.document())[key.method].verify(signature, data)
        # RFC 8032 signatures are a function of key and data: what is equal stays so.
        assert key.private.sign(data) == signature


def test_processes_sign_with_sessions_of_their_own(
    token, lrw, night, warehouse, monkeypatch
):
    monkeypatch.setattr(records, "_ALONE", 1)
    monkeypatch.setattr(records, "_LEARNERS_A_BATCH", 2)
    monkeypatch.setenv("LRW_WORKERS", "2")
    new(lrw)
    assert night(*range(12)).signed == 12
    public = in_force(warehouse).public
    assert all(signers(warehouse, number) == {public} for number in range(12))


def test_the_private_key_cannot_leave_the_token(token, lrw, warehouse):
    new(lrw)
    with token.session() as session:
        key = session.get_key(object_class=ObjectClass.PRIVATE_KEY, label="first")
        assert key[Attribute.ALWAYS_SENSITIVE]
        assert key[Attribute.NEVER_EXTRACTABLE]
        with pytest.raises(pkcs11.exceptions.AttributeSensitive):
            key[Attribute.VALUE]
        wrapping = session.generate_key(
            KeyType.AES, 256, capabilities=pkcs11.MechanismFlag.WRAP
        )
        with pytest.raises(pkcs11.exceptions.PKCS11Error):
            wrapping.wrap_key(key)
        with pytest.raises(pkcs11.exceptions.PKCS11Error):
            key[Attribute.EXTRACTABLE] = True


def test_the_key_file_says_where_the_key_is_and_no_more(token, lrw, warehouse):
    new(lrw)
    key = in_force(warehouse)
    body = json.loads(key.path.read_text())
    assert body.keys() == {
        "did", "publicKeyMultibase", "token", "fingerprint", "created", "retired"
    }  # fmt: skip
    assert body["token"] == f"{uri('first')}?module-path={MODULE}"
    assert stat.S_IMODE(key.path.stat().st_mode) == 0o600


def test_the_pin_is_in_no_file_and_no_output(
    token, lrw, night, warehouse, tmp_path, caplog
):
    caplog.set_level(logging.DEBUG)
    new(lrw)
    night(1)
    rotate(lrw, "--pkcs11", uri("second"), "--module", MODULE)
    night(1, 2)
    said = lrw("keys", "new", "--pkcs11", uri("third"), "--module", MODULE)
    for path in tmp_path.rglob("*"):
        # SoftHSM's own store has it hashed.
        if path.is_file():
            assert PIN.encode() not in path.read_bytes(), path
    assert PIN not in said.out + said.err + caplog.text + repr(in_force(warehouse))


def test_keys_go_from_file_to_token_to_token_to_file(token, lrw, night, warehouse):
    assert lrw("keys", "new").code == 0
    night(1, 2)
    seen = [in_force(warehouse).public]
    steps = (
        ("--pkcs11", uri("first"), "--module", MODULE),
        ("--pkcs11", uri("second"), "--module", MODULE),
        ("--file",),
    )
    for grade, words in zip("CDF", steps, strict=True):
        rotate(lrw, *words)
        seen.insert(0, in_force(warehouse).public)
        # A rotation signs nothing anew; what changes is signed by the new key.
        result = night(1, 2, grade=grade)
        assert result.signed == 2
        assert signers(warehouse, 1) == {seen[0]}
        listed = did_document(warehouse)["assertionMethod"]
        assert listed == [f"{DID}#{one}" for one in seen]
    assert in_force(warehouse).where is None
    assert len(set(seen)) == 4


def test_a_rotation_to_a_token_signs_nothing_anew(token, lrw, night):
    assert lrw("keys", "new").code == 0
    night(1, 2)
    rotate(lrw, "--pkcs11", uri("first"), "--module", MODULE)
    assert (night(1, 2).signed, night(1, 2).published) == (0, False)


def test_what_a_stolen_file_key_signed_is_signed_anew_in_the_token(
    token, lrw, night, warehouse
):
    assert lrw("keys", "new").code == 0
    night(1, 2)
    stolen = in_force(warehouse).public
    rotate(lrw, "--pkcs11", uri("first"), "--module", MODULE)
    assert lrw("keys", "retire", stolen).code == 0
    assert night(1, 2).signed == 2
    assert signers(warehouse, 2) == {in_force(warehouse).public}


def test_public_keys_are_written_without_token_and_pin(
    token, lrw, warehouse, tmp_path, monkeypatch
):
    new(lrw)
    token.lose()
    token.restart()
    monkeypatch.delenv("LRW_PKCS11_PIN")
    assert lrw("keys", "publish", "--out", str(tmp_path / "www")).code == 0
    listed = json.loads((tmp_path / "www" / "jwks.json").read_text())["keys"]
    assert [one["kid"] for one in listed] == [in_force(warehouse).method]
    # A lost token is left for a file: its PIN is not asked for either.
    rotate(lrw, "--file")


def test_the_pin_can_be_a_secret_file(token, lrw, night, warehouse, monkeypatch):
    new(lrw)
    monkeypatch.delenv("LRW_PKCS11_PIN")
    secret = warehouse.root / "secrets" / "pkcs11-pin"
    secret.parent.mkdir(mode=0o700)
    secret.write_text(f"{PIN}\n")
    secret.chmod(0o600)
    token.restart()
    assert night(1).signed == 1
    secret.chmod(0o644)
    token.restart()
    with pytest.raises(OperatorError, match="can be opened by others"):
        night(1, 2)


def test_a_module_elsewhere_on_this_machine_is_named_by_the_environment(
    token, lrw, night, warehouse, monkeypatch
):
    new(lrw)
    path = in_force(warehouse).path
    path.write_text(path.read_text().replace(MODULE, "/elsewhere/module.so"))
    token.restart()
    with pytest.raises(OperatorError, match=r"/elsewhere/module\.so cannot be loaded"):
        night(1)
    monkeypatch.setenv("LRW_PKCS11_MODULE", MODULE)
    assert night(1).signed == 1


def wrong_pin(token: SoftToken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRW_PKCS11_PIN", "wrong-pin")


def no_pin(token: SoftToken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LRW_PKCS11_PIN")


def lost(token: SoftToken, monkeypatch: pytest.MonkeyPatch) -> None:
    token.lose()


def no_module(token: SoftToken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRW_PKCS11_MODULE", "/nowhere/libtoken.so")


def not_a_module(token: SoftToken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRW_PKCS11_MODULE", __file__)


def no_key(token: SoftToken, monkeypatch: pytest.MonkeyPatch) -> None:
    with token.session() as session:
        for one in session.get_objects({Attribute.LABEL: "first"}):
            one.destroy()


def another_key(token: SoftToken, monkeypatch: pytest.MonkeyPatch) -> None:
    no_key(token, monkeypatch)
    token.edwards("first")


def two_keys(token: SoftToken, monkeypatch: pytest.MonkeyPatch) -> None:
    token.edwards("first")


def two_tokens(token: SoftToken, monkeypatch: pytest.MonkeyPatch) -> None:
    token.initialise(LABEL)


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (wrong_pin, f"token {LABEL}: the PIN is wrong"),
        (no_pin, f"no PIN for token {LABEL}: set LRW_PKCS11_PIN, or write the secret"),
        (lost, f"no token {LABEL} at {MODULE}"),
        (no_module, "the PKCS#11 module /nowhere/libtoken.so cannot be loaded"),
        (not_a_module, "cannot be loaded"),
        (no_key, f"token {LABEL} has no private key first"),
        (another_key, "is not the one that the key file names"),
        (two_keys, f"token {LABEL} has 2 private keys first"),
        (two_tokens, f"2 tokens are {LABEL}: add ;serial="),
    ],
)
def test_what_a_night_cannot_sign_with_is_one_line_and_publishes_nothing(
    token, lrw, night, warehouse, build, monkeypatch, happens, says
):
    new(lrw)
    night(1)
    before = warehouse.current.read_bytes()
    happens(token, monkeypatch)
    token.restart()
    with pytest.raises(OperatorError) as caught:
        night(1, 2)
    line = str(caught.value)
    assert says in line
    assert "\n" not in line
    assert PIN not in line
    assert warehouse.current.read_bytes() == before
    assert [path.name for path in warehouse.snapshots.iterdir()] == ["000001"]


def test_a_wrong_pin_is_tried_once_a_night(token, lrw, night, warehouse, monkeypatch):
    """Each process that signs would try it, and three tries lock many a token."""
    new(lrw)
    monkeypatch.setattr(records, "_ALONE", 1)
    monkeypatch.setenv("LRW_WORKERS", "2")
    token.restart()
    tried: list[str] = []

    def wrong(of: str) -> str:
        tried.append(of)
        return "wrong-pin"

    monkeypatch.setattr(tokens, "pkcs11_pin", wrong)
    monkeypatch.setattr(
        records, "SigningPool", lambda *_: pytest.fail("signers were started")
    )
    with pytest.raises(OperatorError, match="the PIN is wrong"):
        night(*range(4))
    assert tried == [LABEL]


def test_a_token_lost_while_it_signs_publishes_nothing(
    token, lrw, night, warehouse, monkeypatch
):
    new(lrw)
    night(1)
    before = warehouse.current.read_bytes()
    sign, signatures = tokens.TokenKey.sign, iter(range(1000))

    def lose_and_sign(key: tokens.TokenKey, data: bytes) -> bytes:
        if next(signatures) == 3:
            token.lose()
        return sign(key, data)

    monkeypatch.setattr(tokens.TokenKey, "sign", lose_and_sign)
    with pytest.raises(OperatorError, match=f"token {LABEL} was lost while signing"):
        night(1, 2)
    assert warehouse.current.read_bytes() == before


def test_a_process_outlives_a_token_that_was_restarted(token, lrw, night, warehouse):
    new(lrw)
    night(1)
    pkcs11.lib(MODULE).reinitialize()  # every session of this process is void
    with pytest.raises(OperatorError, match="it refuses"):
        night(1, 2)
    assert night(1, 2).signed == 1


def test_a_process_that_cannot_sign_says_why(token, lrw, night, warehouse, monkeypatch):
    monkeypatch.setattr(records, "_ALONE", 1)
    monkeypatch.setenv("LRW_WORKERS", "2")
    new(lrw)
    opened = tokens.TokenKey.open

    def open_and_lose(key: tokens.TokenKey) -> None:
        opened(key)
        monkeypatch.setenv("LRW_PKCS11_PIN", "wrong-pin")

    monkeypatch.setattr(tokens.TokenKey, "open", open_and_lose)
    with pytest.raises(OperatorError, match=f"token {LABEL}: the PIN is wrong"):
        night(*range(4))
    assert not warehouse.current.exists()


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (pkcs11.PinLocked, "its PIN is locked"),
        (pkcs11.PinExpired, "its PIN has expired"),
        (pkcs11.UserPinNotInitialized, "it has no PIN yet"),
        (pkcs11.DeviceError, r"it refuses \(DeviceError\)"),
    ],
)
def test_what_softhsm_never_says_is_one_line_too(monkeypatch, refusal, says):
    """SoftHSM counts no wrong PINs, so a stand-in refuses as a real token would."""

    class Refusing:
        flags = TokenFlag.USER_PIN_INITIALIZED
        slot = SimpleNamespace(get_mechanisms=lambda: {pkcs11.Mechanism.EDDSA})

        def open(self, **_: Any) -> None:
            raise refusal

    monkeypatch.setenv("LRW_PKCS11_PIN", PIN)
    monkeypatch.setattr(tokens, "_token", lambda _: Refusing())
    with pytest.raises(OperatorError, match=f"token {LABEL}: {says}"):
        tokens.take_key(KeyUri.parse(uri("first")))


def test_a_locked_pin_is_not_tried(monkeypatch):
    locked = SimpleNamespace(flags=TokenFlag.USER_PIN_LOCKED)
    monkeypatch.setattr(tokens, "_token", lambda _: locked)
    with pytest.raises(OperatorError, match="its PIN is locked"):
        tokens.take_key(KeyUri.parse(uri("first")))


def test_a_key_that_the_token_has_already_can_be_taken(token, lrw, warehouse):
    point = token.edwards("made elsewhere")
    refused = lrw(
        "keys", "new", "--pkcs11", uri("made%20elsewhere"), "--module", MODULE
    )
    assert (refused.code, "--existing" in refused.line) == (1, True)
    assert not keys.key_path(warehouse.keys, DID).exists()
    new(lrw, "made%20elsewhere", "--existing")
    key = in_force(warehouse)
    assert keys.multibase.public_bytes(key.public) == point[-32:]


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda token: token.edwards("taken", curve=ED448), "is no Ed25519 key"),
        (lambda token: token.edwards("taken", extractable=True), "can be read out of"),
        (lambda token: token.edwards("taken", sensitive=False), "can be read out of"),
        (lambda token: token.edwards("taken", sign=False), "may not sign"),
        (lambda token: half(token, "taken"), "has no public key taken beside"),
        (lambda token: elliptic(token, "taken"), "is no Ed25519 key"),
        (lambda token: None, "has no private key taken"),
    ],
)
def test_what_cannot_sign_records_is_not_taken(token, lrw, warehouse, made, says):
    made(token)
    words = ("--pkcs11", uri("taken"), "--module", MODULE, "--existing")
    said = lrw("keys", "new", *words)
    assert (said.code, says in said.line) == (1, True), said.line
    assert not keys.key_path(warehouse.keys, DID).exists()


def half(token: SoftToken, label: str) -> None:
    token.edwards(label)
    with token.session() as session:
        session.get_key(object_class=ObjectClass.PUBLIC_KEY, label=label).destroy()


def elliptic(token: SoftToken, label: str) -> None:
    with token.session() as session:
        session.create_domain_parameters(
            KeyType.EC,
            {
                Attribute.EC_PARAMS: pkcs11.util.ec.encode_named_curve_parameters(
                    "secp256r1"
                )
            },
            local=True,
        ).generate_keypair(store=True, label=label)


def test_rotations_that_would_lower_or_repeat_are_refused(token, lrw, warehouse):
    new(lrw)
    first = in_force(warehouse).public
    said = lrw("keys", "rotate")
    assert (said.code, "--pkcs11, or --file" in said.line) == (1, True)
    again = ("--pkcs11", uri("first"), "--module", MODULE, "--existing")
    said = lrw("keys", "rotate", *again)
    assert (said.code, "was in force before" in said.line) == (1, True)
    assert in_force(warehouse).public == first


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--pkcs11", f"{uri('a')}?pin-value=4321", "--module", MODULE), "no PIN"),
        (("--pkcs11", f"{uri('a')};pin-value=4321", "--module", MODULE), "no PIN"),
        (("--pkcs11", f"{uri('a')}?pin-source=file:/p", "--module", MODULE), "no PIN"),
        (("--pkcs11", "token=a;object=b", "--module", MODULE), "begins with pkcs11:"),
        (("--pkcs11", "pkcs11:token=a", "--module", MODULE), "a token and an object"),
        (("--pkcs11", "pkcs11:object=a", "--module", MODULE), "a token and an object"),
        (("--pkcs11", f"{uri('a')};slot-id=1", "--module", MODULE), "'slot-id'"),
        (("--pkcs11", f"{uri('a')};object=b", "--module", MODULE), "object once"),
        (("--pkcs11", f"{uri('a')};type=cert", "--module", MODULE), "type=private"),
        (("--pkcs11", uri("a")), "--module FILE"),
        (("--module", MODULE), "go with --pkcs11"),
        (("--existing",), "go with --pkcs11"),
    ],
)
def test_options_that_cannot_be_meant_are_wrong_usage(
    token, lrw, warehouse, words, says
):
    said = lrw("keys", "new", *words)
    assert (said.code, says in said.line) == (2, True), said.line
    assert "4321" not in said.line
    assert not warehouse.keys.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "00"},
        {"publicKeyMultibase": "z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi"},
        {"token": "pkcs11:token=a;object=b?pin-value=4321"},
        {"token": "file:/elsewhere"},
        {"secretKeyMultibase": "z3u2"},
    ],
)
def test_a_damaged_description_is_refused(token, lrw, warehouse, change):
    new(lrw)
    path = in_force(warehouse).path
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(OperatorError, match="restore it"):
        in_force(warehouse)


def test_a_part_of_a_record_is_signed_in_the_token_or_not_handed_out(
    token, lrw, night, warehouse, tmp_path, monkeypatch
):
    new(lrw)
    night(1)
    ask = ("record", ID(1), "--only", "transfers", "--to", "Acme", "--out")
    token.restart()
    with monkeypatch.context() as patch:
        wrong_pin(token, patch)
        refused = lrw(*ask, str(tmp_path / "refused.json"))
    assert (refused.code, "the PIN is wrong" in refused.line) == (1, True)
    assert "handed to nobody" in lrw("disclosures", ID(1)).out
    assert not (tmp_path / "refused.json").exists()
    assert lrw(*ask, str(tmp_path / "part.json")).code == 0
    part = json.loads((tmp_path / "part.json").read_text())
    proof = part["proof"][0]
    assert proof["verificationMethod"] == in_force(warehouse).method
    assert lrw("verify", str(tmp_path / "part.json")).code == 0


_WORD = st.text(min_size=1, max_size=40)


@given(_WORD, _WORD, st.binary(min_size=1, max_size=20), st.none() | _WORD)
def test_any_token_and_key_can_be_named(token, key, identity, module):
    named = KeyUri(token=token, object=key, id=identity, module=module)
    assert KeyUri.parse(str(named)) == named
    assert KeyUri.parse(str(KeyUri(serial=token, id=identity))).id == identity


def test_a_uri_comes_back_as_it_was_written():
    text = (
        "pkcs11:token=state%20records;serial=0a;manufacturer=SoftHSM%20project;"
        "model=v2;object=a%3Bb%5Bbold%5D;id=%00%FF?module-path=/usr/lib/a%20b.so"
    )
    read = KeyUri.parse(text)
    assert (read.token, read.object, read.id) == (
        "state records",
        "a;b[bold]",
        b"\0\xff",
    )
    assert KeyUri.parse(str(read)) == read
    assert str(read) == text


def test_the_ceremony_of_the_runbook_runs(
    token, lrw, night, warehouse, tmp_path, monkeypatch
):
    """Every command that the runbook's part on tokens names, in its order."""
    part = RUNBOOK.read_text().partition("## In a token")[2].partition("\n## ")[0]
    blocks = part.split("```")[1::2]
    commands = [
        line.partition("  #")[0].strip()
        for block in blocks
        for line in block.splitlines()
        if line.startswith("lrw ")
    ]
    assert [shlex.split(one)[1:3] for one in commands] == [
        ["keys", "new"],
        ["keys", "publish"],
        ["night"],
        ["keys", "rotate"],
        ["night"],
        ["keys", "rotate"],
    ]
    token.initialise("accs")
    monkeypatch.setenv("LRW_PKCS11_MODULE", MODULE)
    signed = set()
    for number, command in enumerate(commands):
        words = shlex.split(command.replace("DIR", str(tmp_path / "www")))[1:]
        if words == ["night"]:
            assert night(*range(number)).published
            signed |= signers(warehouse, 0) | signers(warehouse, number - 1)
            continue
        words = [
            MODULE if before == "--module" else word
            for before, word in zip(["", *words], words, strict=False)
        ]
        said = lrw(*words)
        assert said.code == 0, said.err
    assert len(signed) == 2
    assert in_force(warehouse).where is None
    assert (tmp_path / "www" / "did.json").exists()
