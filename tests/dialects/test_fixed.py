"""Fixed-width files: positions hold, zeros stay, and a short record harms no other."""

from typing import Any

import pytest
from spoken import findings, refused, rows_of, source, spoken

from pipelines.dialects.layouts import read_layout
from pipelines.landing.reading.unpack import FileRefusedError

PERSON: dict[str, Any] = {
    "length": 38,
    "fields": [
        {"column": "student_id", "start": 1, "width": 9},
        {"column": "last_name", "start": 10, "width": 12},
        {"column": "birth_date", "start": 22, "width": 8, "date": "YYYYMMDD"},
        {"column": "sex", "start": 30, "width": 1, "codes": {1: "M", 2: "F"}},
        {
            "column": "high_school_grad_year",
            "start": 31,
            "width": 4,
            "decimals": 0,
            "null": "nines",
        },
        {"column": "birth_date_quality", "constant": "FULL"},
    ],
}
TERM_ROW: dict[str, Any] = {
    "length": 30,
    "fields": [
        {"column": "student_id", "start": 1, "width": 9},
        {"column": "term_code", "start": 10, "width": 6},
        {"column": "level", "constant": "UG"},
        {
            "column": "attempted",
            "start": 16,
            "width": 5,
            "decimals": 2,
            "null": "nines",
        },
        {"column": "earned", "start": 21, "width": 5, "decimals": 2, "null": "zeros"},
        {"column": "quality_points", "start": 26, "width": 5, "decimals": 1},
    ],
}
COLUMNS = ("student_id", "last_name", "birth_date", "sex", "high_school_grad_year")


def record(student: str, name: str, rest: str = "20040229120220000") -> str:
    return f"{student:<9}{name:<12}{rest:<17}"


def cut(
    records: list[str],
    codec: str = "cp1252",
    *,
    layout: dict[str, Any] = PERSON,
    rows: int | None = None,
    ending: str = "\r\n",
) -> Any:
    content = "".join(one + ending for one in records).encode(codec)
    count = len(records) if rows is None else rows
    one = source("person", content, count, encoding=codec, header=False)
    return spoken("fixed", [one], layouts={"person": layout})


def test_a_record_is_cut_by_the_layout_of_the_profile() -> None:
    found = cut(
        [record("001234567", "Nuñez", "20040229299990000"), record("12", "Lee")]
    )
    assert rows_of(found, "person", *COLUMNS) == [
        ("001234567", "Nuñez", "2004-02-29", "F", None),
        ("12", "Lee", "2004-02-29", "M", "2022"),
    ]
    assert rows_of(found, "person", "birth_date_quality") == ["FULL", "FULL"]
    assert refused(found) == []


@pytest.mark.parametrize("codec", ["cp1252", "latin-1", "utf-8", "utf-16"])
def test_letters_outside_ascii_move_no_position(codec: str) -> None:
    found = cut([record("1", "Ýmir-Ñañez"), record("2", "Strauß")], codec)
    assert rows_of(found, "person", "last_name", "sex") == [
        ("Ýmir-Ñañez", "M"),
        ("Strauß", "M"),
    ]


def test_positions_counted_in_bytes_hold_where_letters_are_two() -> None:
    layout = {**PERSON, "unit": "bytes"}

    def padded(name: str) -> str:
        missing = 12 - len(name.encode())
        return f"{'1':<9}{name}{' ' * missing}20040229120220000"

    found = cut([padded("Ñañez"), padded("Lee")], "utf-8", layout=layout)
    assert rows_of(found, "person", "last_name", "birth_date") == [
        ("Ñañez", "2004-02-29"),
        ("Lee", "2004-02-29"),
    ]


def test_a_position_inside_a_letter_is_a_finding_and_no_guess() -> None:
    layout = {**PERSON, "unit": "bytes"}
    torn = f"{'1':<9}{'ABCDEFGHIJK'}Ñ0040229120220000"
    good = record("2", "Lee")
    found = cut([torn, good], "utf-8", layout=layout)
    assert rows_of(found, "person", "student_id") == ["2"]
    assert findings(found, "person") == [("F08", 1)]


def test_a_record_of_another_length_is_a_finding_with_its_line() -> None:
    short, long = record("2", "Lee")[:-1], record("3", "Lee") + "x"
    found = cut([record("1", "Lee"), short, long, record("4", "Lee")])
    assert rows_of(found, "person", "student_id") == ["1", "4"]
    assert findings(found, "person") == [("F20", 2), ("F20", 3)]
    said = found.feeds["person"].bad["value"].to_list()
    assert said == [
        "37 characters where the layout has 38",
        "39 characters where the layout has 38",
    ]


