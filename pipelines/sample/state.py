"""The whole state: every feed of every college, with every version of every row.

Belongs here: calling the makers in the order in which they need each other. Does not
belong here: what goes into which package (``plan``) and how (``write``).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.sample import layout
from pipelines.sample.activity import badges, experiences, noncredit, skills
from pipelines.sample.articulation import equivalencies
from pipelines.sample.awards import awards_and_enrollments, declared
from pipelines.sample.calendar import calendar
from pipelines.sample.catalogue import courses, grade_schemes, programs
from pipelines.sample.changes import person_versions, result_versions
from pipelines.sample.colleges import senders
from pipelines.sample.conduct import disclosures, person_merges, person_names, renamed
from pipelines.sample.draw import Draw
from pipelines.sample.elsewhere import elsewhere
from pipelines.sample.history import ended, versioned
from pipelines.sample.instants import before
from pipelines.sample.numbers import identifiers
from pipelines.sample.people import learners
from pipelines.sample.presence import memberships, recorded
from pipelines.sample.sections import section_attributes
from pipelines.sample.standing import summary_versions
from pipelines.sample.study import enrolled_terms, results
from pipelines.sample.transfer import transfer_credit


@dataclass(frozen=True)
class State:
    """A synthetic state.

    Attributes:
        colleges: the senders (``colleges.senders``).
        terms: their calendars with ``_t``.
        feeds: by feed name the held rows of all colleges (``layout.hold``), with
            ``_m``, the membership a learner row belongs to, where there is one.
        records: one row an id with what is true of it, for the truth files.
        system: ``ACCS`` or ``TBR``.
        start: the first night.
        nights: how many.
    """

    colleges: pl.DataFrame
    terms: pl.DataFrame
    feeds: dict[str, pl.DataFrame]
    records: pl.DataFrame
    system: str
    start: date
    nights: int


def build(
    contracts: Contracts,
    draw: Draw,
    system: str,
    count: int,
    nights: int,
    start: date,
) -> State:
    """Makes the state that ``count`` learners left behind by ``start``."""
    code = system.upper()
    colleges = senders(contracts, code)
    terms = calendar(colleges, start)
    numbered = terms.filter(pl.col("_t").is_not_null())
    first_term = (
        numbered.sort(["_c", "_t"])
        .group_by("_c", maintain_order=True)
        .agg(valid_from_term=pl.col("term_code").first())
    )
    schemes = grade_schemes(colleges, first_term)
    offered = programs(draw, colleges, first_term)
    catalogue = courses(draw, colleges, first_term)
    people = learners(draw, count, colleges["state"][0], start)
    at = declared(draw, memberships(draw, people, colleges, nights), offered)
    records = renamed(draw, recorded(draw, at, people, colleges, terms, start), nights)
    enrolled = enrolled_terms(draw, at, nights)
    first_results, sections = results(
        draw, enrolled, people, colleges, catalogue, terms, start
    )
    first_results = versioned(
        first_results.join(
            at.select("m", "student_id"), on="m", how="left", maintain_order="left"
        ).with_columns(pl.col("second", "has_second").fill_null(value=False))
    )
    award, program_enrollment = awards_and_enrollments(
        draw, at, first_results, offered, terms, nights, start
    )
    transfer = transfer_credit(
        draw, at, first_results, catalogue, colleges, terms, code, nights, start
    )
    course_result = result_versions(draw, first_results, records, nights, start)
    persons = versioned(records)
    ids = versioned(identifiers(draw, records, start)).join(
        records.select("m", "merge_night"), on="m", how="left", maintain_order="left"
    )
    experience = experiences(draw, first_results, sections, start)
    training = noncredit(draw, at, nights, start)
    badge = badges(draw, persons, colleges, nights, start)
    enrolled_elsewhere, awarded_elsewhere = elsewhere(
        draw, contracts, at, code, nights, start
    )
    frames = {
        "term": terms,
        "grade_scheme": schemes,
        "program": offered,
        "course": catalogue,
        "section": sections,
        "section_attribute": section_attributes(draw, sections),
        "person": person_versions(draw, persons, nights),
        "person_merge": person_merges(draw, records, start),
        "person_name": person_names(draw, records, start),
        "person_identifier": ended(
            ids, pl.col("merge_night").is_not_null(), pl.col("merge_night")
        ),
        "disclosure": disclosures(draw, records, nights, start),
        "program_enrollment": program_enrollment,
        "course_result": course_result,
        "term_enrollment": summary_versions(draw, course_result, nights),
        "transfer_credit": transfer,
        "noncredit_completion": training,
        "credential_award": award,
        "experience": experience,
        "badge": badge,
        "skill_assertion": skills(
            draw, first_results, experience, training, badge, start
        ),
        "equivalency": equivalencies(
            catalogue, colleges, contracts.systems[code].sender, start
        ),
        "enrollment_elsewhere": enrolled_elsewhere,
        "award_elsewhere": awarded_elsewhere,
    }
    feeds = {
        name: _held(draw, contracts, name, frames[name], start)
        for name, feed in contracts.feeds.items()
        if feed.kind != "agency"
    }
    return State(colleges, terms, feeds, records, code, start, nights)


def _held(
    draw: Draw, contracts: Contracts, name: str, frame: pl.DataFrame, start: date
) -> pl.DataFrame:
    """The feed's columns and helpers; rows in the order of the key, as a SIS sends."""
    feed = contracts.feeds[name]
    frame = layout.hold(feed, frame)
    midnight = datetime.combine(start - timedelta(days=1), time(4), UTC)
    minutes = draw.below(f"changed/{name}", 1100, pl.int_range(pl.len()), layout.FROM)
    changed = pl.lit(midnight) + pl.duration(
        days=pl.col(layout.FROM).cast(pl.Int64), minutes=-minutes
    )
    reference = feed.kind != "learner"
    settled = before(start, pl.lit(60 * 24 * 200) + minutes) if reference else changed
    stamped = pl.coalesce(
        "record_updated_at",
        pl.when(pl.col(layout.FROM) > 1).then(changed).otherwise(settled),
    ).cast(layout.UTC)
    return frame.with_columns(record_updated_at=stamped).sort(
        [layout.COLLEGE, *feed.key, layout.FROM], nulls_last=False
    )
