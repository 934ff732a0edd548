"""What the page of a record says, of one with every kind of claim."""

import base64
import json
import re
from itertools import pairwise

import pytest
from lxml import html
from measured import BESIDE, everything

from pipelines.errors import OperatorError
from pipelines.forms import pdf
from pipelines.forms.beside import NOTHING, Beside, ClaimFacts, Statement
from pipelines.forms.page import page
from pipelines.forms.record import Record

TEXT = json.dumps(everything(), ensure_ascii=False)


@pytest.fixture(scope="module")
def record() -> Record:
    return Record.of(TEXT)


@pytest.fixture(scope="module")
def document(record):
    return html.document_fromstring(page(record, BESIDE))


def words(document) -> str:
    return " ".join(document.find("body").text_content().split())


def test_it_says_who_by_whom_and_since_when(document):
    head = words(document)
    for told in (
        "María Núñez",
        "Alabama Community College System",
        "September 1, 2026",
        "A part of the record",
    ):
        assert told in head
    assert document.get("lang") == "en"
    assert "María Núñez" in document.findtext(".//title")


def test_every_claim_is_on_it_by_its_id(document, record):
    text = words(document)
    assert len(record.claims) > 12
    for claim in record.claims:
        assert text.count(claim.short_id) == 1, claim.name


def test_statuses_are_said_in_words_and_a_course_without_one_is_completed(document):
    told = [
        cell.text_content().strip()
        for cell in document.xpath("//table//td[@data-label='Status']")
    ]
    assert sorted(told) == [
        "Enrolled, not begun", "In progress", "Incomplete", "Not passed", "Withdrawn",
    ]  # fmt: skip
    done = everything()
    claims = done["credentialSubject"]["verifiableCredential"]
    claims[0]["credentialSubject"]["result"].pop()
    text = page(Record.of(json.dumps(done)), NOTHING)
    assert "Completed" in text
    assert "Withdrawn" not in text


def test_a_credit_has_the_unit_of_the_published_tables_and_none_without(record):
    course = record.of_kind("course")[0]
    known = Beside({course.id: ClaimFacts(unit="QH")})
    assert "quarter hours" in page(record, known)
    unknown = page(record, NOTHING).replace("(semester or quarter hours)", "")
    assert "quarter hours" not in unknown
    assert "semester hours" not in unknown


def test_headings_go_down_one_step_at_a_time_and_tables_are_named(document):
    levels = [int(one.tag[1]) for one in document.xpath("//h1|//h2|//h3|//h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for table in document.xpath("//table"):
        assert table.findtext("caption") is not None
        assert all(th.get("scope") == "col" for th in table.xpath("thead//th"))
        assert all(th.get("scope") == "row" for th in table.xpath("tbody//th"))


def test_it_needs_nothing_but_itself_and_runs_nothing(document):
    assert document.xpath("//script|//link|//img|//iframe|//object") == []
    for address in document.xpath("//@href|//@src"):
        assert re.match("#|https?://|data:application/json;base64,", address), address


def test_the_signed_record_travels_in_it(document, record):
    (address,) = document.xpath("//a[@download]/@href")
    assert base64.b64decode(address.partition(",")[2]).decode() == TEXT + "\n"
    assert "data:application/json" not in page(record, NOTHING, for_print=True)


def test_what_a_college_writes_is_text_and_no_markup():
    spoiled = everything()
    claim = spoiled["credentialSubject"]["verifiableCredential"][0]
    claim["credentialSubject"]["achievement"]["name"] = "<script>alert(1)</script>"
    text = page(Record.of(json.dumps(spoiled)), NOTHING, for_print=True)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_an_address_that_is_no_web_address_is_no_link():
    spoiled = everything()
    for claim in spoiled["credentialSubject"]["verifiableCredential"]:
        for one in claim["credentialSubject"]["achievement"].get("alignment", ()):
            one["targetUrl"] = "javascript:alert(1)"
        for one in claim.get("evidence", ()):
            one["id"] = "javascript:alert(2)"
    document = html.document_fromstring(page(Record.of(json.dumps(spoiled)), NOTHING))
    assert [a for a in document.xpath("//@href") if a.startswith("javascript")] == []


def test_without_pango_a_pdf_is_refused_in_a_line(record, monkeypatch):
    def missing() -> None:
        raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(pdf, "_import", missing)
    with pytest.raises(OperatorError, match=r"needs Pango.*libpangoft2"):
        pdf.pdf(record, NOTHING)


def test_a_statement_stands_beside_its_claim_whatever_the_claim_is(record):
    says = "I passed <b>with</b> a B; see the registrar's letter"
    moment = "2026-09-03T10:00:00+00:00"
    for claim in record.claims:
        beside = Beside(statements={claim.id: (Statement(says, moment),)})
        shown = html.document_fromstring(page(record, beside))
        (told,) = shown.xpath("//p[@class='stated']")
        text = " ".join(told.text_content().split())
        assert text.endswith(says)
        assert text.startswith("Statement of the learner, September 3, 2026")
        near = told.xpath("ancestor::article | ancestor::tr/preceding-sibling::tr[1]")
        assert claim.short_id in near[-1].text_content(), claim.kind
        if told.xpath("ancestor::tr"):
            columns = len(told.xpath("ancestor::table//thead//th"))
            assert told.xpath("ancestor::td/@colspan") == [str(columns)]
        assert words(shown).count(claim.short_id) == 1


def test_without_statements_a_page_is_as_it_was(record):
    assert "Statement of the learner" not in page(record, BESIDE)
