"""Records as VC-JWT: read by joserfc, which does not sign here; forged ones refused."""

import base64
import hashlib
import hmac
import json
import shutil
import stat
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jwt as pyjwt
import orjson
import pytest
import record_factory as factory
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey
from openbadgeslib.ob3.ldp import OB3LdpVerifier
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.contracts.load import load_contracts
from pipelines.disclosure.ledger import Request, entries
from pipelines.errors import OperatorError, UsageError
from pipelines.forms import write as writing
from pipelines.forms.form import Form, Part
from pipelines.forms.jwt import RECORD
from pipelines.publishing import es256, keys, reader
from pipelines.publishing.publish import publish
from pipelines.publishing.verify import verify_snapshot
from pipelines.settings import Home
from pipelines.verification import Report, examine
from pipelines.verification.files import examine_file

LEARNER = factory.learner_id(1)
ASKED = Request("Acme Works", "Application", "Ann Lee")


@pytest.fixture(scope="module")
def issuing_once(published_once: Home, tmp_path_factory) -> Home:
    home = Home(tmp_path_factory.mktemp("es256") / "home")
    shutil.copytree(published_once.root, home.root)
    es256.create_key(home.keys, factory.DID)
    publish(home, None)
    return home


@pytest.fixture
def issuing(issuing_once: Home, warehouse: Home) -> Home:
    """Four published learners, and an issuer whose ES256 key is published."""
    shutil.copytree(issuing_once.root, warehouse.root)
    return warehouse


@pytest.fixture(scope="module")
def texts(issuing_once: Home, tmp_path_factory) -> dict[str, str]:
    """The signed texts of a learner by the name of their file."""
    to = tmp_path_factory.mktemp("jwt") / "out"
    writing.write(issuing_once, LEARNER, Form.JWT, to)
    return {path.name: path.read_text().strip() for path in to.iterdir()}


@pytest.fixture
def check(issuing: Home, tmp_path: Path) -> Callable[[str], Report]:
    def run(text: str) -> Report:
        path = tmp_path / "handed-in.jwt"
        path.write_text(text)
        return examine_file(issuing, path)

    return run


def public(home: Home) -> dict[str, Any]:
    return reader.resolve(home).did_document()


def jwk_of(home: Home, kid: str) -> dict[str, Any]:
    (found,) = (m for m in public(home)["verificationMethod"] if m["id"] == kid)
    assert kid in public(home)["assertionMethod"]
    return found["publicKeyJwk"]


