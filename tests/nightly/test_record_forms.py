"""Forms of published records, held against software and schemas that are not ours."""

import base64
import html
import io
import json
import os
import random
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from independent import SCHEMAS
from lxml import etree
from openbadgeslib.ob3.ldp import OB3LdpVerifier
from pypdf import PdfReader

from pipelines.contracts.load import load_contracts
from pipelines.dialects.source import Source
from pipelines.dialects.translate import translate
from pipelines.forms.badges import presentation
from pipelines.forms.beside import Beside, beside
from pipelines.forms.page import page
from pipelines.forms.pdf import pdf
from pipelines.forms.pesc import transcript
from pipelines.forms.record import Claim, Record, by_college
from pipelines.landing.package.manifest import DeclaredFile
from pipelines.publishing.reader import record as read
from pipelines.settings import Home

pytestmark = pytest.mark.night

PESC = Path(os.environ.get("LRW_PESC_SCHEMAS") or SCHEMAS / "pesc-v1p6")
PESC_FILE = PESC / "CollegeTranscript_v1.6.0.xsd"


@pytest.fixture(scope="module")
def state(clean_state):
    return clean_state


@pytest.fixture(scope="module")
def chosen(state) -> list[tuple[Record, Beside]]:
    """Some thirty: with most kinds of claims, one with each kind, and others drawn."""
    claims = state.analyst("assertion").filter(pl.col("status") == "active")
    richest = (
        claims.group_by("learner_id")
        .agg(pl.col("kind").n_unique().alias("kinds"), pl.len().alias("claims"))
        .sort("kinds", "claims", "learner_id", descending=True)["learner_id"]
        .to_list()
    )
    with_each = claims.group_by("kind").agg(pl.col("learner_id").min())["learner_id"]
    drawn = random.Random(20260901).sample(richest, 15)
    learners = dict.fromkeys([*richest[:12], *sorted(with_each), *drawn])
    home = Home(state.root)
    records = [Record.of(read(home, learner)) for learner in learners]
    return [(record, beside(home, record)) for record in records]


@pytest.fixture(scope="module")
def verifies(state):
    verifier = OB3LdpVerifier()
    did_document = (state.snapshot / "public" / "did.json").read_bytes()

    def check(credential: dict[str, Any]) -> None:
        verifier.verify(credential, download=lambda _: did_document)

    return check


def test_the_records_have_every_kind_of_claim(chosen):
    kinds = {claim.kind for record, _ in chosen for claim in record.claims}
    assert kinds == {
        "course", "transfer", "award", "noncredit", "certification", "experience",
        "skill", "badge", "standing",
    }  # fmt: skip


def test_each_badge_is_a_file_as_published_and_verifies_alone(
    state, chosen, verifies, tmp_path
):
    record, _ = chosen[0]
    learner = record.learner_id.removeprefix("urn:uuid:")
    folder = tmp_path / "badges"
    said = state.lrw("record", learner, "--form", "badges", "--out", str(folder))
    assert f"{len(record.claims)} files written" in said
    files = sorted(folder.iterdir())
    assert {f.stem for f in files} == {claim.short_id for claim in record.claims}
    for file in files:
        assert file.read_text() in record.text
        verifies(json.loads(file.read_text()))
    assert "verified" in state.lrw("verify", str(files[0]))
    body = json.loads(files[0].read_text())
    body["credentialSubject"]["achievement"]["name"] += " with honors"
    with pytest.raises(Exception, match=r"(?i)signature|proof|verif"):
        verifies(body)


def test_a_presentation_holds_every_badge_and_each_verifies(chosen, verifies):
    for record, _ in chosen[:6]:
        document = json.loads(presentation(record))
        assert document["@context"][0] == "https://www.w3.org/ns/credentials/v2"
        assert document["type"] == ["VerifiablePresentation"]
        assert "proof" not in document
        held = document["verifiableCredential"]
        assert [one["id"] for one in held] == [claim.id for claim in record.claims]
        for one in held:
            verifies(one)


def test_every_claim_of_every_record_stands_on_its_page(chosen):
    for record, known in chosen:
        text = page(record, known)
        told = " ".join(html.unescape(re.sub("<wbr>|<[^>]+>", "", text)).split())
        for claim in record.claims:
            assert claim.short_id in told
            assert " ".join(claim.name.split()) in told
            if claim.grade:
                assert claim.grade in told
        (saved,) = re.findall('data:application/json;base64,([^"]+)', text)
        assert base64.b64decode(saved).decode() == record.text + "\n"


def test_the_pdf_is_tagged_titled_and_carries_the_signed_record(
    chosen, state, tmp_path
):
    record, known = chosen[0]
    made = pdf(record, known)
    assert made == pdf(record, known)
    document = PdfReader(io.BytesIO(made))
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert record.learner_name in document.metadata.title
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    types = structure_types(root["/StructTreeRoot"])
    assert types["/H1"] == 1
    assert types["/Table"] > 1
    assert types["/TH"] > types["/Table"]
    assert types["/Figure"] == 1
    ((name, (signed,)),) = document.attachments.items()
    assert signed.decode() == record.text + "\n"
    kept = tmp_path / name
    kept.write_bytes(signed)
    assert "verified" in state.lrw("verify", str(kept))
    text = " ".join("".join(one.extract_text() for one in document.pages).split())
    assert all((claim.code or "") in text for claim in record.of_kind("course"))


def structure_types(node: Any) -> Counter[str]:
    """How often each structure element occurs below a node."""
    found: Counter[str] = Counter()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        one = one.get_object() if hasattr(one, "get_object") else one
        if isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            if "/S" in one:
                found[one["/S"]] += 1
            if "/K" in one:
                waiting.append(one["/K"])
    return found