def test_blanks_at_the_end_may_be_missing_where_the_layout_says_so() -> None:
    short = record("1", "Lee", "").rstrip()
    found = cut([short], layout={**PERSON, "trimmed": True})
    assert rows_of(found, "person", *COLUMNS) == [("1", "Lee", None, None, None)]


def test_decimals_are_implied_and_nulls_follow_the_rule_of_the_field() -> None:
    lines = [
        "001234567202610004500030000125",
        "001234567202620999990000000000",
        "001234567202630     0005012E45",
    ]
    content = "".join(f"{line}\n" for line in lines).encode()
    found = spoken(
        "fixed",
        [source("term_enrollment", content, 3)],
        layouts={"term_enrollment": TERM_ROW},
    )
    columns = ("term_code", "attempted", "earned", "quality_points")
    assert rows_of(found, "term_enrollment", *columns) == [
        ("202610", "4.50", "3.00", "12.5"),
        ("202620", None, None, "0.0"),
        ("202630", None, "0.50", "12E45"),
    ]


def test_a_value_that_is_no_date_stays_for_the_edit_to_name() -> None:
    found = cut([record("1", "Lee", "20041399120220000")])
    assert rows_of(found, "person", "birth_date") == ["20041399"]


TRAILED = {
    **PERSON,
    "trailer": {"begins": "TRL", "count_start": 4, "count_width": 6},
}


def test_the_trailer_counts_the_records_before_it() -> None:
    found = cut([record("1", "Lee"), "TRL000001"], layout=TRAILED, rows=1)
    assert rows_of(found, "person", "student_id") == ["1"]


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([record("1", "Lee")], "the trailer is missing: the file is cut off"),
        ([record("1", "Lee"), "TRL000002"], "the trailer says 2 rows"),
        ([record("1", "Lee"), "TRL      "], "the trailer says no number of rows"),
        ([], "the trailer is missing: the file is cut off"),
    ],
)
def test_a_wrong_or_missing_trailer_refuses_the_file(
    records: list[str], said: str
) -> None:
    with pytest.raises(FileRefusedError) as caught:
        cut(records, layout=TRAILED, rows=1)
    assert [(n.edit_id, n.value) for n in caught.value.notes] == [("F20", said)]


def test_fewer_records_than_the_manifest_says_refuse_the_file() -> None:
    with pytest.raises(FileRefusedError) as caught:
        cut([record("1", "Lee")], rows=2)
    assert [n.edit_id for n in caught.value.notes] == ["F06"]


def test_bytes_that_are_no_text_refuse_the_file_without_showing_it() -> None:
    content = record("1", "Lee").encode() + b"\n" + b"\x81" * 38 + b"\n"
    one = source("person", content, 2, encoding="cp1252")
    with pytest.raises(FileRefusedError) as caught:
        spoken("fixed", [one], layouts={"person": PERSON})
    (note,) = caught.value.notes
    assert (note.edit_id, note.line) == ("F08", 2)


def test_a_profile_without_the_layout_refuses_the_file() -> None:
    with pytest.raises(FileRefusedError) as caught:
        spoken("fixed", [source("person", b"x\n", 1)], layouts={})
    assert [n.edit_id for n in caught.value.notes] == ["D01"]


def test_an_ssn_in_the_place_of_the_student_id_goes_no_further() -> None:
    ids = {
        "length": 18,
        "fields": [
            {"column": "student_id", "start": 1, "width": 9},
            {"column": "id_value", "start": 10, "width": 9},
            {"column": "id_type", "constant": "SSN"},
        ],
    }
    people = (record("212345678", "Lee") + "\n" + record("000000012", "Kim")).encode()
    found = spoken(
        "fixed",
        [
            source("person", people, 2),
            source("person_identifier", b"212345678212345678\n", 1),
        ],
        layouts={"person": PERSON, "person_identifier": ids},
    )
    assert rows_of(found, "person", "student_id") == ["000000012"]
    assert findings(found, "person") == [("D03", 1)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": 8}, "student_id and last_name overlap"),
        ({"width": 30}, "last_name lies outside the record"),
        ({"decimals": 13}, "more decimals than digits"),
        ({"column": "student_id"}, "student_id is given twice"),
        ({"null": "eights"}, "null rule eights is not known"),
    ],
)
def test_an_impossible_layout_is_refused_with_its_reason(
    change: dict[str, Any], said: str
) -> None:
    fields = [dict(one) for one in PERSON["fields"]]
    fields[1] |= change
    with pytest.raises(ValueError, match=said):
        read_layout({**PERSON, "fields": fields})
