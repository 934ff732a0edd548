"""Badges of a platform as rows of ``badge``, and what they never do to identity."""

from dataclasses import replace
from datetime import date
from hashlib import md5, sha256
from typing import Any

from badge_samples import (
    EMAIL,
    SALT,
    Key,
    badge_3,
    changed,
    clr_2,
    identity,
    lines,
    listed,
    signed,
)

from pipelines.contracts.load import load_contracts
from pipelines.contracts.polars import normalise, typed
from pipelines.dialects.source import Source, Translation
from pipelines.dialects.translate import translate
from pipelines.landing.package.manifest import DeclaredFile

AS_OF = date(2026, 9, 1)
WALLET = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"


def read(*documents: Any, emails: tuple[str, ...] = (), **settings: Any) -> Translation:
    """What landing makes of JSON Lines of a college that lists ``KEY``."""
    content = lines(*documents)
    declared = DeclaredFile(
        feed="credential",
        name="badges.jsonl",
        rows=len(documents),
        bytes=len(content),
        sha256=sha256(content).hexdigest(),
    )
    contracts = load_contracts()
    own = {"open_badges": {"issuers": [listed()], **settings}}
    college = replace(contracts.colleges["SNEAD"], dialect_settings=own)
    dialect = contracts.dialects["open_badges"]
    return translate(
        dialect, [Source(declared, content)], college, AS_OF, contracts, emails
    )


def rows(found: Translation, feed: str, *columns: str) -> list[Any]:
    frame = found.feeds[feed].frame.select(columns)
    return frame.to_series().to_list() if len(columns) == 1 else frame.rows()


def of_wallet(number: int, wallet: str = WALLET) -> dict[str, Any]:
    return signed(changed(badge_3(number), "credentialSubject/id", wallet))


def test_a_badge_is_a_row_of_the_feed_in_its_types() -> None:
    found = read(signed(badge_3()))
    feed = load_contracts().feeds["badge"]
    sent = found.feeds["badge"].frame.select(c.source_name for c in feed.columns)
    (row,) = typed(feed, normalise(feed, sent)).to_dicts()
    assert row["platform"] == "CREDLY"
    assert row["badge_assertion_id"] == "00000000-0000-4000-8000-000000000001"
    assert row["badge_class_id"] == "https://badges.college.example/classes/1"
    assert row["issued_on"] == date(2026, 3, 1)
    assert row["expires_on"] == date(2029, 3, 1)
    assert row["status"] == "ISSUED"
    assert row["skills"] == "Excel; Data"
    assert row["ob_version"] == "3.0"


def test_a_badge_past_its_last_day_has_expired() -> None:
    past = changed(badge_3(), "validUntil", "2026-08-31T00:00:00Z")
    assert rows(read(signed(past)), "badge", "status") == ["EXPIRED"]


def test_badges_of_one_record_stand_on_one_line_and_none_is_lost() -> None:
    found = read(clr_2(signed(badge_3(1)), signed(badge_3(2))), signed(badge_3(3)))
    assert sorted(rows(found, "badge", "_line")) == [1, 1, 2]
    assert [note for note in found.notes if note.severity == "F"] == []


def test_what_is_not_accepted_is_quarantined_with_the_reason_and_counted() -> None:
    stranger = Key("stranger", "did:web:stranger.example")
    foreign = badge_3(2)
    foreign["issuer"]["id"] = stranger.did
    found = read(signed(badge_3()), signed(foreign, stranger), "{nonsense}")
    bad = found.feeds["badge"].bad.sort("line")
    assert bad["edit_id"].to_list() == ["D05", "F20"]
    assert bad["value"][0] == "the issuer is not on the college's list"
    (account,) = found.accounts
    assert (account.rows_read, account.used, account.unreadable) == (3, 1, 2)


def test_two_bad_badges_of_one_record_do_not_upset_the_account() -> None:
    name = "credentialSubject/achievement/name"
    two_bad = [changed(signed(badge_3(number)), name, "Surgery") for number in (1, 2)]
    found = read(clr_2(*two_bad, signed(badge_3(3))))
    assert rows(found, "badge", "badge_name") == ["Spreadsheets 3"]
    assert found.feeds["badge"].bad["edit_id"].to_list() == ["D05", "D05"]
    assert [note for note in found.notes if note.severity == "F"] == []


def test_a_hashed_recipient_is_resolved_among_the_colleges_own_addresses() -> None:
    by_sha = identity("emailAddress", EMAIL, hashed=True)
    digest = md5((EMAIL + SALT).encode(), usedforsecurity=False).hexdigest()
    by_md5 = {**by_sha, "identityHash": f"md5${digest}"}
    badges = [signed(badge_3(1, by_sha)), signed(badge_3(2, by_md5))]
    known = read(*badges, emails=("other@mail.example.org", EMAIL))
    assert rows(known, "badge", "recipient_email") == [EMAIL, EMAIL]
    unknown = read(*badges, emails=("other@mail.example.org",))
    # Null where the contract wants a value: the row goes to quarantine by itself.
    assert rows(unknown, "badge", "recipient_email") == [None, None]


def test_a_wallet_is_noted_only_beside_a_student_id_of_the_platform() -> None:
    alone = of_wallet(1)
    beside = {"credential": of_wallet(2), "student_id": "A001"}
    again = {"credential": of_wallet(3), "student_id": "A001"}
    found = read(alone, beside, again)
    assert rows(found, "person_identifier", "student_id", "id_type", "id_value") == [
        ("A001", "WALLET_DID", WALLET)
    ]
    assert sorted(rows(found, "badge", "student_id"), key=str) == [
        "A001", "A001", None,
    ]  # fmt: skip


def test_one_wallet_or_address_never_gives_another_badge_its_student() -> None:
    # The same wallet and address on both; the platform knows one of them.
    named = {"credential": of_wallet(1), "student_id": "A001"}
    found = read(named, of_wallet(2), emails=(EMAIL,))
    by_line = sorted(rows(found, "badge", "_line", "student_id", "recipient_email"))
    assert by_line == [(1, "A001", EMAIL), (2, None, EMAIL)]
