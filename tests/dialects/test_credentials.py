"""Badges are read from every format, and accepted only from a listed issuer."""

import json
from datetime import date
from types import SimpleNamespace
from typing import Any

import jwt
import polars as pl
import pytest
from badge_samples import (
    EMAIL,
    KEY,
    LISTED,
    SALT,
    Key,
    assertion_1,
    badge_2,
    badge_3,
    changed,
    clr_1,
    clr_2,
    identity,
    lines,
    listed,
    signed,
)
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pipelines.contracts.load import load_contracts
from pipelines.dialects import credentials
from pipelines.dialects.source import Context, ParsedTable
from pipelines.errors import OperatorError
from pipelines.landing.package.manifest import DeclaredFile
from pipelines.landing.reading.unpack import FileRefusedError
from pipelines.publishing import multibase
from pipelines.publishing.contexts import ACHIEVEMENT_CONTEXTS
from pipelines.publishing.signing import Proofs, proof_options

DAY = date(2026, 9, 1)


def read(content: bytes, rows: int | None = None, **settings: Any) -> ParsedTable:
    """What the parser makes of a file, under a profile that lists ``KEY``."""
    contracts = load_contracts()
    dialect = contracts.dialects["open_badges"]
    own = {"open_badges": {"issuers": [listed()], **settings}}
    sender: Any = SimpleNamespace(dialect_settings=own)
    declared = DeclaredFile(
        feed="credential",
        name="badges.jsonl",
        rows=content.count(b"\n") if rows is None else rows,
        bytes=len(content),
        sha256="0" * 64,
    )
    context = Context(dialect, sender, DAY, contracts)
    table = dialect.tables["credential"]
    return credentials.parse(content, declared, table, context)["credential"]


def reasons(found: ParsedTable) -> list[str]:
    """Why records were not accepted."""
    assert found.rows == found.frame.height + found.bad["line"].n_unique()
    return found.bad["value"].to_list()


def names(found: ParsedTable) -> list[str]:
    """The badges accepted."""
    return found.frame["badge_name"].to_list()


GOOD = {
    "OB 2.0 signed": lambda: KEY.jws(badge_2()),
    "OB 3.0 embedded proof": lambda: signed(badge_3()),
    "OB 3.0 VC-JWT": lambda: KEY.jws(
        {**badge_3(), "iss": LISTED, "jti": badge_3()["id"], "nbf": 1_772_000_000}
    ),
    "OB 3.0 VC-JWT with vc claim": lambda: KEY.jws(
        {"iss": LISTED, "jti": badge_3()["id"], "nbf": 1_772_000_000, "vc": badge_3()}
    ),
    "CLR 1.0 signed": lambda: KEY.jws(clr_1(assertion_1())),
    "CLR 1.0 with a signed assertion": lambda: clr_1(
        signedAssertions=[KEY.jws(assertion_1())]
    ),
    "CLR 2.0": lambda: clr_2(signed(badge_3())),
    "CLR 2.0 VC-JWT": lambda: KEY.jws(
        {"iss": LISTED, "vc": clr_2(signed(badge_3()), sign=False)}
    ),
    "presentation": lambda: {
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [signed(badge_3())],
    },
    "API answer": lambda: {"credential": [], "compactJwsString": [KEY.jws(badge_2())]},
}


@pytest.mark.parametrize("form", GOOD)
def test_a_good_badge_of_each_format_becomes_a_row(form: str) -> None:
    found = read(lines(GOOD[form]()))
    assert reasons(found) == []
    (row,) = found.frame.to_dicts()
    assert row["recipient_email"] == EMAIL
    assert row["issuer_name"] == "Badge Office"
    assert row["issued_on"] == "2026-03-01"
    assert row["platform"] == "CREDLY"
    assert row["assertion_id"]
    assert row["class_id"]


def test_every_badge_of_a_record_is_a_row_on_its_line() -> None:
    record = clr_2(signed(badge_3(1)), signed(badge_3(2)), signed(badge_3(3)))
    found = read(lines(signed(badge_3(9)), record))
    assert names(found) == [
        "Spreadsheets 9", "Spreadsheets 1", "Spreadsheets 2", "Spreadsheets 3",
    ]  # fmt: skip
    assert found.frame["_line"].to_list() == [1, 2, 2, 2]


