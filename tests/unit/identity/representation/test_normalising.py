"""As sent to comparable, one rule at a time."""

from datetime import date

import duckdb
import pytest

from pipelines.identity.representation.collect import prepare
from pipelines.identity.representation.columns import (
    COLUMNS,
    HEAD,
    IDENTIFIERS,
    SENT,
)
from pipelines.identity.representation.normalise import normalised


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as con:
        prepare(con)
        yield con


def comparable(con, column, **sent):
    sent.setdefault("birth_date_quality", "FULL")
    sent.setdefault("last_name", "Doe")
    columns = ", ".join(
        f"${name}::{'date' if name == 'birth_date' else 'varchar'} as {name}"
        if name in sent
        else f"null::{'date' if name == 'birth_date' else 'varchar'} as {name}"
        for name in (*HEAD, *SENT, *IDENTIFIERS)
    )
    select = normalised("one_row")
    con.execute(f"create or replace temp table one_row as select {columns}", sent)
    found = con.execute(f"select {column} from ({select})").fetchall()
    assert len(found) == 1
    return found[0][0]


@pytest.mark.parametrize(
    ("sent", "family", "suffix"),
    [
        ("Smith Jr", "smith", "jr"),
        ("SMITH,JR.", "smith", "jr"),
        ("Smith III", "smith", "iii"),
        ("O'Neal", "oneal", None),
        ("O NEAL", "oneal", None),
        ("ONeal", "oneal", None),
        ("García-López", "garcialopez", None),
        ("de la Cruz", "delacruz", None),
        ("Łukasiewicz", "lukasiewicz", None),
        ("Sr", "sr", None),
        ("Li", "li", None),
    ],
)
def test_last_names(con, sent, family, suffix):
    assert comparable(con, "n_family", last_name=sent) == family
    assert comparable(con, "n_suffix", last_name=sent) == suffix


def test_the_words_of_a_double_surname_are_kept(con):
    assert comparable(con, "n_family_parts", last_name="Garcia-Lopez") == [
        "garcia",
        "lopez",
    ]
    assert comparable(con, "n_family_parts", last_name="de la Cruz") == ["delacruz"]


@pytest.mark.parametrize(
    ("first", "last"),
    [(None, "Suharto"), ("FNU", "Suharto"), ("Suharto", "LNU"), ("Suharto", ".")],
)
def test_a_single_name_is_the_family_name_wherever_it_came(con, first, last):
    named = {"first_name": first, "last_name": last}
    assert comparable(con, "n_family", **named) == "suharto"
    assert comparable(con, "n_given", **named) is None


def test_short_forms_lead_to_the_names_they_stand_for(con):
    assert comparable(con, "n_given_roots", first_name="Bill") == ["bill", "william"]
    assert comparable(con, "n_given_roots", first_name="Jayden") == ["jayden"]


@pytest.mark.parametrize(
    ("quality", "born", "day", "month"),
    [
        ("FULL", date(2003, 4, 9), "2003-04-09", "2003-04"),
        ("YEAR_MONTH", date(2003, 4, 1), None, "2003-04"),
        ("YEAR", date(2003, 1, 1), None, None),
        ("UNKNOWN", None, None, None),
        ("FULL", date(1900, 1, 1), None, None),
    ],
)
def test_birth_dates_are_as_exact_as_they_say(con, quality, born, day, month):
    sent = {"birth_date": born, "birth_date_quality": quality}
    assert comparable(con, "n_birth", **sent) == day
    assert comparable(con, "n_birth_month", **sent) == month


@pytest.mark.parametrize(
    ("column", "sent", "expected"),
    [
        ("n_phone", {"phone": "+1 (205) 555-0147"}, "2055550147"),
        ("n_phone", {"phone": "205-555-0147 x12"}, "5555014712"),
        ("n_phone", {"phone": "555-0147"}, None),
        ("n_phone", {"phone": "205-000-0000"}, None),
        ("n_email", {"email_personal": " Anna.K+news@Mail.Example "},
         "anna.k@mail.example"),
        ("n_email", {"email_personal": "none"}, None),
        ("n_email", {"email_identifier": "a@b.example"}, "a@b.example"),
        ("n_zip", {"postal_code": "35010-1234"}, "35010"),
        ("n_zip", {"postal_code": "3501"}, None),
        ("n_address",
         {"address_line1": "12 North Oak Street.", "postal_code": "35010-1234"},
         "12 n oak st|35010"),
        ("n_address", {"address_line1": "12 Oak St"}, None),
        ("n_school", {"high_school_code": "010042"}, "10042"),
        ("n_sex", {"sex": "U"}, None),
        ("n_state_k12_id", {"state_k12_id": "0192385544"}, "192385544"),
        ("n_state_k12_id", {"state_k12_id": "1.92E+08"}, None),
        ("n_state_k12_id", {"state_k12_id": "999999999"}, None),
        ("n_state_ps_id", {"state_ps_id": "al-00012345"}, "AL00012345"),
        ("n_ssn", {"ssn": "hmac-sha256:0a"}, "hmac-sha256:0a"),
        ("n_ssn", {"itin": "hmac-sha256:0b"}, "hmac-sha256:0b"),
    ],
)  # fmt: skip
def test_contact_address_school_and_numbers(con, column, sent, expected):
    assert comparable(con, column, **sent) == expected


def test_every_column_is_there(con):
    con.execute(
        "create or replace temp table one_row as select "
        + ", ".join(
            f"null::{'date' if name == 'birth_date' else 'varchar'} as {name}"
            for name in (*HEAD, *SENT, *IDENTIFIERS)
        )
    )
    found = con.execute(f"from ({normalised('one_row')})").description
    assert [column[0] for column in found] == list(COLUMNS)[:-1]
