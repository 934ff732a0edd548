"""Credit brought in: evaluated courses of other colleges, tests and old quarters.

Belongs here: the ``transfer_credit`` feed, most of it real results at the college
that sent the learner. Does not belong here: the articulation rules of the system
office (``articulation``).
"""

from datetime import date

import polars as pl

from pipelines.sample.draw import Draw
from pipelines.sample.history import split, versioned
from pipelines.sample.instants import before
from pipelines.sample.presence import LAST_TERM
from pipelines.sample.reference import table

_TESTS = [
    ("AP", "AP English Language", "4", 1), ("AP", "AP Calculus AB", "3", 13),
    ("AP", "AP United States History", "5", 3), ("CLEP", "College Algebra", "52", 12),
    ("CLEP", "Introductory Psychology", "58", 3),
    ("DSST", "Ethics in America", "410", 6),
    ("MILITARY", "Basic Combat Training", None, 30),
    ("INDUSTRY_CERT", "CompTIA Network+", "PASS", 30),
]  # fmt: skip


def transfer_credit(
    draw: Draw,
    at: pl.DataFrame,
    results: pl.DataFrame,
    courses: pl.DataFrame,
    colleges: pl.DataFrame,
    terms: pl.DataFrame,
    system: str,
    nights: int,
    start: date,
) -> pl.DataFrame:
    """The ``transfer_credit`` feed with its later versions.

    Credit moves between colleges that count in the same unit, and from technical to
    community colleges as blocks; never from semester to clock hours.
    """
    receiving = at.filter(pl.col("studies") & ~pl.col("second")).select(
        "m", "l", "j", "_c", "sector", "student_id", "start_term", "_from",
        "declares", "program_code",
    )  # fmt: skip
    inside = _inside(draw, receiving, results, courses, colleges)
    outside = _outside(draw, receiving, courses, system)
    tests = _tests(draw, receiving, courses)
    frame = pl.concat([inside, outside, tests], how="diagonal").sort(
        ["m", "equiv_group", "part"]
    )
    return _settled(draw, frame, terms, nights, start)


