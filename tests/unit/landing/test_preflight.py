"""Records are counted, located and judged on bytes alone."""

import csv
import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.landing.reading.preflight import preflight

FIELD = st.text(alphabet=st.sampled_from('ab,"\n\r é;'), min_size=0, max_size=6)


def _quoted(value: str, *, always: bool) -> str:
    if always or any(mark in value for mark in ',"\n\r'):
        return '"' + value.replace('"', '""') + '"'
    return value


@st.composite
def _rfc4180(draw: st.DrawFn) -> tuple[str, int]:
    columns = draw(st.integers(2, 4))
    row = st.lists(FIELD, min_size=columns, max_size=columns)
    rows = draw(st.lists(row, max_size=12))
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    header = ",".join(f"c{number}" for number in range(columns))
    lines = [header] + [
        ",".join(_quoted(value, always=draw(st.booleans())) for value in values)
        for values in rows
    ]
    final = ending if draw(st.booleans()) else ""
    return ending.join(lines) + final, len(rows)


@settings(max_examples=300, deadline=None)
@given(_rfc4180())
def test_the_count_agrees_with_pythons_reader_on_any_rfc_4180_text(
    text: tuple[str, int],
) -> None:
    content, rows = text
    read = [row for row in csv.reader(io.StringIO(content, newline="")) if row]
    found = preflight(content.encode(), "utf-8", ",", '"')

    assert found.notes == []
    assert found.records == len(read) - 1 == rows
    assert found.bad.is_empty()
    assert found.body.count(b"\n") + found.body.count(b"\r") >= min(rows, 1)


@settings(max_examples=300, deadline=None)
@given(_rfc4180())
def test_each_line_number_is_where_its_record_starts(text: tuple[str, int]) -> None:
    content, _ = text
    found = preflight(content.encode(), "utf-8", ",", '"')

    reader = csv.reader(io.StringIO(content, newline=""))
    starts, line = [], 1
    for row in reader:
        if row:
            starts.append(line)
        line = reader.line_num + 1
    assert found.lines.to_list() == starts[1:]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_whatever_are_judged_and_no_record_is_lost(content: bytes) -> None:
    found = preflight(b"a,b\n" + content, "utf-8", ",", '"')
    if not found.refused:
        bad = found.bad["line"].n_unique()
        assert found.records == len(found.lines) + bad


def test_blank_lines_are_no_records_and_still_count_as_lines() -> None:
    found = preflight(b"a,b\n\n1,2\n\r\n\n3,4\n\n", "utf-8", ",", '"')
    assert found.records == 2
    assert found.lines.to_list() == [3, 6]
    assert found.body == b"1,2\n3,4\n"


def test_a_last_line_without_line_break_is_a_record_when_it_is_whole() -> None:
    found = preflight(b"a,b\n1,2\n3,4", "utf-8", ",", '"')
    assert (found.records, found.notes) == (2, [])
    assert preflight(b"a,b\n1,2\n3", "utf-8", ",", '"').notes[0].edit_id == "F20"


def test_a_record_with_two_faults_is_one_record_with_two_findings() -> None:
    rows = b"".join(b"x,y\n" for _ in range(300))
    found = preflight(b"a,b\n" + rows + b'1,2,\xe9"\n', "utf-8", ",", '"')
    # One quote alone is never closed, so the file is refused.
    assert [note.edit_id for note in found.notes] == ["F20"]
    found = preflight(b"a,b\n" + rows + b'1,2,\xe9""\n', "utf-8", ",", '"')
    assert found.records == 301
    assert sorted(found.bad["edit_id"].to_list()) == ["F08", "F20", "F20"]
    assert found.bad["line"].unique().to_list() == [302]
    assert found.bad["raw"].unique().to_list() == ['1,2,�""']


def test_without_quoting_a_quote_is_a_letter() -> None:
    found = preflight(b'a|b\n1|5"\n2|"x\n', "utf-8", "|", None)
    assert (found.records, found.notes, found.bad.height) == (2, [], 0)