def test_an_array_and_one_object_are_read_like_lines() -> None:
    badges = [signed(badge_3(1)), KEY.jws(badge_2())]
    array = json.dumps(badges, indent=1).encode()
    found = read(array, rows=2)
    assert names(found) == ["Spreadsheets 1", "Welding"]
    assert found.frame["_line"][1] == array.count(b"\n")
    one = json.dumps(badges[0], indent=1).encode()
    assert names(read(one, rows=1)) == ["Spreadsheets 1"]


def test_a_tampered_badge_of_a_record_does_not_take_the_others_with_it() -> None:
    good, bad = signed(badge_3(1)), signed(badge_3(2))
    bad = changed(bad, "credentialSubject/achievement/name", "Surgery")
    found = read(lines(clr_2(good, bad)))
    assert names(found) == ["Spreadsheets 1"]
    assert found.bad["edit_id"].to_list() == ["D05"]


def test_a_record_whose_own_proof_is_bad_gives_no_row() -> None:
    record = changed(clr_2(signed(badge_3())), "name", "Another record")
    found = read(lines(record))
    assert names(found) == []
    assert "signature does not match" in reasons(found)[0]


def test_a_badge_without_a_proof_counts_only_where_the_record_binds_it() -> None:
    bound = read(lines(clr_2(badge_3(1), badge_3(2))))
    assert names(bound) == ["Spreadsheets 1", "Spreadsheets 2"]
    shared = changed(
        badge_3(2), "credentialSubject/id", badge_3(1)["credentialSubject"]["id"]
    )
    unbound = read(lines(clr_2(badge_3(1), shared)))
    assert names(unbound) == []
    assert set(reasons(unbound)) == {"a badge of the record has no proof of its own"}
    unsigned = read(lines(clr_2(badge_3(1), sign=False)))
    assert names(unsigned) == []


def test_an_issuer_that_is_not_listed_is_not_accepted_whatever_it_signs() -> None:
    stranger = Key("stranger", "did:web:stranger.example")
    badge = badge_3()
    badge["issuer"]["id"] = stranger.did
    found = read(lines(signed(badge, stranger), stranger.jws(badge)))
    assert reasons(found) == ["the issuer is not on the college's list"] * 2


def test_a_listed_issuer_named_by_another_key_is_not_accepted() -> None:
    impostor = Key("impostor")
    found = read(lines(signed(badge_3(), impostor), impostor.jws(badge_2())))
    assert names(found) == []
    assert reasons(found)[0] == "not signed by a key that the issuer is listed with"
    assert "signature does not match" in reasons(found)[1]


@pytest.mark.parametrize(
    ("validity", "reason"),
    [
        ({"valid_to": date(2026, 2, 28)}, "the key had expired when it was signed"),
        ({"valid_from": "2026-03-02"}, "the key was not in force when it was signed"),
        ({"revoked": True}, "the key was withdrawn"),
    ],
)
def test_a_key_counts_only_while_it_was_in_force(
    validity: dict[str, Any], reason: str
) -> None:
    content = lines(signed(badge_3()), KEY.jws(badge_2()))
    found = read(content, issuers=[listed(**validity)])
    assert reasons(found) == [reason, reason]


def test_a_badge_without_a_signature_waits_for_the_college_to_trust_its_delivery() -> (
    None
):
    content = lines(badge_2(verification={"type": "HostedBadge"}), clr_1(assertion_1()))
    refused = read(content)
    assert names(refused) == []
    assert set(reasons(refused)) == {"no signature, and deliveries are not trusted"}
    assert names(read(content, hosted="trust_delivery")) == ["Welding", "Course 1"]
    unsigned_3 = read(lines(badge_3()), hosted="trust_delivery")
    assert reasons(unsigned_3) == ["no proof"]


