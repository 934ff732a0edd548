"""What stands beside a record: units, terms, numbers of colleges, statements.

A signed record has a credit without its unit, a term without its days and a college
without its federal number, because CLR 2.0 has no property for them or readers would
take them for the learner's. The published tables have all three. What a learner states
beside a claim that a college refused to correct is in the log of corrections; CLR 2.0
has no property for it either, and a college does not sign it.

Belongs here: asking one published night, and the log of corrections. Does not belong
here: anything about a person that the record does not show.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import duckdb

from pipelines.corrections.requests import statements
from pipelines.forms.record import Record
from pipelines.publishing import nights, reader
from pipelines.publishing.nights import Night
from pipelines.settings import Home


@dataclass(frozen=True)
class Term:
    """A term of a college: its code there, and from when to when."""

    code: str
    title: str
    type: str | None
    start: date | None
    end: date | None
    academic_year_end: int | None


@dataclass(frozen=True)
class ClaimFacts:
    """What is known of a claim beside its credential.

    Attributes:
        unit: of its credit: SH, QH, CLOCK, CEU or NONE.
        award_level: IPEDS code of an award.
        source_type: of accepted credit: INSTITUTION, AP, MILITARY and the rest.
    """

    unit: str | None = None
    term: Term | None = None
    award_level: str | None = None
    source_type: str | None = None


@dataclass(frozen=True)
class OrgFacts:
    """Numbers that a college is known by."""

    code: str | None = None
    unitid: str | None = None
    opeid8: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class Statement:
    """What a learner states beside a claim: the words, and when (UTC, ISO 8601)."""

    says: str
    at: str


@dataclass(frozen=True)
class Beside:
    """Facts by the ids of a record: claims and organisations, as URNs or DIDs.

    ``statements`` are the learner's, by claim.
    """

    claims: Mapping[str, ClaimFacts] = field(default_factory=dict)
    orgs: Mapping[str, OrgFacts] = field(default_factory=dict)
    statements: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)

    def of(self, claim_id: str) -> ClaimFacts:
        """Facts of a claim; nothing known is an empty one."""
        return self.claims.get(claim_id, ClaimFacts())

    def of_org(self, org_id: str) -> OrgFacts:
        """Numbers of an organisation."""
        return self.orgs.get(org_id, OrgFacts())


NOTHING = Beside()
_CLAIMS = """
SELECT
    claim.assertion_id, claim.credit_unit, claim.source_record_key, claim.kind,
    term.term_code, term.title, term.term_type, term.start_date, term.end_date,
    term.academic_year_end
FROM ({assertion}) AS claim
LEFT JOIN ({term}) AS term USING (term_id)
WHERE claim.learner_id = $learner
"""


def beside(home: Home, record: Record, on: date | None = None) -> Beside:
    """Ask the night that a record was read from.

    Args:
        home: the warehouse.
        record: a record of it.
        on: as in ``reader.record``.

    Raises:
        OperatorError: nothing is published until that day, or the log of corrections
            is not as it was written.
    """
    present = reader.resolve(home)
    night = nights.find(home, present, on) if on else nights.now(present)
    learner = {"learner": record.learner_id.removeprefix("urn:uuid:")}
    with duckdb.connect() as con:
        levels = _facts(con, night, "fact_award", "award_level", learner)
        sources = _facts(con, night, "fact_transfer_credit", "source_type", learner)
        claims = con.execute(
            _CLAIMS.format(assertion=night.rows("assertion"), term=night.rows("term")),
            learner,
        ).fetchall()
        orgs = con.execute(
            "SELECT organization_id, uri, institution_code, unitid, opeid8, state "
            f"FROM ({night.rows('organization')})"
        ).fetchall()
    return Beside(
        {
            f"urn:uuid:{id_}": ClaimFacts(
                unit,
                Term(*term) if term[0] else None,
                levels.get(key) if kind == "award" else None,
                sources.get(key) if kind == "transfer" else None,
            )
            for id_, unit, key, kind, *term in claims
        },
        {uri or f"urn:uuid:{id_}": OrgFacts(*numbers) for id_, uri, *numbers in orgs},
        stated(home, record),
    )


def stated(home: Home, record: Record) -> dict[str, tuple[Statement, ...]]:
    """The learner's statements by claim of a record.

    Source: 34 CFR 99.21(c): kept as long as the contested part, and disclosed with it.

    Raises:
        OperatorError: the log of corrections is not as it was written.
    """
    found: dict[str, tuple[Statement, ...]] = {}
    for one in statements(home, {claim.id for claim in record.claims}):
        says = Statement(one.statement or "", one.stated_at or "")
        found[one.credential_id] = (*found.get(one.credential_id, ()), says)
    return found


def _facts(
    con: duckdb.DuckDBPyConnection,
    night: Night,
    table: str,
    column: str,
    learner: Mapping[str, str],
) -> dict[str, str]:
    rows = con.execute(
        f"SELECT source_record_key, {column} FROM ({night.rows(table)}) "
        "WHERE learner_id = $learner",
        dict(learner),
    ).fetchall()
    return dict(rows)