def parts(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, payload, _ = text.split(".")
    return json.loads(unpacked(header)), json.loads(unpacked(payload))


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def failed(report: Report) -> set[str]:
    return {one.name for one in report.failures if not one.where}


def test_another_library_reads_every_text_by_the_published_key(issuing, texts):
    record = orjson.loads(reader.record(issuing, LEARNER))
    held = record["credentialSubject"]["verifiableCredential"]
    wanted = {RECORD: record} | {f"{one['id'][9:]}.jwt": one for one in held}
    assert set(texts) == set(wanted)
    for name, text in texts.items():
        header, _ = parts(text)
        assert set(header) == {"alg", "kid", "typ"}
        assert (header["alg"], header["typ"]) == ("ES256", "JWT")
        key = ECKey.import_key(jwk_of(issuing, header["kid"]))
        read = jws.deserialize_compact(text, key, algorithms=["ES256"])
        told = json.loads(read.payload)
        body = wanted[name]
        assert (told.pop("iss"), told.pop("jti")) == (factory.DID, body["id"])
        assert told.pop("sub") == body["credentialSubject"]["id"]
        day = seconds(body["validFrom"])
        assert told.pop("nbf") == day
        told.pop("exp", None)
        assert told == body


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def test_the_set_of_keys_names_the_same_key(issuing, texts):
    folder = reader.resolve(issuing).path / "public"
    (found,) = (
        one
        for one in orjson.loads((folder / "jwks.json").read_bytes())["keys"]
        if one["kty"] == "EC"
    )
    assert (found["alg"], found["iss"]) == ("ES256", factory.DID)
    assert "d" not in found
    jws.deserialize_compact(
        texts[RECORD], ECKey.import_key(found), algorithms=["ES256"]
    )


def test_a_record_beside_the_key_still_verifies_elsewhere(issuing):
    document = orjson.dumps(public(issuing))
    record = orjson.loads(reader.record(issuing, LEARNER))
    verifier = OB3LdpVerifier()
    for one in record["credentialSubject"]["verifiableCredential"]:
        verifier.verify(one, download=lambda _: document)
    assert verify_snapshot(issuing, records=None).ok


def test_every_text_verifies_a_line_a_check(texts, check):
    for text in texts.values():
        report = check(text)
        assert report.ok, report.failures
    told = {one.name: one.words for one in check(texts[RECORD]).checks if not one.where}
    assert told["Algorithm"] == "ES256"
    assert told["Key"] == f"published by {factory.DID}"
    assert {"Claim iss", "Claim sub", "Claim jti", "Claim nbf", "Claim exp"} <= set(
        told
    )
    assert "as a text and by a proof in it" in told["Proof"]
    assert told["Status"] == "not revoked"


def test_a_badge_that_ends_says_so_in_exp(warehouse, build, tmp_path):
    document = factory.record(1, courses=2)
    ends = {"2026-03-01T00:00:00Z": False, "2999-12-31T00:00:00Z": True}
    held = document["credentialSubject"]["verifiableCredential"]
    for one, until in zip(held, ends, strict=False):
        one["validUntil"] = until
    build([document])
    es256.create_key(warehouse.keys, factory.DID)
    publish(warehouse, None)
    writing.write(warehouse, LEARNER, Form.JWT, tmp_path / "jwt")
    for one, (until, is_valid) in zip(held, ends.items(), strict=False):
        path = tmp_path / "jwt" / f"{one['id'][9:]}.jwt"
        _, payload = parts(path.read_text().strip())
        assert payload["exp"] == seconds(until)
        expected = set() if is_valid else {"Expiry"}
        assert failed(examine_file(warehouse, path)) == expected


@pytest.mark.parametrize(
    ("claim", "value", "said"),
    [
        ("iss", "did:web:other.example", "Claim iss"),
        ("iss", None, "Claim iss"),
        ("sub", "urn:uuid:00000000-0000-4000-8000-000000000000", "Claim sub"),
        ("sub", None, "Claim sub"),
        ("jti", "urn:uuid:00000000-0000-4000-8000-000000000000", "Claim jti"),
        ("jti", None, "Claim jti"),
        ("nbf", 1, "Claim nbf"),
        ("nbf", True, "Claim nbf"),
        ("nbf", None, "Claim nbf"),
        ("exp", 4_000_000_000, "Claim exp"),
    ],
)
def test_a_claim_that_is_not_the_credentials_is_named(
    issuing, texts, check, claim, value, said
):
    """Changed by a stranger the signature fails; by the issuer itself the claim."""
    header, payload = parts(texts[RECORD])
    payload[claim] = value
    if value is None:
        del payload[claim]
    head, _, signature = texts[RECORD].split(".")
    forged = f"{head}.{packed(json.dumps(payload).encode())}.{signature}"
    assert {"Proof", said} <= failed(check(forged))
    key = es256.load_key(issuing.keys, factory.DID)
    again = pyjwt.api_jws.encode(
        json.dumps(payload).encode(), key.private, "ES256", {"kid": header["kid"]}
    )
    assert failed(check(again)) == {said}


def secret_of(home: Home, header: dict[str, Any]) -> list[bytes]:
    """The public key in the forms in which a careless library takes it as secret."""
    jwk = jwk_of(home, header["kid"])
    found = es256.public_key(header["kid"].partition("#")[2])
    pem = found.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = found.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return [pem, der, json.dumps(jwk).encode()]


def test_the_public_key_as_a_secret_signs_nothing(issuing, texts, check):
    header, payload = parts(texts[RECORD])
    for secret in secret_of(issuing, header):
        head = packed(json.dumps({**header, "alg": "HS256"}).encode())
        said = f"{head}.{packed(json.dumps(payload).encode())}"
        mac = hmac.new(secret, said.encode(), hashlib.sha256).digest()
        found = failed(check(f"{said}.{packed(mac)}"))
        assert {"Algorithm", "Key", "Proof"} <= found


@pytest.mark.parametrize("named", ["none", "None", "HS256", "RS256", "ES384", "EdDSA"])
@pytest.mark.parametrize("signature", ["", "kept"])
def test_another_algorithm_is_refused(texts, check, named, signature):
    header, _ = parts(texts[RECORD])
    _, payload, given = texts[RECORD].split(".")
    head = packed(json.dumps({**header, "alg": named}).encode())
    report = check(f"{head}.{payload}.{given if signature else ''}")
    assert not report.ok
    assert {"Key", "Proof"} & failed(report) or not report.checks[1:]


def test_an_exchanged_payload_is_refused(texts, check):
    one, other = sorted(set(texts) - {RECORD})[:2]
    head, _, signature = texts[one].split(".")
    swapped = f"{head}.{texts[other].split('.')[1]}.{signature}"
    assert failed(check(swapped)) == {"Proof"}


def test_a_grade_that_is_changed_is_refused_in_text_and_proof(issuing, texts, check):
    header, payload = parts(texts[RECORD])
    nested = payload["credentialSubject"]["verifiableCredential"][0]
    nested["credentialSubject"]["result"][0]["value"] = "A+"
    head, _, signature = texts[RECORD].split(".")
    forged = f"{head}.{packed(json.dumps(payload).encode())}.{signature}"
    assert "Proof" in failed(check(forged))
    # Even who could sign texts could not change the record within.
    key = es256.load_key(issuing.keys, factory.DID)
    stolen = pyjwt.encode(payload, key.private, "ES256", {"kid": header["kid"]})
    assert "Proof" in failed(check(stolen))


def test_a_strangers_key_is_no_key_of_the_issuer(texts, check):
    header, payload = parts(texts[RECORD])
    private = ec.generate_private_key(ec.SECP256R1())
    own = json.loads(pyjwt.algorithms.ECAlgorithm.to_jwk(private.public_key()))
    for head in (
        {"kid": header["kid"]},
        {"kid": "did:web:other.example#key-1"},
        {"kid": f"{factory.DID}#key-1"},
        {"kid": header["kid"], "jwk": own},
        {"jwk": own},
    ):
        forged = pyjwt.encode(payload, private, "ES256", head)
        assert "Proof" in failed(check(forged)), head


def test_the_key_of_records_is_no_key_of_texts(issuing, texts, check):
    _, payload = parts(texts[RECORD])
    key = keys.load_key(issuing.keys, factory.DID)
    forged = pyjwt.encode(payload, key.private, "EdDSA", {"kid": key.method})
    assert {"Algorithm", "Proof"} <= failed(check(forged))


def by_another(rsa_key: bool) -> tuple[bytes, dict[str, Any]]:
    """A badge of another issuer as a text, and its DID document."""
    did, kid = "did:web:other.example", "did:web:other.example#key-1"
    body = orjson.loads(orjson.dumps(factory.course(1, 1)))
    body["issuer"] = {**factory.SYSTEM, "id": did}
    body = {name: one for name, one in body.items() if one not in (None, [])}
    body["credentialSubject"] = {
        name: one for name, one in body["credentialSubject"].items() if one is not None
    }
    achievement = body["credentialSubject"]["achievement"]
    achievement.pop("specialization", None)
    claims = {
        "iss": did,
        "sub": body["credentialSubject"]["id"],
        "jti": body["id"],
        "nbf": seconds(body["validFrom"]),
    }
    if rsa_key:
        private: Any = rsa.generate_private_key(65537, 2048)
        named, to_jwk = "RS256", pyjwt.algorithms.RSAAlgorithm.to_jwk
    else:
        private = ec.generate_private_key(ec.SECP256R1())
        named, to_jwk = "ES256", pyjwt.algorithms.ECAlgorithm.to_jwk
    method = {
        "id": kid,
        "type": "JsonWebKey",
        "controller": did,
        "publicKeyJwk": json.loads(to_jwk(private.public_key())),
    }
    document = {"id": did, "verificationMethod": [method], "assertionMethod": [kid]}
    text = pyjwt.encode({**body, **claims}, private, named, {"kid": kid})
    return text.encode(), document


@pytest.mark.parametrize("rsa_key", [False, True])
def test_the_text_of_another_issuer_is_checked_by_its_own_document(rsa_key):
    text, document = by_another(rsa_key)
    asked = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        if url.endswith("did.json"):
            return orjson.dumps(document)
        return b"{}"

    offline = examine(text)
    assert (offline.verdict, failed(offline)) == ("skipped", set())
    online = examine(text, fetch=fetch)
    assert online.ok, online.failures
    assert asked.count("https://other.example/.well-known/did.json") == 1
    document["assertionMethod"] = []
    assert failed(examine(text, fetch=fetch)) == {"Key", "Proof"}


def test_the_rsa_key_of_another_is_no_secret_and_no_ec_key():
    text, document = by_another(rsa_key=True)
    header, payload = parts(text.decode())
    for named in ("HS256", "ES256"):
        head = packed(json.dumps({**header, "alg": named}).encode())
        said = f"{head}.{packed(json.dumps(payload).encode())}"
        jwk = document["verificationMethod"][0]["publicKeyJwk"]
        mac = hmac.new(json.dumps(jwk).encode(), said.encode(), hashlib.sha256)
        forged = f"{said}.{packed(mac.digest())}".encode()
        found = failed(examine(forged, fetch=lambda _: orjson.dumps(document)))
        assert {"Key", "Proof"} <= found


def test_a_revoked_record_is_revoked_as_a_text_too(warehouse, build, tmp_path):
    build([factory.record(number, courses=2) for number in range(3)])
    es256.create_key(warehouse.keys, factory.DID)
    keys.create_key(warehouse.keys, factory.DID)
    publish(warehouse, None)
    writing.write(warehouse, LEARNER, Form.JWT, tmp_path / "jwt")
    assert examine_file(warehouse, tmp_path / "jwt" / RECORD).ok
    build([factory.record(number, courses=1) for number in range(3)])
    publish(warehouse, None)
    report = examine_file(warehouse, tmp_path / "jwt" / RECORD)
    assert "Status" in {one.name for one in report.failures}


def test_a_text_for_somebody_is_in_the_ledger(issuing, tmp_path):
    writing.write(issuing, LEARNER, Form.JWT, tmp_path / "out", request=ASKED)
    (entry,) = entries(issuing.disclosures, LEARNER)
    assert (entry.request, entry.content.form) == (ASKED, "jwt")
    digests = [
        hashlib.sha256((tmp_path / "out" / name).read_bytes()).digest()
        for name in (
            RECORD,
            *(f"{one[9:]}.jwt" for one in entry.content.credentials),
        )
    ]
    assert entry.content.sha256 == hashlib.sha256(b"".join(digests)).hexdigest()


def test_a_part_is_signed_as_a_text_too(issuing, tmp_path):
    writing.write(
        issuing, LEARNER, Form.JWT, tmp_path / "out", None, ASKED, [Part.SKILLS]
    )
    _, payload = parts((tmp_path / "out" / RECORD).read_text().strip())
    assert payload["partial"] is True
    assert examine_file(issuing, tmp_path / "out" / RECORD).ok


def test_without_a_published_key_nothing_leaves(published, tmp_path):
    with pytest.raises(OperatorError, match="lrw keys new --suite es256"):
        writing.write(published, LEARNER, Form.JWT, tmp_path / "o", request=ASKED)
    es256.create_key(published.keys, factory.DID)
    with pytest.raises(OperatorError, match="not published yet"):
        writing.write(published, LEARNER, Form.JWT, tmp_path / "o", request=ASKED)
    assert entries(published.disclosures) == []
    assert not (tmp_path / "o").exists()


def test_a_text_is_of_the_present_and_in_a_folder(issuing, tmp_path):
    day = date.fromisoformat(reader.resolve(issuing).manifest.as_of[:10])
    with pytest.raises(UsageError, match="--as-of"):
        writing.write(issuing, LEARNER, Form.JWT, tmp_path / "o", day)
    with pytest.raises(UsageError, match="name a folder"):
        writing.write(issuing, LEARNER, Form.JWT)


def test_a_rotated_key_stays_and_a_retired_one_is_refused(issuing, texts, tmp_path):
    first = es256.load_key(issuing.keys, factory.DID).public
    second = es256.rotate_key(issuing.keys, factory.DID)
    assert publish(issuing, None).published
    path = tmp_path / "old.jwt"
    path.write_text(texts[RECORD])
    assert examine_file(issuing, path).ok
    writing.write(issuing, LEARNER, Form.JWT, tmp_path / "new")
    header, _ = parts((tmp_path / "new" / RECORD).read_text().strip())
    assert header["kid"] == second.method
    with pytest.raises(OperatorError, match="in force"):
        es256.withdraw_key(issuing.keys, factory.DID, second.public)
    es256.withdraw_key(issuing.keys, factory.DID, first)
    result = publish(issuing, None)
    assert (result.published, result.signed) == (True, 0)
    assert {"Key", "Proof"} <= failed(examine_file(issuing, path))
    assert examine_file(issuing, tmp_path / "new" / RECORD).ok


def test_a_lost_key_stops_the_night_and_another_keeps_the_published_one(
    issuing, texts, tmp_path
):
    es256.key_path(issuing.keys, factory.DID).unlink()
    with pytest.raises(OperatorError, match="keys new --suite es256"):
        publish(issuing, None)
    made = es256.create_key(issuing.keys, factory.DID, public(issuing))
    header, _ = parts(texts[RECORD])
    assert [f"{factory.DID}#{one}" for one in made.retired] == [header["kid"]]
    publish(issuing, None)
    path = tmp_path / "old.jwt"
    path.write_text(texts[RECORD])
    assert examine_file(issuing, path).ok


def test_a_key_file_is_its_owners_alone_and_whole(tmp_path):
    key = es256.create_key(tmp_path / "keys", factory.DID)
    assert stat.S_IMODE(key.path.stat().st_mode) == 0o600
    assert es256.load_key(tmp_path / "keys", factory.DID) == key
    secret = json.loads(key.path.read_text())["secretKeyMultibase"]
    assert secret not in repr(key)
    key.path.chmod(0o640)
    with pytest.raises(OperatorError, match="chmod 600"):
        es256.load_key(tmp_path / "keys", factory.DID)
    key.path.chmod(0o600)
    body = json.loads(key.path.read_text())
    for change, reason in (
        ({"did": "did:web:other.example"}, "is the key of"),
        ({"secretKeyMultibase": "z42t"}, "not an ES256 key"),
        ({"publicKeyMultibase": "zDna1"}, "two different keys"),
        ({"retired": ["z6Mk"]}, "not an ES256 key"),
    ):
        key.path.write_text(json.dumps({**body, **change}))
        with pytest.raises(OperatorError, match=reason) as caught:
            es256.load_key(tmp_path / "keys", factory.DID)
        assert secret not in str(caught.value)


def test_the_commands_make_rotate_retire_and_publish_it(tmp_path, monkeypatch):
    monkeypatch.setenv("LRW_HOME", str(tmp_path))
    did = load_contracts().systems["ACCS"].did

    def lrw(*arguments: str) -> str:
        run = CliRunner().invoke(app, arguments)
        assert run.exit_code == 0, run.output
        return run.output

    lrw("keys", "new")
    first = es256_in(lrw("keys", "new", "--suite", "es256"))
    second = es256_in(lrw("keys", "rotate", "--suite", "es256"))
    assert second != first
    lrw("keys", "publish", "--out", str(tmp_path / "web"))
    document = json.loads((tmp_path / "web" / "did.json").read_text())
    assert [one.partition("#")[2] for one in document["assertionMethod"]][1:] == [
        second,
        first,
    ]
    assert "signs" in lrw("keys", "retire", first)
    lrw("keys", "publish", "--out", str(tmp_path / "web"))
    for name in ("did.json", "jwks.json"):
        assert first not in (tmp_path / "web" / name).read_text()
    assert keys.load_key(Home(tmp_path).keys, did).es256 is not None


def es256_in(said: str) -> str:
    (found,) = (w.strip(";,") for w in said.split() if w.startswith(es256.BEGINS))
    return found