def test_trusting_a_delivery_does_not_make_an_issuer_known() -> None:
    badge = badge_2()
    badge["badge"]["issuer"]["id"] = "https://stranger.example"
    found = read(lines(badge), hosted="trust_delivery")
    assert reasons(found) == ["the issuer is not on the college's list"]


@pytest.mark.parametrize(
    "context",
    [
        "https://attacker.example/context.json",
        "http://www.w3.org/ns/credentials/v2",
        {"name": "https://schema.org/name"},
    ],
)
def test_a_foreign_context_is_refused_and_never_fetched(context: Any) -> None:
    badge = signed(badge_3())
    outer = {**badge, "@context": [*badge["@context"], context]}
    inner = changed(badge, "credentialSubject/achievement/@context", [context])
    found = read(lines(outer, inner))
    assert reasons(found) == ["an @context that is not on the allow-list"] * 2


def test_keys_may_be_listed_as_jwk_pem_or_a_did_document() -> None:
    document = {
        "id": LISTED,
        "verificationMethod": [
            {
                "id": KEY.method,
                "type": "Multikey",
                "controller": LISTED,
                "publicKeyMultibase": KEY.public,
            }
        ],
        "assertionMethod": [KEY.method],
    }
    by_document = [{"id": LISTED, "did_document": document}]
    assert names(read(lines(signed(badge_3())), issuers=by_document))
    for private, algorithm in (
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (rsa.generate_private_key(65537, 2048), "RS256"),
    ):
        kind = jwt.get_algorithm_by_name(algorithm)
        jwk = json.loads(kind.to_jwk(private.public_key()))
        issuers = [{"id": LISTED, "keys": [{"publicKeyJwk": jwk}]}]
        token = jwt.encode(badge_2(), private, algorithm=algorithm)
        assert names(read(lines(token), issuers=issuers)) == ["Welding"]


def test_the_header_of_a_jws_never_chooses_the_algorithm() -> None:
    unsigned = jwt.encode(badge_2(), None, algorithm="none")
    found = read(lines(unsigned[:-1] + ".AAAA"))
    assert names(found) == []
    assert found.bad["edit_id"].to_list() == ["D05"]


def test_a_profile_that_lists_a_private_key_is_an_error_of_the_operator() -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA"}
    with pytest.raises(OperatorError, match="cannot be read"):
        read(
            lines(badge_2()), issuers=[{"id": LISTED, "keys": [{"publicKeyJwk": jwk}]}]
        )


def test_a_proof_that_has_an_end_counts_until_then() -> None:
    proofs = Proofs()
    badge = badge_3()
    for expires, good in (
        ("2026-09-01T00:00:00Z", True),
        ("2026-08-31T00:00:00Z", False),
    ):
        options = {
            **proof_options(KEY.method, badge["validFrom"]), "expires": expires,
        }  # fmt: skip
        data = proofs.data(proofs.writer.write(badge), ACHIEVEMENT_CONTEXTS, options)
        proof = {**options, "proofValue": multibase.encode(KEY.sign(data))}
        found = read(lines({**badge, "proof": proof}))
        assert names(found) == (["Spreadsheets 1"] if good else [])
        assert reasons(found) == ([] if good else ["the proof has expired"])


def test_dates_that_only_the_claims_state_are_those_of_the_badge() -> None:
    badge = badge_3()
    del badge["validFrom"], badge["validUntil"]
    claims = {"iss": LISTED, "nbf": 1_772_323_200, "exp": 1_866_931_200}
    (row,) = read(lines(KEY.jws({**claims, "vc": badge}))).frame.to_dicts()
    assert (row["issued_on"], row["expires_on"]) == ("2026-03-01", "2029-02-28")


def test_claims_that_contradict_their_credential_are_not_accepted() -> None:
    token = KEY.jws({"iss": LISTED, "jti": "urn:uuid:other", "vc": badge_3()})
    assert reasons(read(lines(token))) == ["its claims contradict the credential"]