@cache
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(PESC_FILE))


@pytest.mark.skipif(
    not PESC_FILE.exists(), reason="PESC's schemas are not beside the checkout"
)
def test_every_transcript_is_valid_by_the_schema_of_pesc(chosen):
    for record, known in chosen:
        root = etree.fromstring(transcript(record, known))
        schema().assertValid(root)
    course = root.find(".//Course")
    course.append(course[0])
    assert not schema().validate(root)


def read_back(content: bytes, code: str) -> dict[str, pl.DataFrame]:
    """What our own reader makes of a transcript sent by a college."""
    contracts = load_contracts()
    college = replace(
        contracts.colleges[code],
        dialect="pesc",
        dialect_settings={"pesc": {"term_code_from": "suffix"}},
    )
    declared = DeclaredFile(
        feed="transcript",
        name="1.xml",
        rows=1,
        bytes=len(content),
        sha256=sha256(content).hexdigest(),
    )
    found = translate(
        contracts.dialects["pesc"],
        [Source(declared, content)],
        college,
        date(2026, 9, 1),
        contracts,
    )
    refused = [note for note in found.notes if note.severity == "F"]
    assert refused == []
    return {name: feed.frame for name, feed in found.feeds.items()}


def number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).normalize()


def test_our_own_reader_finds_the_same_courses_terms_credits_and_grades(chosen):
    compared: Counter[str] = Counter()
    for record, known in chosen[:12]:
        content = transcript(record, known)
        for org, claims in by_college(record.claims).items():
            code = known.of_org(org.id).code
            assert code is not None
            feeds = read_back(content, code)
            compared += compare_courses(claims, known, feeds["course_result"])
            compared += compare_accepted(claims, feeds["transfer_credit"])
            compared += compare_awards(claims, feeds["credential_award"])
    assert compared["courses"] > 200
    assert compared["accepted"] > 20
    assert compared["awards"] > 3


def compare_courses(
    claims: list[Claim], known: Beside, frame: pl.DataFrame
) -> Counter[str]:
    sent = Counter(
        (
            known.of(one.id).term.code,
            one.code,
            one.name,
            number(one.credits),
            number(one.credits_available),
            one.grade,
            known.of(one.id).unit,
        )
        for one in claims
        if one.kind == "course"
    )
    got = Counter(
        (
            row["term_code"],
            f"{row['subject']} {row['course_number']}",
            row["title"],
            number(row["earned_credit"]),
            number(row["attempted_credit"]),
            row["grade_local"],
            row["credit_unit"],
        )
        for row in frame.iter_rows(named=True)
    )
    assert got == sent
    return Counter(courses=sent.total())


def compare_accepted(claims: list[Claim], frame: pl.DataFrame) -> Counter[str]:
    """Accepted credit; the other colleges' own courses come with it."""
    sent = Counter(
        (one.source.name[:60], number(one.credits), one.grade)
        for one in claims
        if one.kind == "transfer"
    )
    got = Counter(
        (row["source_name"], number(row["accepted_credit"]), row["source_grade"])
        for row in frame.iter_rows(named=True)
    )
    assert sent <= got
    return Counter(accepted=sent.total())


def compare_awards(claims: list[Claim], frame: pl.DataFrame) -> Counter[str]:
    sent = Counter(
        (one.name, str(one.awarded), one.code) for one in claims if one.kind == "award"
    )
    got = Counter(
        (row["title"], row["awarded_on"], row["program_code"])
        for row in frame.iter_rows(named=True)
    )
    assert got == sent
    return Counter(awards=sent.total())


def test_no_number_of_a_person_and_no_birth_date_is_in_a_transcript(chosen):
    for record, known in chosen:
        root = etree.fromstring(transcript(record, known))
        found = {one.tag for one in root.find("Student/Person").iter()}
        assert found == {"Person", "Name", "CompositeName", "NoteMessage"}


def test_every_form_is_written_also_of_an_earlier_night(state, chosen, tmp_path):
    learner = chosen[0][0].learner_id.removeprefix("urn:uuid:")
    for form, begins in (
        ("clr", b'{"@context"'),
        ("presentation", b'{"@context"'),
        ("html", b"<!DOCTYPE html>"),
        ("pdf", b"%PDF-"),
        ("pesc", b"<?xml"),
    ):
        to = tmp_path / f"record.{form}"
        state.lrw(
            *("record", learner, "--form", form, "--out", str(to)),
            *("--as-of", "2026-09-01"),
        )
        assert to.read_bytes().startswith(begins)
    assert state.lrw("record", learner) == chosen[0][0].text + "\n"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("nobody", "--form", "html"), 1, "learner nobody has no published record"),
        (("nobody", "--form", "poster"), 2, "'poster' is not one of 'clr', 'badges'"),
        (("{}", "--form", "badges"), 2, "name a folder with --out"),
        (("{}", "--form", "pesc", "--out", "{tmp}/no/x.xml"), 1, "cannot be written"),
        (("{}", "--form", "badges", "--out", "{tmp}"), 1, "holds files already"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    state, chosen, tmp_path, arguments, code, says
):
    (tmp_path / "there.json").write_text("{}")
    learner = chosen[0][0].learner_id.removeprefix("urn:uuid:")
    given = [one.replace("{tmp}", str(tmp_path)) for one in arguments]
    given = [learner if one == "{}" else one for one in given]
    said = state.lrw("record", *given, code=code)
    assert says in said
    assert said.count("\n") == 1
    assert "Traceback" not in said
