"""Who took which course in which section, and what came of it.

Belongs here: the ``course_result`` feed as a row first appears. Does not belong here:
sections (``sections``), what changes on a later night (``changes``) and sums over
results (``standing``).
"""

from datetime import date

import polars as pl

from pipelines.sample.catalogue import paths
from pipelines.sample.draw import Draw
from pipelines.sample.grades import credited, drawn_grades
from pipelines.sample.instants import before
from pipelines.sample.presence import LAST_TERM
from pipelines.sample.sections import seated

HISTORY = 0.05


def enrolled_terms(draw: Draw, at: pl.DataFrame, nights: int) -> pl.DataFrame:
    """The terms in which somebody studied.

    Returns:
        One row an id and term with ``n`` courses, of which ``late`` (0 or 1) is
        registered on night ``late_night``; ``level`` and ``dual_enrollment``.
    """
    terms = pl.DataFrame({"_t": pl.int_range(0, LAST_TERM + 1, eager=True)})
    summer = pl.col("_t") % 3 == 2
    since = pl.col("_t") - pl.col("start_term")
    frame = (
        at.filter("studies")
        .select(
            "m", "l", "_c", "sector", "role", "start_term", "span", "variant",
            "family", "_from", "second", "merge_night", "has_second",
        )
        .join(terms, how="cross")
        .filter(
            (since == 0)
            | (
                (since > 0)
                & (since <= pl.col("span"))
                & draw.chance(
                    "continues", pl.when(summer).then(0.42).otherwise(0.9), "m", "_t"
                )
            )
        )
    )  # fmt: skip
    load = draw.unit("load", "m", "_t")
    full_time = draw.chance("full time", 0.6, "m")
    tcat = pl.col("sector") == "TCAT"
    dual = pl.col("role") == "DUAL"
    # Dual enrolment ends with high school; the years after are ordinary ones.
    still_dual = dual & (since < 4)
    courses = (
        pl.when(pl.col("second") | still_dual | summer & ~tcat)
        .then(1 + (load * 2).floor())
        .when(tcat)
        .then(pl.when(full_time).then(3 + (load * 1.6).floor()).otherwise(2))
        .when(full_time)
        .then(4 + (load * 1.7).floor())
        .otherwise(2 + (load * 2).floor())
        .cast(pl.Int64)
    )
    late = (
        (pl.col("_t") == LAST_TERM)
        & (pl.col("_from") == 1)
        & ~pl.col("second")
        & ~pl.col("has_second")
        & draw.chance("late course", 0.002 * (nights - 1), "m")
    )
    return frame.with_columns(
        late=late.cast(pl.Int64),
        late_night=2 + draw.below("late night", max(nights - 1, 1), "m"),
        n=courses + late.cast(pl.Int64),
        level=pl.when(still_dual)
        .then(pl.lit("DE"))
        .when(tcat)
        .then(pl.lit("TC"))
        .otherwise(pl.lit("UG")),
        dual_enrollment=pl.when(still_dual).then(pl.lit("Y")).otherwise(pl.lit("N")),
    )


def _taken(draw: Draw, enrolled: pl.DataFrame) -> pl.DataFrame:
    """One row a course taken: ``_k`` along the learner's path, never twice."""
    numbered = (
        enrolled.sort(["m", "_t"])
        .with_columns(i=pl.int_ranges(0, "n"))
        .explode("i")
        .with_columns(place=pl.int_range(pl.len(), dtype=pl.Int64).over("m"))
    )
    order = paths(draw)
    return (
        numbered.join(
            order,
            on=["sector", "family", "variant", "place"],
            how="inner",
            maintain_order="left",
        )
        .with_columns(
            _from=pl.when((pl.col("late") == 1) & (pl.col("i") == pl.col("n") - 1))
            .then(pl.col("late_night"))
            .otherwise(pl.col("_from"))
        )
        .drop("late", "late_night", "n", "i", "place", "variant")
    )