def test_a_trailer_is_compared_and_is_no_record() -> None:
    text = b"a|b|c\n1|2|3\nTRAILER|1\n"
    found = preflight(text, "utf-8", "|", None)
    assert (found.records, found.notes) == (1, [])
    wrong = preflight(text.replace(b"R|1", b"R|2"), "utf-8", "|", None)
    assert wrong.notes[0].value == "the trailer says 2 rows"


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (b"3|4|5\n", "the trailer is missing: the file is cut off"),
        (b"TRAILER|\n", "the trailer says no number of rows"),
        (b"TRAILER|2\n", "the trailer says 2 rows"),
    ],
)
def test_where_a_trailer_has_to_be_it_is_told_what_is_wrong_with_it(
    last: bytes, said: str
) -> None:
    text = b"a|b|c\n1|2|3\n" + last
    found = preflight(text, "utf-8", "|", None, trailer="TRAILER")
    assert [(note.edit_id, note.value) for note in found.notes] == [("F20", said)]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "a,b\nNúñez,2\n"),
        ("cp1252", "a,b\nNúñez,2\n"),
        ("iso8859-1", "a,b\nNúñez,2\n"),
        ("utf-16", "a,b\nNúñez,2\n"),
        ("utf-8-sig", "a,b\nNúñez,2\n"),
    ],
)
def test_any_declared_encoding_reaches_the_parser_as_utf_8(
    encoding: str, text: str
) -> None:
    found = preflight(text.encode(encoding), encoding, ",", '"')
    assert found.header == ["a", "b"]
    assert found.body.decode() == "Núñez,2\n"


@pytest.mark.parametrize("text", ["Ã©", "â€™", "Â°", "Ã±", "Ãš"])
def test_text_decoded_twice_is_recognised(text: str) -> None:
    rows = "".join(f"x{number},y\n" for number in range(150))
    found = preflight(f"a,b\n{rows}{text},2\n".encode(), "utf-8", ",", '"')
    assert found.bad["edit_id"].to_list() == ["F08"]


@pytest.mark.parametrize("text", ["São Tomé", "Ângela", "Ça va", "naïve", "Łódź", "’"])
def test_names_with_accents_are_not_taken_for_damage(text: str) -> None:
    found = preflight(f"a,b\n{text},2\n".encode(), "utf-8", ",", '"')
    assert (found.notes, found.bad.height) == ([], 0)


def test_the_bad_records_are_kept_word_for_word() -> None:
    found = preflight(b'a,b\r\n1,2\r\n"x\r\ny",2,3\r\n9\r\n5,6\r\n', "utf-8", ",", '"')
    assert found.bad.select("line", "raw").rows() == [(3, '"x\r\ny",2,3'), (5, "9")]
    assert found.body == b"1,2\r\n5,6\r\n"
    assert found.lines.equals(pl.Series("_line", [2, 6], pl.Int64))


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_a_line_above_the_limit_is_named_wherever_it_stands(
    ending: bytes, place: str
) -> None:
    short = [b"a,b", *([b"1,2"] * 9)]
    at = {"first": 1, "middle": 5, "last": 9}[place]
    short[at] = b"x" * 1_000_001 + b",2"
    found = preflight(ending.join(short) + ending, "utf-8", ",", '"')
    assert [(note.edit_id, note.line) for note in found.notes] == [("F20", at + 1)]


def test_a_record_at_the_limit_is_a_record() -> None:
    longest = b"x" * 999_998 + b",2"
    found = preflight(b"a,b\n" + longest + b"\n1,2\n", "utf-8", ",", '"')
    assert (found.notes, found.records) == ([], 2)


def test_lines_are_numbered_across_any_number_of_blank_ones() -> None:
    found = preflight(
        b"a,b\n" + b"\n" * 5000 + b'"x\n\ny",2\n\n3,4\n', "utf-8", ",", '"'
    )
    assert found.lines.to_list() == [5002, 5006]
    assert found.body == b'"x\n\ny",2\n3,4\n'
