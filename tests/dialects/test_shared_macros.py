"""What every dialect reads alike: Oracle's dates, CIP codes, flags, typed numbers."""

from datetime import date

import duckdb
import pytest

from pipelines.dialects.macros import SHARED


def said(expression: str, *values: str, system: str = "ACCS") -> object:
    with duckdb.connect() as con:
        con.execute(SHARED)
        con.execute("set variable as_of = cast(? as date)", [date(2026, 9, 1)])
        con.execute("set variable system = ?", [system])
        (found,) = con.execute(f"select {expression}", list(values)).fetchall()
    return found[0]


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("15-AUG-23", "2023-08-15"),
        ("15-AUG-23 00:00:00", "2023-08-15"),
        ("15-AUG-2023 00:00:00", "2023-08-15"),
        ("15-AUG-23 12.00.00.000000 AM", "2023-08-15"),
        # As RR pivots until 2049.
        ("01-JAN-49", "2049-01-01"),
        ("01-JAN-50 00:00:00", "1950-01-01"),
        ("31-FEB-23 00:00:00", "31-FEB-23 00:00:00"),
        ("15-AUG-23 noon", "15-AUG-23 noon"),
    ],
)
def test_a_day_of_oracle_is_read_with_and_without_its_time(
    sent: str, meant: str
) -> None:
    assert said("oracle_date(?)", sent) == meant


@pytest.mark.parametrize(
    ("sent", "meant"),
    [("02-SEP-26 00:00:00", "1926-09-02"), ("01-JAN-49", "1949-01-01")],
)
def test_a_birth_is_never_after_the_package(sent: str, meant: str) -> None:
    assert said("oracle_birth(?)", sent) == meant


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("513801", "51.3801"),
        ("51.3801", "51.3801"),
        ("10101", "01.0101"),
        ("1.0101", "01.0101"),
        ("NURSING", "NURSING"),
    ],
)
def test_a_cip_code_has_its_point_and_its_zero_again(sent: str, meant: str) -> None:
    assert said("cip_of(?)", sent) == meant


@pytest.mark.parametrize(
    ("sent", "meant"), [("y", "Y"), ("1", "Y"), ("NO", "N"), ("maybe", "maybe")]
)
def test_a_flag_nobody_agreed_stays_for_the_edit_to_name(sent: str, meant: str) -> None:
    assert said("yes_no(?)", sent) == meant


@pytest.mark.parametrize(
    ("system", "digits", "kind"),
    [
        ("ACCS", "990104233", "PSEUDO_SSN"),
        ("TBR", "990104233", "SSN"),
        ("TBR", "986838882", "ITIN"),
        ("ACCS", "815562596", "SSN"),
        ("ACCS", "2596", "SSN_LAST4"),
        ("ACCS", "T00104233", "OTHER"),
        ("ACCS", "12345678", "OTHER"),
    ],
)
def test_what_stands_for_an_ssn_is_typed_by_its_digits(
    system: str, digits: str, kind: str
) -> None:
    assert said("ssn_type(?)", digits, system=system) == kind
