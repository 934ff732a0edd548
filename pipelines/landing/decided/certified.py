"""Certified terms: a college's rows of one term, frozen, and the numbers they give.

Belongs here: which rows belong to a term, the frozen files and their hashes, the
numbers of a term, of frozen rows and of those in force alike. Does not belong here:
whether a term may be certified (``college``), or the decision (``decisions``).

Certification by kind (census, end of term) is what reporting systems of colleges have
in common; the statuses Certified and Recertified are those of the Postsecondary Data
Partnership. Later corrections and replays change the numbers in force, never these.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.contracts.arrow import landing_schema
from pipelines.contracts.model import Contracts, Feed
from pipelines.durable import sync_folder
from pipelines.landing.decided.decisions import Decision
from pipelines.landing.kept.state import connect_in_force
from pipelines.sealed import digest, write_sealed
from pipelines.settings import Home

_TERMS = "term_code = $term"
_TOUCHING = """
    exists (
        select 1
        from term as this
        left join term as first
            on first.institution_code = this.institution_code
            and first.term_code = kept.start_term
        left join term as last
            on last.institution_code = this.institution_code
            and last.term_code = kept.end_term
        where
            this.institution_code = kept.institution_code
            and this.term_code = $term
            and (
                $term in (kept.start_term, kept.end_term)
                or (
                    first.start_date <= this.end_date
                    and (kept.end_term is null or last.end_date >= this.start_date)
                )
            )
    )
"""
# The rows of a term, by feed: of the view ``kept`` with the parameters code and term.
FROZEN_FEEDS: Mapping[str, str] = {
    "term": _TERMS,
    "section": _TERMS,
    "course_result": _TERMS,
    "term_enrollment": _TERMS,
    "program_enrollment": _TOUCHING,
    "credential_award": "award_term = $term",
}

# A seat that was dropped without record, cancelled, waited for or audited is none.
_SEAT = "registration_status in ('ENROLLED', 'WITHDRAWN', 'COMPLETED')"
_ANCHOR = "anchor"


@dataclass(frozen=True)
class Numbers:
    """What a college reports of a term.

    Attributes:
        headcount: Students with at least one enrollment.
        enrollments: Rows of ``course_result`` that are ENROLLED, WITHDRAWN or
            COMPLETED.
        attempted_credit: Their credit attempted, in the college's own unit.
        earned_credit: Their credit earned.
        awards: Credentials of the term that are not revoked.
    """

    headcount: int
    enrollments: int
    attempted_credit: Decimal
    earned_credit: Decimal
    awards: int

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Numbers":
        """From the values of a decision or of a row."""
        return cls(**{name: values[name] for name in cls.__dataclass_fields__})

    def values(self) -> dict[str, Any]:
        """By name, in the order of a report."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class TermDays:
    """Days of a term as its college gives them; census is often left out."""

    start: date | None
    census: date | None
    end: date | None


def prepare_certified(home: Home, contracts: Contracts) -> None:
    """An anchor without rows for each frozen feed, so that readers may glob them."""
    folder = home.certified / _ANCHOR
    folder.mkdir(parents=True, exist_ok=True)
    for name in FROZEN_FEEDS:
        path = folder / f"{name}.parquet"
        if not path.exists():
            write_sealed(path, _schema(contracts.feeds[name]).empty_table())


def freeze(
    home: Home, contracts: Contracts, code: str, term: str, decision_id: str
) -> tuple[Mapping[str, Any], ...]:
    """Keep the rows of a term as they are in force now, read-only.

    Args:
        home: The warehouse; files go to ``landing/certified/<decision_id>/``.
        contracts: Its feeds.
        code: The college.
        term: Its term code.
        decision_id: The certification; each row carries it.

    Returns:
        feed, rows and sha256 of each file.
    """
    folder = home.certified / decision_id
    folder.mkdir(parents=True)
    entries = []
    with duckdb.connect() as con:
        connect_in_force(home, contracts, con)
        for name, condition in FROZEN_FEEDS.items():
            schema = _schema(contracts.feeds[name])
            keys = ", ".join(contracts.feeds[name].key)
            rows = con.sql(
                "select $decision as _decision_id, kept.* "
                f"from {name} as kept "
                f"where kept.institution_code = $code and {condition} "
                f"order by {keys}",
                params={"decision": decision_id, "code": code, "term": term},
            ).to_arrow_table()
            path = folder / f"{name}.parquet"
            write_sealed(path, rows.select(schema.names).cast(schema))
            entries.append(
                {"feed": name, "rows": rows.num_rows, "sha256": digest(path)}
            )
    sync_folder(folder)
    sync_folder(home.certified)
    return tuple(entries)


def numbers_in_force(home: Home, contracts: Contracts, code: str) -> dict[str, Numbers]:
    """The numbers of every term of a college as its rows are in force now."""
    with duckdb.connect() as con:
        connect_in_force(home, contracts, con)
        return _numbers(con, code)


def term_days(home: Home, contracts: Contracts, code: str, term: str) -> TermDays:
    """First day, census and last day of a term in force."""
    with duckdb.connect() as con:
        connect_in_force(home, contracts, con)
        row = con.execute(
            "select start_date, census_date, end_date from term "
            "where institution_code = $code and term_code = $term",
            {"code": code, "term": term},
        ).fetchone()
    return TermDays(*(row or (None, None, None)))


def frozen_numbers(home: Home, decision: Decision) -> Numbers:
    """The numbers of a certification, counted again from its frozen rows."""
    with duckdb.connect() as con:
        for name in FROZEN_FEEDS:
            path = home.certified / decision.decision_id / f"{name}.parquet"
            con.read_parquet(str(path)).create_view(name)
        return _numbers(con, decision.institution_code)[str(decision.term_code)]


def damaged(home: Home, decisions: Sequence[Decision]) -> list[Path]:
    """Frozen files of these certifications that are missing or not as certified."""
    files = [
        (home.certified / decision.decision_id / f"{entry['feed']}.parquet", entry)
        for decision in decisions
        for entry in decision.frozen or ()
    ]
    return [
        path
        for path, entry in files
        if not path.is_file() or digest(path) != entry["sha256"]
    ]


def _numbers(con: duckdb.DuckDBPyConnection, code: str) -> dict[str, Numbers]:
    rows = con.execute(
        f"""
        with
            seats as (
                select
                    term_code,
                    count(distinct student_id) as headcount,
                    count(*) as enrollments,
                    sum(attempted_credit) as attempted_credit,
                    sum(earned_credit) as earned_credit,
                from course_result
                where institution_code = $code and {_SEAT}
                group by term_code
            ),
            awards as (
                select award_term as term_code, count(*) as awards
                from credential_award
                where institution_code = $code and status <> 'REVOKED'
                group by award_term
            )
        select
            term_code,
            coalesce(headcount, 0),
            coalesce(enrollments, 0),
            cast(coalesce(attempted_credit, 0) as decimal(18, 3)),
            cast(coalesce(earned_credit, 0) as decimal(18, 3)),
            coalesce(awards, 0),
        from term
        left join seats using (term_code)
        left join awards using (term_code)
        where term.institution_code = $code
        order by term.start_date, term_code
        """,
        {"code": code},
    ).fetchall()
    return {term: Numbers(*values) for term, *values in rows}


def _schema(feed: Feed) -> pa.Schema:
    return pa.schema(
        [
            pa.field("_decision_id", pa.string(), nullable=False),
            *landing_schema(feed),
            pa.field("is_closed", pa.bool_()),
        ]
    )