def _modes(draw: Draw, taken: pl.DataFrame) -> pl.DataFrame:
    other = draw.unit("mode", "m", "_t", "_k")
    return taken.with_columns(
        grade_mode=pl.when(pl.col("credit_unit") == "CLOCK")
        .then(pl.lit("CLOCK"))
        .when(pl.col("developmental") == "Y")
        .then(pl.lit("DEVELOPMENTAL"))
        .when(other < 0.012)
        .then(pl.lit("AUDIT"))
        .when(other < 0.03)
        .then(pl.lit("PASS_FAIL"))
        .otherwise(pl.lit("STANDARD"))
    )


def results(
    draw: Draw,
    enrolled: pl.DataFrame,
    people: pl.DataFrame,
    colleges: pl.DataFrame,
    courses: pl.DataFrame,
    terms: pl.DataFrame,
    start: date,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All course results and the sections they sit in.

    Returns:
        ``course_result`` columns with helpers (``m``, ``l``, ``_c``, ``_t``, ``_k``,
        ``outcome``, ``points``, ``credit``), and ``section`` with ``_c``, ``_t``,
        ``_k`` and ``_hip``.
    """
    catalogue = courses.select(
        "_c", "_k", "subject", "course_number", "title", "credit_unit",
        "developmental", "clock_hours", credit="credit_min",
    )  # fmt: skip
    styles = colleges.select("_c", "grade_style", "section_style")
    taken = (
        _taken(draw, enrolled)
        .join(catalogue, on=["_c", "_k"], how="left", maintain_order="left")
        .join(styles, on="_c", how="left", maintain_order="left")
        .join(people.select("l", "ability"), on="l", how="left", maintain_order="left")
    )
    taken = _graded(draw, _modes(draw, taken))
    taken = _repeated(draw, taken, enrolled)
    taken, sections = seated(draw, taken, terms)
    dated = terms.filter(pl.col("_t").is_not_null()).select(
        "_c", "_t", "term_code", "start_date", "end_date"
    )
    taken = taken.join(dated, on=["_c", "_t"], how="left", maintain_order="left")
    history = _history(draw, enrolled, taken, catalogue, styles, dated)
    frame = credited(pl.concat([taken, history], how="diagonal"))
    return _described(draw, frame, start), sections


def _graded(draw: Draw, taken: pl.DataFrame) -> pl.DataFrame:
    luck = draw.unit("grade", "m", "_t", "_k")
    unit = (0.35 * pl.col("ability") + 0.65 * luck - 0.5) * 1.16 + 0.5
    graded = drawn_grades(taken, unit.clip(0, 0.999999))
    # The term in progress has no grades yet, but for early withdrawals.
    running = (pl.col("_t") == LAST_TERM) & (
        (pl.col("outcome") != "WITHDRAW") | (pl.col("points") == 0)
        | draw.chance("still there", 0.8, "m", "_t", "_k")
    ).fill_null(value=True)  # fmt: skip
    return graded.with_columns(
        pl.when(running).then(None).otherwise(pl.col(column)).alias(column)
        for column in (
            "grade_local",
            "outcome",
            "points",
            "counts_attempted",
            "counts_earned",
            "counts_gpa",
        )
    ).with_columns(
        # An audit is known as one from registration; it never attempts credit.
        counts_attempted=pl.when(pl.col("grade_mode") == "AUDIT")
        .then(pl.lit("N"))
        .otherwise(pl.col("counts_attempted"))
    )


def _repeated(draw: Draw, taken: pl.DataFrame, enrolled: pl.DataFrame) -> pl.DataFrame:
    """A share of failures is taken again in the next term attended."""
    following = (
        enrolled.sort(["m", "_t"])
        .select("m", "_t", "level", "dual_enrollment")
        .with_columns(
            again=pl.col("_t").shift(-1).over("m"),
            again_level=pl.col("level").shift(-1).over("m"),
            again_dual=pl.col("dual_enrollment").shift(-1).over("m"),
        )
        .select("m", "_t", "again", "again_level", "again_dual")
    )
    failed = (
        taken.filter(
            pl.col("outcome").is_in(["FAIL", "WITHDRAW"])
            & draw.chance("repeats", 0.4, "m", "_t", "_k")
        )
        .join(following, on=["m", "_t"], how="inner", maintain_order="left")
        .filter(pl.col("again").is_not_null())
    )
    second = _graded(
        draw,
        failed.with_columns(
            _t=pl.col("again"),
            level=pl.col("again_level"),
            dual_enrollment=pl.col("again_dual"),
            repeat_code=pl.lit("COUNT"),
            ability=pl.col("ability") * 0.6,
        ).drop(
            "again", "again_level", "again_dual", "grade_local", "outcome", "points",
            "counts_attempted", "counts_earned", "counts_gpa",
        ),
    )  # fmt: skip
    # Academic forgiveness: the first attempt leaves the average, not the record.
    forgiven = failed.select("m", "_t", "_k", forgiven=pl.lit(value=True))
    first = taken.join(
        forgiven, on=["m", "_t", "_k"], how="left", maintain_order="left"
    ).with_columns(
        forgiven=pl.col("forgiven").fill_null(value=False)
        & draw.chance("forgiveness", 0.7, "m", "_k")
    )
    first = first.with_columns(
        repeat_code=pl.when("forgiven").then(pl.lit("EXCLUDE")),
        counts_gpa=pl.when("forgiven").then(pl.lit("N")).otherwise("counts_gpa"),
    ).drop("forgiven")
    return pl.concat([first, second], how="diagonal").unique(
        ["m", "_t", "_k"], keep="first", maintain_order=True
    )


def _history(
    draw: Draw,
    enrolled: pl.DataFrame,
    taken: pl.DataFrame,
    catalogue: pl.DataFrame,
    styles: pl.DataFrame,
    dated: pl.DataFrame,
) -> pl.DataFrame:
    """Rows of the years before sections were kept (``HIST-`` ids)."""
    last_path = taken.group_by("m", maintain_order=True).agg(
        pl.col("_k").alias("taken_k")
    )
    returning = (
        enrolled.group_by("m", maintain_order=True)
        .first()
        .filter(
            (pl.col("_from") == 1)
            & (pl.col("role") == "CREDIT")
            & ~pl.col("second")
            & ~pl.col("has_second")
            & draw.chance("history", HISTORY, "m")
        )
        .select("m", "l", "_c", "sector", "_from")
    )
    rows = (
        returning.join(pl.DataFrame({"i": [0, 1, 2, 3]}), how="cross")
        .filter(pl.col("i") < 1 + draw.below("history rows", 4, "m"))
        .join(
            catalogue.filter(pl.col("developmental") == "N"),
            on="_c",
            how="inner",
            maintain_order="left",
        )
        .join(last_path, on="m", how="left", maintain_order="left")
        .filter(~pl.col("_k").is_in(pl.col("taken_k")).fill_null(value=False))
        .drop("taken_k")
        .with_columns(order=draw.bits("history course", "m", "_k"))
        .sort(["m", "i", "order"])
        .with_columns(rank=pl.int_range(pl.len()).over(["m", "i"]))
        .filter(pl.col("rank") == pl.col("i"))
        .drop("order", "rank")
        .unique(["m", "_k"], keep="first", maintain_order=True)
        .join(styles, on="_c", how="left", maintain_order="left")
        .with_columns(
            _t=-1 - draw.below("history term", 12, "m"),
            grade_mode=pl.when(pl.col("credit_unit") == "CLOCK")
            .then(pl.lit("CLOCK"))
            .otherwise(pl.lit("STANDARD")),
            level=pl.when(pl.col("sector") == "TCAT")
            .then(pl.lit("TC"))
            .otherwise(pl.lit("UG")),
            dual_enrollment=pl.lit("N"),
        )
    )
    graded = drawn_grades(
        rows,
        draw.unit("history grade", "m", "_k") * 0.999,
        ("PASS", "FAIL", "WITHDRAW"),
    )
    return (
        graded.join(dated, on=["_c", "_t"], how="left", maintain_order="left")
        .with_columns(
            # Two rows of one history entry show attempt_seq 2.
            section_id=pl.lit("HIST-") + (1 + pl.col("i") // 2).cast(pl.String),
            attempt_seq=1 + pl.col("i") % 2,
        )
        .drop("i")
    )


def _described(draw: Draw, frame: pl.DataFrame, start: date) -> pl.DataFrame:
    graded = pl.col("outcome").is_not_null()
    withdrawn = pl.col("outcome") == "WITHDRAW"
    clock = pl.col("grade_mode") == "CLOCK"
    key = ("m", "_t", "_k")
    ended = pl.col("end_date")
    withdrew = pl.col("start_date") + pl.duration(
        days=3
        + draw.below("withdrew", 10, *key)
        + pl.when(pl.col("_t") == LAST_TERM)
        .then(0)
        .otherwise(draw.below("withdrew later", 40, *key))
    )
    # Nothing may be dated after the first night.
    limit = pl.lit(start) - pl.duration(days=1)
    withdrew = pl.min_horizontal(withdrew, limit.cast(pl.Date))
    posted = (
        pl.when(withdrawn)
        .then(withdrew)
        .otherwise(ended + pl.duration(days=1 + draw.below("posted", 4, *key)))
    )
    status_date = (
        pl.when(withdrawn)
        .then(withdrew)
        .when(graded)
        .then(ended)
        .otherwise(
            pl.min_horizontal(
                pl.col("start_date")
                - pl.duration(days=draw.below("registered", 90, *key)),
                limit.cast(pl.Date),
            )
        )
    )
    hours = (pl.col("credit") // 10).cast(pl.Int64)
    share = (
        pl.when(withdrawn)
        .then(0.1 + 0.4 * draw.unit("hours", *key))
        .when(graded)
        .then(0.88 + 0.12 * draw.unit("hours", *key))
        .otherwise(0.06 * draw.unit("hours", *key))
    )
    described = frame.with_columns(
        registration_status=pl.when(pl.col("grade_mode") == "AUDIT")
        .then(pl.lit("AUDIT"))
        .when(withdrawn)
        .then(pl.lit("WITHDRAWN"))
        .when(graded & (pl.col("outcome") != "INCOMPLETE"))
        .then(pl.lit("COMPLETED"))
        .otherwise(pl.lit("ENROLLED")),
        status_date=status_date,
        grade_posted_on=pl.when(graded).then(posted),
        grade_seq=graded.cast(pl.Int64),
        attempt_seq=pl.col("attempt_seq").fill_null(1),
        clock_hours_scheduled=pl.when(clock).then(hours),
        clock_hours_attended=pl.when(clock).then(
            (hours * share).floor().cast(pl.Int64)
        ),
        incomplete_expires_on=pl.when(pl.col("outcome") == "INCOMPLETE").then(
            ended + pl.duration(days=150)
        ),
        last_attendance_date=pl.when(withdrawn).then(withdrew),
        record_updated_at=pl.when(pl.col("_from") > 1)
        .then(None)
        .otherwise(
            pl.min_horizontal(
                pl.coalesce(pl.when(graded).then(posted), status_date)
                .cast(pl.Datetime("us"))
                .dt.replace_time_zone("UTC")
                + pl.duration(minutes=draw.below("result changed", 600, *key)),
                before(start, draw.below("result floor", 600, *key)),
            )
        ),
    )
    return described.drop("credit_unit_right", strict=False)