def test_a_hashed_recipient_stays_hashed_unless_the_delivery_names_its_address() -> (
    None
):
    badge = signed(badge_3(1, identity("emailAddress", EMAIL, hashed=True)))
    own = {"credential": badge, "recipient_email": EMAIL}
    other = {"credential": badge, "recipient_email": "eve@mail.example.org"}
    rows = read(lines(badge, own, other)).frame
    assert rows["recipient_email"].to_list() == [None, EMAIL, None]
    assert rows["recipient_salt"].to_list() == [SALT, SALT, SALT]
    assert rows["recipient_hash"][0].startswith("sha256$")


def test_a_platform_adds_what_the_badge_does_not_say() -> None:
    said = {
        "credential": signed(badge_3()),
        "recipient_email": EMAIL.upper(),
        "student_id": "A001",
        "state": "accepted",
        "id": "00000000-0000-4000-8000-000000000001",
    }
    found = read(lines(said))
    (row,) = found.frame.to_dicts()
    assert row["recipient_email"] == EMAIL
    assert row["student_id"] == "A001"
    assert row["status"] == "ACCEPTED"
    assert row["assertion_id"] == "00000000-0000-4000-8000-000000000001"
    assert found.notes == ()


BAD_JSON = {
    "duplicate keys": ('{"type": "Assertion", "type": "Clr"}', "a key stands twice"),
    "NaN": ('{"badge": NaN}', "NaN is not a JSON number"),
    "Infinity": ('{"badge": -Infinity}', "-Infinity is not a JSON number"),
    "overflow": ('{"badge": 1e999}', "a number is beyond every double"),
    "surrogate": ('{"badge": "\\ud800"}', "half of a surrogate pair"),
    "deep": ('{"badge": ' + "[" * 100 + "]" * 100 + "}", "more than 64 levels"),
    "bottomless": ('{"badge": ' + "[" * 10**5 + "]" * 10**5 + "}", "more than 64"),
    "long number": ('{"badge": ' + "9" * 5000 + "}", "a number is too long"),
    "cut off": ('{"badge": {"name": "x"}', "not JSON"),
    "large": ('{"badge": "' + "x" * 2_000_001 + '"}', "more than 2000000"),
}


@pytest.mark.parametrize("kind", BAD_JSON)
def test_a_line_that_means_two_things_or_too_much_is_set_aside_by_name(
    kind: str,
) -> None:
    text, reason = BAD_JSON[kind]
    found = read(lines(signed(badge_3()), text, KEY.jws(badge_2())))
    assert names(found) == ["Spreadsheets 1", "Welding"]
    assert found.bad["edit_id"].to_list() == ["F20"]
    assert found.bad["line"].to_list() == [2]
    assert reason in reasons(found)[0]


@pytest.mark.parametrize(
    ("content", "edit_id"),
    [
        (b"\xff\xfe{}", "F08"),
        (b'{"a": "\x00"}', "F20"),
        (b'[{"a": 1}, {"b": 2}', "F20"),
        (b'[{"a": 1}] tail', "F20"),
        (b"<html></html>", "F20"),
        (b"[" * 100_000, "F20"),
        (b'{\n"a": 1\n', "F20"),
    ],
)
def test_a_file_that_is_no_json_is_refused(content: bytes, edit_id: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        read(content, rows=1)
    assert [note.edit_id for note in refused.value.notes] == [edit_id]


def test_the_manifest_counts_documents() -> None:
    with pytest.raises(FileRefusedError) as refused:
        read(lines(signed(badge_3())), rows=2)
    assert refused.value.notes[0].edit_id == "F06"


@pytest.mark.parametrize("value", [None, 7, [], {}, "text", {"type": ["Person"]}])
def test_a_document_that_is_no_badge_is_named_as_such(value: object) -> None:
    content = json.dumps([value]).encode()
    found = read(content, rows=1)
    assert found.bad["edit_id"].to_list() == ["D05"]


def test_a_refusal_never_quotes_the_badge() -> None:
    badge = changed(signed(badge_3()), "validFrom", "2020-01-01T00:00:00Z")
    found = read(lines(badge, badge_2(), "{" + EMAIL + "}"))
    text = pl.concat_str([pl.col("value"), pl.col("raw")])
    assert EMAIL not in " ".join(found.bad.select(text).to_series())
    assert found.bad.height == 3
