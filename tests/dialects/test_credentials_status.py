"""A withdrawn badge arrives as REVOKED where its issuer's list came with it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from badge_samples import (
    KEY,
    LISTED,
    Key,
    assertion_1,
    badge_2,
    badge_3,
    changed,
    clr_1,
    clr_2,
    lines,
    listed,
    signed,
)
from openbadgeslib.ob3.status_list import build_status_list_credential, status_entry
from test_credentials import names, read, reasons
from test_open_badges import read as translated
from test_open_badges import rows

from pipelines.dialects.source import ParsedTable
from pipelines.publishing.contexts import CREDENTIALS_V2

LIST = "https://badges.college.example/status/1"
OTHER = Key("other", "did:web:other.example")
NO_LIST = "the issuer's status list did not come with it"
EXPIRED = "the issuer's status list that came has expired"
UNREADABLE = "its status is of a kind that cannot be read"


def with_status(number: int, index: int, purpose: str = "revocation") -> dict[str, Any]:
    return {**badge_3(number), "credentialStatus": status_entry(LIST, purpose, index)}


def status_list(
    *indices: int,
    key: Key = KEY,
    purpose: str = "revocation",
    until: datetime | None = None,
) -> dict[str, Any]:
    made = build_status_list_credential(
        key.did,
        LIST,
        purpose,
        indices,
        issued=datetime(2026, 8, 1, tzinfo=UTC),
        valid_until=until,
    )
    return signed(made, key, (CREDENTIALS_V2,))


def states(found: ParsedTable) -> list[str | None]:
    assert reasons(found) == []
    return found.frame["status"].to_list()


def doubts(found: ParsedTable) -> list[tuple[str | None, int, int | None]]:
    assert {(note.edit_id, note.severity) for note in found.notes} <= {("D09", "W")}
    return [(note.value, note.count, note.line) for note in found.notes]


def test_a_badge_whose_status_nobody_can_check_counts_with_one_warning() -> None:
    found = read(lines(badge := signed(with_status(1, 4)), signed(badge_3(2)), badge))
    assert states(found) == [None, None, None]
    assert doubts(found) == [(NO_LIST, 2, 1)]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("form", ["proof", "jws", "vc"])
def test_a_revoked_badge_is_revoked_wherever_its_list_stands(
    form: str, first: bool
) -> None:
    made = status_list(4)
    bare = {name: value for name, value in made.items() if name != "proof"}
    told: Any = {
        "proof": made,
        "jws": KEY.jws({**bare, "iss": LISTED, "jti": LIST}),
        "vc": KEY.jws({"iss": LISTED, "vc": bare}),
    }[form]
    badges = [signed(with_status(1, 4)), signed(with_status(2, 5))]
    found = read(lines(*([told, *badges] if first else [*badges, told])))
    assert states(found) == ["REVOKED", None]
    assert doubts(found) == []


def test_a_list_of_the_older_kind_is_read_too() -> None:
    made = status_list(4)
    bare = {name: value for name, value in made.items() if name != "proof"}
    bare["type"] = ["VerifiableCredential", "StatusList2021Credential"]
    badge = changed(with_status(1, 4), "credentialStatus/type", "StatusList2021Entry")
    found = read(lines(KEY.jws({**badge, "iss": LISTED}), KEY.jws(bare)))
    assert states(found) == ["REVOKED"]


@pytest.mark.parametrize("key", [OTHER, Key("stranger", "did:web:stranger.example")])
def test_a_list_of_anybody_else_neither_revokes_nor_clears(key: Key) -> None:
    content = lines(status_list(4, key=key), signed(with_status(1, 4)))
    found = read(content, issuers=[listed(), listed(OTHER)])
    assert found.frame["status"].to_list() == [None]
    assert doubts(found) == [(NO_LIST, 1, 2)]


def test_a_forged_list_is_not_believed() -> None:
    cleared = changed(
        status_list(4),
        "credentialSubject/encodedList",
        status_list()["credentialSubject"]["encodedList"],
    )
    found = read(lines(cleared, signed(with_status(1, 4))))
    assert "signature does not match" in reasons(found)[0]
    assert doubts(found) == [(NO_LIST, 1, 2)]


def test_a_status_taken_out_of_a_badge_breaks_its_signature() -> None:
    badge = signed(with_status(1, 4))
    del badge["credentialStatus"]
    assert names(read(lines(badge, status_list(4)))) == []


def test_of_two_lists_one_that_revokes_is_enough_and_an_old_one_clears_nothing() -> (
    None
):
    badges = [signed(with_status(1, 4)), signed(with_status(2, 5))]
    old = status_list(4, until=datetime(2026, 8, 31, tzinfo=UTC))
    aged = read(lines(*badges, old))
    assert states(aged) == ["REVOKED", None]
    assert doubts(aged) == [(EXPIRED, 1, 2)]
    renewed = read(lines(*badges, old, status_list()))
    assert states(renewed) == ["REVOKED", None]
    assert doubts(renewed) == []


def test_a_suspended_badge_is_revoked_as_long_as_it_is_suspended() -> None:
    badge = signed(with_status(1, 4, "suspension"))
    assert states(read(lines(badge, status_list(4, purpose="suspension")))) == [
        "REVOKED"
    ]
    lifted = read(lines(badge, status_list(purpose="suspension")))
    assert (states(lifted), doubts(lifted)) == ([None], [])
    # A list of another purpose says nothing about suspension.
    other = read(lines(badge, status_list(4)))
    assert (states(other), doubts(other)) == ([None], [(NO_LIST, 1, 1)])


@pytest.mark.parametrize(
    "change",
    [
        {"type": "1EdTechRevocationList"},
        {"statusListIndex": "-1"},
        {"statusListIndex": "many"},
        {"statusListIndex": "131072"},
        {"statusSize": 2},
    ],
)
def test_a_status_that_cannot_be_read_is_said(change: dict[str, Any]) -> None:
    badge = with_status(1, 4)
    badge["credentialStatus"] |= change
    found = read(lines(KEY.jws({**badge, "iss": LISTED}), status_list(4)))
    assert states(found) == [None]
    assert doubts(found) == [(UNREADABLE, 1, 1)]


@pytest.mark.parametrize("encoded", ["", "u", "uAAAA", "no list", 7])
def test_a_list_that_cannot_be_read_is_not_accepted(encoded: Any) -> None:
    bare = {name: value for name, value in status_list(4).items() if name != "proof"}
    broken = changed(bare, "credentialSubject/encodedList", encoded)
    found = read(lines(KEY.jws(broken), signed(with_status(1, 4))))
    assert reasons(found) == ["the status list cannot be read"]


def test_the_platforms_word_on_the_state_is_enough() -> None:
    badge = {"credential": signed(with_status(1, 4)), "state": "accepted"}
    alone = read(lines(badge))
    assert (states(alone), doubts(alone)) == (["ACCEPTED"], [])
    assert states(read(lines(badge, status_list(4)))) == ["REVOKED"]


def test_badges_that_lean_on_their_record_are_revoked_with_it() -> None:
    record = clr_2(badge_3(1), with_status(2, 9), sign=False)
    record["credentialStatus"] = status_entry(LIST, "revocation", 4)
    proven = clr_2(signed(badge_3(3)), sign=False)
    proven["credentialStatus"] = status_entry(LIST, "revocation", 4)
    told = [KEY.jws({"iss": LISTED, "vc": one}) for one in (record, proven)]
    assert states(read(lines(*told, status_list(4)))) == ["REVOKED", "REVOKED", None]
    assert states(read(lines(*told, status_list(9)))) == [None, "REVOKED", None]


REVOKED_2 = {
    "type": "RevocationList",
    "id": "https://badges.college.example/revoked",
    "issuer": LISTED,
    "revokedAssertions": [{"id": "https://badges.college.example/assertions/2"}],
}


def test_a_revocation_list_of_open_badges_2_revokes_what_it_names() -> None:
    names_list = changed(
        badge_2(), "badge/issuer/revocationList", "https://badges.college.example/r"
    )
    other = {**names_list, "id": "https://badges.college.example/assertions/3"}
    badges = [KEY.jws(names_list), KEY.jws(other)]
    without = read(lines(*badges))
    assert (states(without), doubts(without)) == ([None, None], [(NO_LIST, 2, 1)])
    for told, settings in (
        (KEY.jws(REVOKED_2), {}),
        (REVOKED_2, {"hosted": "trust_delivery"}),
    ):
        found = read(lines(*badges, told), **settings)
        assert (states(found), doubts(found)) == (["REVOKED", None], [])
    unsigned = read(lines(*badges, REVOKED_2))
    assert reasons(unsigned) == ["no signature, and deliveries are not trusted"]
    assert unsigned.frame["status"].to_list() == [None, None]
    theirs = OTHER.jws({**REVOKED_2, "issuer": OTHER.did})
    found = read(lines(*badges, theirs), issuers=[listed(), listed(OTHER)])
    assert states(found) == [None, None]


@pytest.mark.parametrize("flag", [True, "true", "TRUE", 1, "2026-08-01"])
def test_a_revoked_flag_counts_however_it_is_written(flag: Any) -> None:
    revoked = {**assertion_1(), "revoked": flag}
    content = lines(KEY.jws(badge_2(revoked=flag)), KEY.jws(clr_1(revoked)))
    assert states(read(content)) == ["REVOKED", "REVOKED"]
    for denial in (False, "false", None):
        assert states(read(lines(KEY.jws(badge_2(revoked=denial))))) == [None]


def test_a_list_becomes_no_badge_and_is_accounted_for() -> None:
    found = translated(signed(with_status(1, 4)), status_list(4), badge_2())
    assert rows(found, "badge", "status") == ["REVOKED"]
    accounts = {
        one.table: (one.rows_read, one.used, one.unreadable) for one in found.accounts
    }
    assert accounts == {"credential": (2, 1, 1), "status_list": (1, 1, 0)}
    assert found.notes == []


def test_what_could_not_be_checked_is_a_warning_of_the_feed_and_its_file() -> None:
    (note,) = translated(signed(badge_3(1)), signed(with_status(2, 4))).notes
    assert (note.edit_id, note.severity, note.feed) == ("D09", "W", "badge")
    assert (note.file, note.line, note.count) == ("badges.jsonl", 2, 1)