def _inside(
    draw: Draw,
    receiving: pl.DataFrame,
    results: pl.DataFrame,
    courses: pl.DataFrame,
    colleges: pl.DataFrame,
) -> pl.DataFrame:
    sent = results.filter(
        (pl.col("_from") == 1)
        & (pl.col("earned_credit") > 0)
        & (pl.col("_t") < LAST_TERM)
        & (pl.col("developmental") == "N")
    ).select(
        "l", "_t", "_k", from_c="_c", from_sector="sector", source_subject="subject",
        source_number="course_number", source_title="title",
        source_credit="earned_credit", source_credit_unit="credit_unit",
        source_grade="grade_local", points="points", source_term_code="term_code",
    )  # fmt: skip
    pairs = (
        receiving.filter((pl.col("j") > 0) & (pl.col("_from") == 1))
        .join(sent, on="l", how="inner", maintain_order="left_right")
        .filter(
            (pl.col("from_c") != pl.col("_c"))
            & (pl.col("_t") < pl.col("start_term"))
            & ((pl.col("sector") != "TCAT") | (pl.col("from_sector") == "TCAT"))
            & draw.chance("sent", 0.85, "m", "_t", "_k", "from_c")
        )
        .unique(["m", "from_c", "_t", "_k"], keep="first", maintain_order=True)
    )
    names = colleges.select(
        from_c="_c", source_name="name", unitid="unitid", code="institution_code"
    )
    listed = courses.select("_c", "_k", "subject", "course_number", "is_local")
    same = pl.col("sector") == pl.col("from_sector")
    key = ("m", "_t", "_k", "from_c")
    low_grade = pl.col("points").fill_null(4000) < 2000
    verdict = draw.unit("evaluated", *key)
    frame = (
        pairs.join(names, on="from_c", how="left", maintain_order="left")
        .join(listed, on=["_c", "_k"], how="left", maintain_order="left")
        .with_columns(
            source_type=pl.lit("INSTITUTION"),
            source_code_type=pl.when(pl.col("unitid").is_not_null())
            .then(pl.lit("UNITID"))
            .otherwise(pl.lit("LOCAL")),
            source_code=pl.coalesce("unitid", "code"),
            source_term_text=pl.col("source_term_code"),
            decision=pl.when(low_grade | (verdict < 0.07))
            .then(pl.lit("REJECTED"))
            .when(verdict < 0.15)
            .then(pl.lit("PENDING"))
            .otherwise(pl.lit("ACCEPTED")),
            direct=same & (pl.col("is_local") == "N"),
            equiv_group=pl.int_range(1, pl.len() + 1).over("m"),
            part=pl.lit(0),
            rule_id=pl.when(same & (pl.col("is_local") == "N")).then(
                pl.lit("COMMON-") + pl.col("source_subject") + pl.col("source_number")
            ),
        )
    )
    # 45 clock hours count as one semester hour when a block is taken over.
    hours = (
        pl.when(same)
        .then(pl.col("source_credit"))
        .otherwise((pl.col("source_credit") // 45_000) * 1000)
    )
    frame = frame.with_columns(
        credit=hours,
        equiv_type=pl.when("direct")
        .then(pl.lit("DIRECT"))
        .when(same)
        .then(pl.lit("ELECTIVE"))
        .otherwise(pl.lit("BLOCK")),
        equiv_subject=pl.when("direct")
        .then(pl.col("subject"))
        .when(same)
        .then(pl.lit("GEN")),
        equiv_number=pl.when("direct")
        .then(pl.col("course_number"))
        .when(same)
        .then(pl.lit("1XX")),
        credit_unit=pl.when(pl.col("sector") == "TCAT")
        .then(pl.lit("CLOCK"))
        .otherwise(pl.lit("SH")),
    )
    return _grouped(draw, frame)


def _grouped(draw: Draw, frame: pl.DataFrame) -> pl.DataFrame:
    """Evaluates some pairs of sources as one, and some sources as two targets."""
    accepted = pl.col("decision") == "ACCEPTED"
    follows = (
        accepted
        & accepted.shift(1).fill_null(value=False)
        & (pl.col("m") == pl.col("m").shift(1))
        & (pl.col("sector") == pl.col("from_sector"))
        & (pl.col("sector").shift(1) == pl.col("from_sector").shift(1))
        & (pl.col("equiv_group") % 2 == 0)
        & draw.chance("two to one", 0.06, "m", "equiv_group")
    ).fill_null(value=False)
    frame = frame.with_columns(joins=follows)
    leads = pl.col("joins").shift(-1).fill_null(value=False)
    frame = frame.with_columns(
        credit=pl.when("joins")
        .then(0)
        .when(leads)
        .then(pl.col("credit") + pl.col("credit").shift(-1))
        .otherwise(pl.col("credit")),
        equiv_type=pl.when(pl.col("joins") | leads)
        .then(pl.lit("BLOCK"))
        .otherwise(pl.col("equiv_type")),
        equiv_subject=pl.when(pl.col("joins") | leads)
        .then(None)
        .otherwise(pl.col("equiv_subject")),
        equiv_number=pl.when(pl.col("joins") | leads)
        .then(None)
        .otherwise(pl.col("equiv_number")),
        equiv_group=pl.when("joins")
        .then(pl.col("equiv_group") - 1)
        .otherwise(pl.col("equiv_group")),
        part=pl.col("joins").cast(pl.Int32),
        plain=~pl.col("joins") & ~leads,
    )
    split_in_two = (
        accepted
        & pl.col("plain")
        & (pl.col("source_credit") == 4000)
        & (pl.col("credit_unit") == "SH")
        & draw.chance("one to two", 0.3, "m", "equiv_group")
    )
    second = frame.filter(split_in_two).with_columns(
        credit=pl.lit(1000, dtype=pl.Int64),
        part=pl.lit(1, dtype=pl.Int32),
        equiv_type=pl.lit("ELECTIVE"),
        equiv_subject=pl.lit("GEN"),
        equiv_number=pl.lit("ELEC"),
        source_credit=pl.lit(None, dtype=pl.Int64),
    )
    first = frame.with_columns(
        credit=pl.when(split_in_two).then(3000).otherwise(pl.col("credit"))
    )
    return pl.concat([first, second]).drop("joins", "plain", "direct")


def _outside(
    draw: Draw, receiving: pl.DataFrame, courses: pl.DataFrame, system: str
) -> pl.DataFrame:
    """Credit of institutions that send no packages, some in quarter hours."""
    schools = table("outside_institution").filter(pl.col("system") == system.upper())
    which = draw.below("outside school", schools.height, "m")
    listed = courses.filter(
        (pl.col("family") == "G") & (pl.col("is_local") == "N")
    ).select("_c", "_k", "subject", "course_number", "title", credit="credit_min")
    quarter = pl.col("source_credit_unit") == "QH"
    return (
        receiving.filter(
            (pl.col("sector") != "TCAT")
            & (pl.col("j") == 0)
            & draw.chance("came from outside", 0.06, "m")
        )
        .join(listed, on="_c", how="inner", maintain_order="left_right")
        .filter(draw.chance("outside course", 0.15, "m", "_k"))
        .with_columns(
            source_type=pl.lit("INSTITUTION"),
            source_code_type=pl.lit(schools["code_type"]).gather(which),
            source_code=pl.lit(schools["code"]).gather(which),
            source_name=pl.lit(schools["name"]).gather(which),
            source_credit_unit=pl.lit(schools["credit_unit"]).gather(which),
            source_subject=pl.col("subject").str.slice(0, 2),
            source_number=pl.col("course_number"),
            source_title=pl.col("title"),
            source_term_text=pl.lit("Spring 2019"),
            source_grade=draw.choose("outside grade", ["A", "B", "C"], "m", "_k"),
            decision=draw.choose(
                "outside verdict",
                ["ACCEPTED", "REJECTED", "PENDING"],
                "m",
                "_k",
                weights=[80, 14, 6],
            ),
            equiv_type=pl.lit("DIRECT"),
            equiv_subject=pl.col("subject"),
            equiv_number=pl.col("course_number"),
            equiv_group=500 + pl.int_range(1, pl.len() + 1).over("m"),
            part=pl.lit(0, dtype=pl.Int32),
            credit_unit=pl.lit("SH"),
        )
        .with_columns(
            # 4.5 QH are 3 SH: QH x 2/3 = SH.
            source_credit=pl.when(quarter)
            .then(pl.col("credit") * 3 // 2)
            .otherwise(pl.col("credit")),
        )
    )


def _tests(draw: Draw, receiving: pl.DataFrame, courses: pl.DataFrame) -> pl.DataFrame:
    tests = pl.DataFrame(
        _TESTS, schema=["source_type", "source_title", "source_grade", "_k"],
        orient="row",
    )  # fmt: skip
    which = draw.below("test", tests.height, "m")
    listed = courses.select("_c", "_k", "subject", "course_number", credit="credit_min")
    return (
        receiving.filter(
            (pl.col("sector") != "TCAT")
            & (pl.col("j") == 0)
            & draw.chance("tested", 0.03, "m")
        )
        .with_columns(
            pl.lit(tests[column]).gather(which).alias(column)
            for column in tests.columns
        )
        .with_columns(_k=pl.col("_k").cast(pl.Int64))
        .join(listed, on=["_c", "_k"], how="inner", maintain_order="left")
        .with_columns(
            source_name=pl.col("source_type"),
            source_credit=pl.col("credit"),
            source_credit_unit=pl.lit("SH"),
            decision=pl.lit("ACCEPTED"),
            equiv_type=pl.lit("DIRECT"),
            equiv_subject=pl.col("subject"),
            equiv_number=pl.col("course_number"),
            equiv_group=pl.lit(900, dtype=pl.Int64),
            part=pl.lit(0, dtype=pl.Int32),
            credit_unit=pl.lit("SH"),
        )
    )


def _settled(
    draw: Draw, frame: pl.DataFrame, terms: pl.DataFrame, nights: int, start: date
) -> pl.DataFrame:
    accepted = pl.col("decision") == "ACCEPTED"
    key = ("m", "equiv_group", "part")
    dated = terms.filter(pl.col("_t").is_not_null()).select(
        "_c", start_term="_t", effective_term="term_code", effective="start_date"
    )
    applies = pl.col("declares") & draw.chance("applied", 0.75, *key)
    evaluated = pl.min_horizontal(
        pl.col("effective") + pl.duration(days=draw.below("evaluation", 60, *key)),
        (pl.lit(start) - pl.duration(days=2)).cast(pl.Date),
    )

    def decided(accept: pl.Expr) -> dict[str, pl.Expr]:
        return {
            "accepted_credit": pl.when(accept).then(pl.col("credit")).otherwise(0),
            "equiv_type": pl.when(accept)
            .then(pl.col("equiv_type"))
            .otherwise(pl.lit("NONE")),
            "equiv_subject": pl.when(accept).then(pl.col("equiv_subject")),
            "equiv_number": pl.when(accept).then(pl.col("equiv_number")),
            "applied": pl.when(accept).then(
                pl.when(applies).then(pl.lit("Y")).otherwise(pl.lit("N"))
            ),
            "applied_program_code": pl.when(accept & applies).then(
                pl.col("program_code")
            ),
            "applied_credit": pl.when(accept & applies).then(pl.col("credit")),
            "effective_term": pl.when(accept).then(pl.col("effective_term")),
            "rule_id": pl.when(accept).then(pl.col("rule_id")),
        }

    frame = frame.join(
        dated, on=["_c", "start_term"], how="left", maintain_order="left"
    ).with_columns(
        transfer_seq=pl.lit("1-1-")
        + pl.col("equiv_group").cast(pl.String)
        + "-"
        + pl.col("part").cast(pl.String),
        reject_reason=pl.when(pl.col("decision") == "REJECTED").then(
            draw.choose("reject reason", ["GRADE", "NOEQ", "LIMIT"], *key)
        ),
        in_gpa=pl.lit("N"),
        evaluated_on=pl.when(pl.col("decision") != "PENDING").then(evaluated),
        record_updated_at=before(start, 700 + draw.below("tc changed", 200_000, *key)),
    )
    kept = {
        f"_{name}": pl.col(name)
        for name in ("equiv_type", "equiv_subject", "equiv_number", "effective_term",
                     "rule_id")
    }  # fmt: skip
    frame = frame.with_columns(**kept).with_columns(**decided(accepted))
    frame = versioned(frame)
    if nights == 1:
        return frame
    restored = decided(pl.lit(value=True))
    restored |= {name.removeprefix("_"): pl.col(name) for name in kept}
    night = 2 + draw.below("evaluation night", nights - 1, *key)
    restored |= {
        "decision": pl.lit("ACCEPTED"),
        "evaluated_on": (pl.lit(start) + pl.duration(days=pl.col("_night") - 2)).cast(
            pl.Date
        ),
        "record_updated_at": pl.lit(None, dtype=pl.Datetime("us", "UTC")),
    }
    return split(
        frame,
        (pl.col("decision") == "PENDING")
        & draw.chance("evaluated later", 0.01 * (nights - 1), *key),
        night,
        restored,
    )
