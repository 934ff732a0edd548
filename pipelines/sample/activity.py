"""What learners did beside courses: workforce training, experiences, skills, badges.

Belongs here: ``noncredit_completion``, ``experience``, ``skill_assertion`` and
``badge`` with their later versions. Does not belong here: course work (``study``).
"""

from datetime import date

import polars as pl

from pipelines.sample.catalogue import uuid
from pipelines.sample.draw import Draw
from pipelines.sample.history import split, versioned
from pipelines.sample.instants import before
from pipelines.sample.layout import UTC
from pipelines.sample.presence import LAST_TERM
from pipelines.sample.reference import table

_UNKNOWN_TIME = pl.lit(None, dtype=UTC)


def noncredit(draw: Draw, at: pl.DataFrame, nights: int, start: date) -> pl.DataFrame:
    """Workforce and continuing education, with completions on later nights."""
    offers = table("noncredit")
    trains = (
        (pl.col("role") == "NONCREDIT")
        | (pl.col("student_id").str.starts_with("N"))
        | (draw.chance("also trains", 0.04, "m") & ~pl.col("second"))
    )
    rows = (
        at.filter(trains & ~pl.col("has_second") | (pl.col("role") == "NONCREDIT"))
        .filter(pl.col("role") != "MERGING")
        .select("m", "_c", "student_id", "_from")
        .join(pl.DataFrame({"i": [0, 1, 2]}), how="cross")
        .filter(pl.col("i") <= draw.index("training count", (6, 3, 1), "m"))
        .with_columns(o=draw.below("offer", offers.height, "m", "i"))
        .with_columns(
            pl.lit(offers[column]).gather(pl.col("o")).alias(column)
            for column in offers.columns
        )
    )
    ago = 12 + (draw.unit("trained", "m", "i") ** 1.3 * 1100).floor().cast(pl.Int64)
    outcome = draw.unit("training outcome", "m", "i")
    recent = pl.col("enrolled_on") > pl.lit(start) - pl.duration(days=45)
    hours = pl.col("hours").cast(pl.Int64)
    rows = rows.with_columns(
        enrolled_on=(pl.lit(start) - pl.duration(days=ago)).cast(pl.Date),
        offering_id=pl.lit("WF-")
        + (100 + pl.col("o")).cast(pl.String)
        + "-"
        + (1 + draw.below("training section", 6, "m", "i")).cast(pl.String),
        provider_system=pl.lit(["LUMENS", "COURSESTORM", "BANNER_CE"]).list.get(
            pl.col("_c").cast(pl.Int64) % 3
        ),
        contact_hours=hours * 100,
        ceu=pl.when(draw.chance("ceu", 0.8, "o")).then(hours * 100),
        sponsor_employer=pl.when(draw.chance("sponsored", 0.3, "m", "i")).then(
            draw.choose(
                "sponsor",
                ["Example Motors", "Example Shipyard", "Example Hospital"],
                "m",
            )
        ),
    ).with_columns(
        outcome=pl.when(recent)
        .then(pl.lit("IN_PROGRESS"))
        .when(outcome < 0.82)
        .then(pl.lit("COMPLETED"))
        .when(outcome < 0.92)
        .then(pl.lit("NOT_COMPLETED"))
        .when(outcome < 0.97)
        .then(pl.lit("CANCELLED"))
        .otherwise(pl.lit("REFUNDED")),
        finished=pl.min_horizontal(
            pl.col("enrolled_on") + pl.duration(days=2 + hours // 4),
            (pl.lit(start) - pl.duration(days=2)).cast(pl.Date),
        ),
        earns=pl.col("industry_credential").is_not_null()
        & draw.chance("industry", 0.6, "m", "i"),
        record_updated_at=before(
            start, 300 + draw.below("training changed", 9_000, "m", "i")
        ),
    )
    done = pl.col("outcome") == "COMPLETED"
    rows = rows.with_columns(**_finished(done, pl.col("finished")))
    rows = versioned(rows)
    if nights == 1:
        return rows
    when = (pl.lit(start) + pl.duration(days=pl.col("_night") - 2)).cast(pl.Date)
    return split(
        rows,
        (pl.col("outcome") == "IN_PROGRESS")
        & draw.chance("completes", 0.1 * (nights - 1), "m", "i"),
        2 + draw.below("completion night", nights - 1, "m", "i"),
        {
            **_finished(pl.lit(value=True), when, offers),
            "outcome": pl.lit("COMPLETED"),
            "record_updated_at": _UNKNOWN_TIME,
        },
    )


def _finished(
    done: pl.Expr, when: pl.Expr, offers: pl.DataFrame | None = None
) -> dict[str, pl.Expr]:
    def named(column: str) -> pl.Expr:
        if offers is None:
            return pl.col(column)
        return pl.lit(offers[column]).gather(pl.col("o"))

    earned = done & pl.col("earns")
    return {
        "completed_on": pl.when(done).then(when),
        "industry_credential": pl.when(earned).then(named("industry_credential")),
        "industry_issuer": pl.when(earned).then(named("industry_issuer")),
        "industry_credential_earned_on": pl.when(earned).then(when),
    }


def experiences(
    draw: Draw, results: pl.DataFrame, sections: pl.DataFrame, start: date
) -> pl.DataFrame:
    """Curricular experiences not coded on the section, and co-curricular ones."""
    coded = sections.filter("_hip").select("_c", "term_code", "section_id")
    basis = (
        results.filter(
            (pl.col("_from") == 1)
            & (pl.col("_t") >= 0)
            & (pl.col("_t") < LAST_TERM)
            & (pl.col("registration_status") == "COMPLETED")
            & ~pl.col("second")
            & ~pl.col("has_second")
            & draw.chance("experience", 0.009, "m", "_t", "_k")
        )
        .join(
            coded, on=["_c", "term_code", "section_id"], how="anti",
            maintain_order="left",
        )
        .with_columns(
            curricular=draw.chance("curricular", 0.5, "m", "_t", "_k"),
            order=pl.int_range(1, pl.len() + 1).over("m"),
        )
    )  # fmt: skip
    key = ("m", "_t", "_k")
    curricular = pl.col("curricular")
    kind = pl.when(curricular).then(
        draw.choose("curricular kind", ["INT", "CAP", "CLN", "SVL", "URS"], *key)
    ).otherwise(
        draw.choose("other kind", ["PMT", "ADV", "WBL", "APP", "COP", "GLB"], *key)
    )  # fmt: skip
    titles = {
        "INT": "Internship", "CAP": "Capstone Project", "CLN": "Clinical Rotation",
        "SVL": "Service Project", "URS": "Research Project", "PMT": "Peer Mentor",
        "ADV": "Academic Advising Milestone", "WBL": "Work-Based Learning",
        "APP": "Registered Apprenticeship", "COP": "Co-operative Education",
        "GLB": "Global Awareness Programme",
    }  # fmt: skip
    return versioned(
        basis.with_columns(
            experience_id=pl.lit("EX-") + pl.col("order").cast(pl.String),
            experience_type=kind,
            organization=draw.choose(
                "organization",
                ["Example Hospital", "Example Motors", None, "Example City Library"],
                *key,
            ),
            term_code=pl.when(curricular).then(pl.col("term_code")),
            section_id=pl.when(curricular).then(pl.col("section_id")),
            hours=(20 + draw.below("experience hours", 220, *key)) * 100,
            verification=pl.when(curricular)
            .then(pl.lit("FACULTY"))
            .otherwise(
                draw.choose("verified", ["EMPLOYER", "STAFF", "SELF_REPORTED"], *key)
            ),
            evidence_url=pl.when(draw.chance("evidence", 0.1, *key)).then(
                pl.lit("https://portfolio.example.org/")
                + uuid(draw, "evidence id", *key)
            ),
            record_updated_at=before(
                start, 300 + draw.below("experience changed", 200_000, *key)
            ),
        ).with_columns(title=pl.col("experience_type").replace(titles))
    )


def skills(
    draw: Draw,
    results: pl.DataFrame,
    experience: pl.DataFrame,
    training: pl.DataFrame,
    badge: pl.DataFrame,
    start: date,
) -> pl.DataFrame:
    """Skill assertions, each resting on a row of another feed or an assessment."""
    known = table("skill")
    limit = (pl.lit(start) - pl.duration(days=2)).cast(pl.Date)
    course = results.filter(
        (pl.col("_from") == 1)
        & (pl.col("_t").is_between(0, LAST_TERM - 1))
        & (pl.col("earned_credit") > 0)
        & ~pl.col("second")
        & ~pl.col("has_second")
        & draw.chance("skill", 0.02, "m", "_t", "_k")
    ).select(
        "m", "_c", "student_id",
        basis_type=pl.lit("COURSE"),
        basis_ref=pl.concat_str(
            "term_code", pl.lit("|"), "section_id", pl.lit("|"),
            pl.col("attempt_seq").cast(pl.String),
        ),
        asserted_on=pl.min_horizontal("grade_posted_on", limit),
    )  # fmt: skip
    lived = experience.filter(draw.chance("skill of experience", 0.4, "m", "order"))
    lived = lived.select(
        "m", "_c", "student_id",
        basis_type=pl.lit("EXPERIENCE"), basis_ref="experience_id",
        asserted_on=pl.min_horizontal("end_date", limit),
    )  # fmt: skip
    trained = training.filter(
        (pl.col("_from") == 1)
        & (pl.col("outcome") == "COMPLETED")
        & draw.chance("skill of training", 0.25, "m", "i")
    ).select(
        "m", "_c", "student_id",
        basis_type=pl.lit("NONCREDIT"),
        basis_ref=pl.concat_str(
            "offering_id", pl.lit("|"), pl.col("enrolled_on").cast(pl.String)
        ),
        asserted_on=pl.min_horizontal("completed_on", limit),
    )  # fmt: skip
    badged = badge.filter(
        pl.col("student_id").is_not_null()
        & (pl.col("_from") == 1)
        & draw.chance("skill of badge", 0.3, "m")
    ).select(
        "m", "_c", "student_id",
        basis_type=pl.lit("BADGE"),
        basis_ref=pl.concat_str("platform", pl.lit("|"), "badge_assertion_id"),
        asserted_on="issued_on",
    )  # fmt: skip
    frame = pl.concat([course, lived, trained, badged]).sort(
        ["m", "basis_type", "basis_ref"]
    )
    frame = frame.with_columns(i=pl.int_range(1, pl.len() + 1).over("m"))
    key = ("m", "i")
    tested = draw.chance("tested skill", 0.08, *key)
    which = draw.below("which skill", known.height, *key)
    return versioned(
        frame.with_columns(
            skill_assertion_id=pl.lit("SK") + pl.col("i").cast(pl.String),
            framework=pl.lit(known["framework"]).gather(which),
            skill_code=pl.lit(known["skill_code"]).gather(which),
            skill_name=pl.lit(known["skill_name"]).gather(which),
            level=draw.choose("skill level", ["EMERGING", "PROFICIENT", None], *key),
            asserted_by=draw.choose("asserted by", ["FACULTY", "STAFF"], *key),
            basis_type=pl.when(tested)
            .then(pl.lit("ASSESSMENT"))
            .otherwise(pl.col("basis_type")),
            basis_ref=pl.when(~tested).then(pl.col("basis_ref")),
            score=pl.when(tested).then((60 + draw.below("score", 41, *key)) * 1000),
            record_updated_at=before(
                start, 300 + draw.below("skill changed", 200_000, *key)
            ),
        )
    )


def badges(
    draw: Draw, records: pl.DataFrame, colleges: pl.DataFrame, nights: int, start: date
) -> pl.DataFrame:
    """A platform's export: the e-mail is always there, the student id often not."""
    classes = [
        "Excel Basics",
        "OSHA 10",
        "Leadership",
        "Digital Marketing",
        "CNA Skills",
    ]
    issuer = colleges.select("_c", issuer_name="name")
    mail = pl.coalesce("email_personal", "email_college")
    which = draw.below("badge class", len(classes), "m")
    ago = 6 + draw.below("badge age", 700, "m")
    frame = (
        records.filter(
            mail.is_not_null()
            & ~pl.col("second")
            & ~pl.col("has_second")
            & draw.chance("badge", 0.04, "m")
        )
        .join(issuer, on="_c", how="left", maintain_order="left")
        .with_columns(
            platform=pl.lit(
                ["CREDLY", "CANVAS_CREDENTIALS", "PARCHMENT", "ACCREDIBLE"]
            ).list.get(pl.col("_c").cast(pl.Int64) % 4),
            badge_assertion_id=uuid(draw, "badge id", "m"),
            recipient_email=mail,
            student_id=pl.when(draw.chance("badge with id", 0.55, "m")).then(
                pl.col("student_id")
            ),
            recipient_name=pl.concat_str(
                "first_name", "last_name", separator=" ", ignore_nulls=True
            ),
            badge_class_id=pl.lit("BC-") + (1 + which).cast(pl.String),
            badge_name=pl.lit(pl.Series(classes)).gather(which),
            issued_on=(pl.lit(start) - pl.duration(days=ago)).cast(pl.Date),
            status=draw.choose(
                "badge status",
                ["ISSUED", "ACCEPTED", "PENDING", "REVOKED"],
                "m",
                weights=[40, 50, 8, 2],
            ),
            skills=draw.choose(
                "badge skills", ["Spreadsheets; Data Entry", "Safety", None], "m"
            ),
            ob_version=draw.choose("ob version", ["2.0", "3.0"], "m"),
            record_updated_at=before(
                start, 300 + draw.below("badge changed", 8_000, "m")
            ),
        )
        .with_columns(
            expires_on=pl.when(draw.chance("expires", 0.2, "m")).then(
                pl.col("issued_on") + pl.duration(days=1095)
            ),
            assertion_url=pl.lit("https://badges.example.org/a/")
            + pl.col("badge_assertion_id"),
        )
    )
    frame = versioned(frame.drop("_to", strict=False))
    if nights == 1:
        return frame
    return split(
        frame,
        (pl.col("status") == "PENDING")
        & draw.chance("badge accepted", 0.1 * (nights - 1), "m"),
        2 + draw.below("badge night", nights - 1, "m"),
        {"status": pl.lit("ACCEPTED"), "record_updated_at": _UNKNOWN_TIME},
    )
