"""Whose badge it is follows from what was signed; the rest may only add to it."""

from typing import Any

import duckdb
import jinja2
import polars as pl
import pytest
from badge_samples import (
    EMAIL,
    KEY,
    LISTED,
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
from test_credentials import names, read, reasons
from test_open_badges import read as translated

from pipelines.contracts.load import load_contracts
from pipelines.contracts.polars import normalise, typed
from pipelines.dialects.source import ParsedTable, Translation
from pipelines.settings import DBT_PROJECT

WHOM = ("student_id", "recipient_email", "recipient_did")
EVE = "eve@mail.example.org"
WALLET = "did:key:z6MkOwner"
UNSIGNED = "the record around it is not signed, so its learner was not believed"
NOT_THE_SAME = "the record around it does not name the recipient that the badge names"
OTHER = "the delivery names another recipient than the badge"


def whom(found: ParsedTable) -> list[tuple[Any, ...]]:
    assert reasons(found) == []
    return found.frame.select(WHOM).rows()


def doubts(found: ParsedTable) -> list[str | None]:
    assert {(note.edit_id, note.severity) for note in found.notes} <= {("D08", "W")}
    assert all(note.line for note in found.notes)
    return [note.value for note in found.notes]


def of_nobody(number: int = 1) -> dict[str, Any]:
    badge = badge_3(number)
    del badge["credentialSubject"]["identifier"]
    return badge


def of_wallet() -> dict[str, Any]:
    return changed(of_nobody(), "credentialSubject/id", WALLET)


def record_of_eve(*badges: Any, sign: bool, key: Key = KEY) -> Any:
    """A CLR 2.0 that says all badges are Eve's, whose student id is A999."""
    record = clr_2(*badges, sign=False, key=key)
    record["credentialSubject"]["id"] = "did:key:z6MkEve"
    record["credentialSubject"]["identifier"] = [
        identity("emailAddress", EVE),
        identity("sisSourcedId", "A999"),
    ]
    return key.jws({"iss": key.did, "vc": record}) if sign else record


def record_1_of_eve(**more: Any) -> dict[str, Any]:
    return {
        **clr_1(**more),
        "learner": {"id": "urn:x:eve", "email": EVE, "studentId": "A999"},
    }


SIGNED_BADGES = {
    "address": (badge_3, (None, EMAIL, None)),
    "wallet": (of_wallet, (None, None, WALLET)),
    "nobody": (of_nobody, (None, None, None)),
    "student id": (
        lambda: badge_3(1, identity("sisSourcedId", "A001")),
        ("A001", None, None),
    ),
}


@pytest.mark.parametrize("kind", SIGNED_BADGES)
def test_an_unsigned_record_says_nothing_about_whose_badge_it_is(kind: str) -> None:
    make, own = SIGNED_BADGES[kind]
    found = read(lines(record_of_eve(signed(make()), sign=False)))
    assert whom(found) == [own]
    assert doubts(found) == [UNSIGNED]


@pytest.mark.parametrize("kind", SIGNED_BADGES)
def test_a_signed_record_never_replaces_whom_a_badge_was_signed_for(kind: str) -> None:
    make, own = SIGNED_BADGES[kind]
    found = read(lines(record_of_eve(signed(make()), sign=True)))
    if kind == "nobody":
        assert whom(found) == [("A999", EVE, "did:key:z6MkEve")]
        assert doubts(found) == []
    else:
        assert whom(found) == [own]
        assert doubts(found) == [NOT_THE_SAME]


def test_a_signed_record_adds_to_the_badge_of_its_own_learner() -> None:
    record = clr_2(signed(badge_3()), sign=False)
    record["credentialSubject"]["identifier"].append(identity("sisSourcedId", "A001"))
    hashed = badge_3(2, identity("emailAddress", EMAIL, hashed=True))
    record["credentialSubject"]["verifiableCredential"].append(signed(hashed))
    found = read(lines(KEY.jws({"iss": LISTED, "vc": record})))
    assert whom(found) == [("A001", EMAIL, "did:example:wallet")] * 2
    assert doubts(found) == []


def test_a_record_of_an_issuer_that_is_not_listed_gives_no_learner() -> None:
    stranger = Key("stranger", "did:web:stranger.example")
    found = read(lines(record_of_eve(signed(of_nobody()), sign=True, key=stranger)))
    assert names(found) == []
    assert reasons(found) == ["the issuer is not on the college's list"]


@pytest.mark.parametrize("hosted", ["refuse", "trust_delivery"])
def test_the_learner_of_an_unsigned_record_is_not_that_of_signed_assertions(
    hosted: str,
) -> None:
    bare = assertion_1()
    del bare["recipient"]
    tokens = [KEY.jws(bare), KEY.jws(assertion_1(2))]
    found = read(lines(record_1_of_eve(signedAssertions=tokens)), hosted=hosted)
    assert whom(found) == [(None, None, None), (None, EMAIL, None)]
    assert doubts(found) == [UNSIGNED, UNSIGNED]


def test_a_signed_clr_1_speaks_for_assertions_that_name_its_learner_or_none() -> None:
    bare, own, others = assertion_1(1), assertion_1(2), assertion_1(3)
    del bare["recipient"]
    own["recipient"] = {"type": "id", "identity": "urn:x:eve"}
    others["recipient"] = {"type": "id", "identity": "urn:x:ana"}
    record = record_1_of_eve(assertions=[bare, own, others, assertion_1(4)])
    found = read(lines(KEY.jws(record)))
    eves = ("A999", EVE, None)
    assert whom(found) == [eves, eves, (None, None, None), (None, EMAIL, None)]
    assert doubts(found) == [NOT_THE_SAME, NOT_THE_SAME]


def test_a_clr_1_gives_only_achievements_of_the_issuer_that_signed() -> None:
    foreign = changed(
        assertion_1(2), "achievement/issuer/id", "did:web:harvard.example"
    )
    foreign["achievement"]["issuer"]["name"] = "Harvard"
    by_url = changed(assertion_1(3), "achievement/issuer", "did:web:harvard.example")
    unnamed = assertion_1(4)
    del unnamed["achievement"]["issuer"]
    record = clr_1(assertion_1(1), foreign, by_url, unnamed)
    found = read(lines(KEY.jws(record), KEY.jws(foreign)))
    assert names(found) == ["Course 1", "Course 4"]
    assert found.frame["issuer_name"].to_list() == ["Badge Office"] * 2
    assert reasons(found) == [
        "its achievement is of another issuer than its signer",
        "its achievement is of another issuer than its signer",
        "the issuer is not on the college's list",
    ]


def test_an_unsigned_record_does_not_name_the_issuer_of_its_signed_assertions() -> None:
    unnamed = assertion_1()
    del unnamed["achievement"]["issuer"], unnamed["issuedOn"]
    record = clr_1(signedAssertions=[KEY.jws(unnamed)])
    record["publisher"]["name"] = "Harvard"
    (row,) = read(lines(record)).frame.to_dicts()
    assert row["issuer_name"] == "Badge Office"
    assert row["issued_on"] is None


SAID = {
    "another address": {"recipient_email": EVE, "student_id": "A999"},
    "another student id": {"student_id": "A999"},
}


@pytest.mark.parametrize("said", SAID)
def test_a_line_that_names_another_recipient_adds_nothing_about_it(said: str) -> None:
    both = (identity("emailAddress", EMAIL), identity("sisSourcedId", "A001"))
    line = {"credential": signed(badge_3(1, *both)), "state": "accepted", **SAID[said]}
    found = read(lines(line))
    assert whom(found) == [("A001", EMAIL, None)]
    assert doubts(found) == [OTHER]
    assert found.frame["status"].to_list() == ["ACCEPTED"]


def test_a_badge_has_one_recipient_one_achievement_one_class() -> None:
    badge = badge_3()
    subject = badge["credentialSubject"]
    other = {**subject, "id": "urn:uuid:00000000-0000-4000-9000-000000000077"}
    two = {**badge, "credentialSubject": [subject, other]}
    one = {**badge, "id": "urn:uuid:1", "credentialSubject": [subject]}
    achievements = changed(
        badge, "credentialSubject/achievement", [subject["achievement"]] * 2
    )
    recipients = badge_2(recipient=[badge_2()["recipient"]] * 2)
    found = read(
        lines(
            signed(two),
            KEY.jws({**two, "iss": LISTED}),
            KEY.jws({**achievements, "iss": LISTED}),
            KEY.jws(recipients),
            KEY.jws({"iss": LISTED, "vc": clr_2(signed(two), signed(one), sign=False)}),
        )
    )
    assert names(found) == ["Spreadsheets 1"]
    assert reasons(found) == [
        "it has several recipients",
        "it has several recipients",
        "it has several achievements",
        "it has several recipients",
        "it has several recipients",
    ]
    assert set(found.bad["edit_id"]) == {"D07"}


OWN_IDS = {
    "urn:uuid:0000-01": ["urn:uuid:0000-01", "0000-01"],
    "https://b.example/assertions/11": ["https://b.example/assertions/11", "11"],
    "https://b.example/assertions/aB1?v=2_0": ["aB1"],
}


@pytest.mark.parametrize("full", OWN_IDS)
def test_beside_a_badge_stands_its_whole_id_or_the_last_part_of_it(full: str) -> None:
    badge = KEY.jws(badge_2(id=full))
    for own in OWN_IDS[full]:
        found = read(lines({"credential": badge, "id": own}))
        assert found.frame["assertion_id"].to_list() == [own]
    for other in ("1", "01", "ssertions/11", "", "0", "another"):
        found = read(lines({"credential": badge, "id": other or "x"}))
        assert found.bad["edit_id"].to_list() == ["D07"]


def test_one_id_beside_two_badges_is_neithers() -> None:
    first, second, third = (
        KEY.jws(badge_2(id=f"https://{host}.example/assertions/{number}"))
        for host, number in (("a", 1), ("b", 1), ("a", 2))
    )
    found = read(
        lines(
            {"credential": first, "id": "1"},
            {"credential": third, "id": "2"},
            {"credential": second, "id": "1"},
            {"credential": third, "id": "2", "state": "accepted"},
        )
    )
    assert found.frame["assertion_id"].to_list() == ["2", "2"]
    assert reasons(found) == ["one id stands for several badges"] * 2
    assert set(found.bad["edit_id"]) == {"D07"}
    assert found.bad["line"].to_list() == [1, 3]


# From the platform's file to the learner ------------------------------------------


def credited(found: Translation, **people: str) -> dict[str, tuple[str | None, ...]]:
    """Badge to learner and reason, by the model, for people with these addresses."""
    feed = load_contracts().feeds["badge"]
    sent = found.feeds["badge"].frame.select(c.source_name for c in feed.columns)
    badges = typed(feed, normalise(feed, sent)).with_columns(
        institution_code=pl.lit("SNEAD")
    )
    persons = pl.DataFrame(
        [("SNEAD", student, email, None) for student, email in people.items()],
        schema=["institution_code", "student_id", "email_college", "email_personal"],
        schema_overrides={"email_personal": pl.String},
        orient="row",
    )
    learners = persons.select("institution_code", "student_id").with_columns(
        learner_id=pl.lit("learner of ") + pl.col("student_id")
    )
    model = DBT_PROJECT / "models/identity/idn_badge_recipient.sql"
    sql = jinja2.Template(model.read_text(encoding="utf-8")).render(ref=lambda x: x)
    with duckdb.connect() as con:
        con.register("stg_badge", badges)
        con.register("stg_person", persons)
        con.register("idn_college_student", learners)
        rows = con.sql(sql).fetchall()
    return {badge.rpartition("-")[2][-1]: tuple(who) for _, _, badge, *who in rows}


def test_a_forged_record_leads_no_badge_to_another_learner() -> None:
    found = translated(
        record_of_eve(
            signed(changed(badge_3(1), "credentialSubject/id", WALLET)), sign=False
        ),
        record_of_eve(signed(of_nobody(2)), sign=False),
    )
    assert credited(found, A001=EMAIL, A999=EVE) == {
        "1": ("learner of A001", "email"),
        "2": (None, None),
    }
    assert found.feeds["person_identifier"].frame.height == 0
    assert [(note.edit_id, note.severity, note.line) for note in found.notes] == [
        ("D08", "W", 1),
        ("D08", "W", 2),
    ]


def test_a_platforms_student_id_counts_unless_the_signed_address_is_anothers() -> None:
    says_a001 = {"student_id": "A001"}
    found = translated(
        {"credential": signed(badge_3(1)), **says_a001},
        {
            "credential": signed(badge_3(2, identity("emailAddress", EVE))),
            **says_a001,
        },
        {
            "credential": signed(badge_3(3, identity("emailAddress", "new@x.org"))),
            **says_a001,
        },
        signed(badge_3(4)),
    )
    assert found.feeds["badge"].frame["student_id"].to_list() == [*["A001"] * 3, None]
    assert credited(found, A001=EMAIL, A999=EVE) == {
        "1": ("learner of A001", "student_id"),
        "2": (None, None),
        "3": ("learner of A001", "student_id"),
        "4": ("learner of A001", "email"),
    }


def test_a_second_listed_issuer_does_not_speak_for_the_first() -> None:
    second = Key("second", "did:web:second.example")
    record = record_of_eve(badge_3(1), sign=True, key=second)
    found = read(lines(record), issuers=[listed(), listed(second)])
    assert reasons(found) == ["a badge of the record has no proof of its own"]
