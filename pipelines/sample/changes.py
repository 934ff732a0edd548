"""What happens to people and their results between the nights.

Belongs here: later versions of ``person`` and ``course_result`` (grades posted and
corrected, withdrawals, drops, merges, moves, new names). Does not belong here: feeds
whose versions follow from their own state (``awards``, ``transfer`` ...).
"""

from datetime import date

import polars as pl

from pipelines.sample.draw import Draw
from pipelines.sample.grades import credited, drawn_grades
from pipelines.sample.history import ended, split
from pipelines.sample.layout import FROM, NEVER, TO, UTC
from pipelines.sample.presence import LAST_TERM

_NO_TIME = pl.lit(None, dtype=UTC)

# Shares of rows that change in one night; with the other feeds, of 1 % of students.
INCOMPLETE_RESOLVED = 0.03
GRADE_CORRECTED = 0.0006
WITHDRAWS = 0.0008
DROPPED = 0.0004
MOVES = 0.0015


def person_versions(draw: Draw, records: pl.DataFrame, nights: int) -> pl.DataFrame:
    """New last names, new addresses, and ids that a merge takes away."""
    if nights == 1:
        return records
    frame = split(
        records,
        pl.col("rename_night").is_not_null(),
        pl.col("rename_night"),
        {"last_name": pl.col("new_last_name"), "record_updated_at": _NO_TIME},
    )
    frame = split(
        frame,
        pl.col("rename_night").is_null()
        & ~pl.col("second")
        & draw.chance("moves", MOVES * (nights - 1), "m"),
        2 + draw.below("move night", nights - 1, "m"),
        {
            "address_line1": (100 + draw.below("new house", 9000, "m")).cast(pl.String)
            + pl.lit(" New Hope Rd"),
            "address_line2": pl.lit(None, dtype=pl.String),
            "record_updated_at": _NO_TIME,
        },
    )
    return ended(frame, pl.col("merge_night").is_not_null(), pl.col("merge_night"))


def result_versions(
    draw: Draw,
    results: pl.DataFrame,
    records: pl.DataFrame,
    nights: int,
    start: date,
) -> pl.DataFrame:
    """Grades posted and corrected, withdrawals, drops, and results moved by merges."""
    if nights == 1:
        return results
    key = ("m", "_t", "_k")
    night = 2 + draw.below("result night", nights - 1, *key)
    once = draw.unit("result change", *key) / (nights - 1)
    plain = ~pl.col("second") & ~pl.col("has_second") & (pl.col("_t") >= 0)
    # Only in terms that a windowed snapshot still covers.
    recent = plain & pl.col("_t").is_between(LAST_TERM - 2, LAST_TERM - 1)
    incomplete = (
        recent & (pl.col("outcome") == "INCOMPLETE") & (once < INCOMPLETE_RESOLVED)
    )
    corrected = (
        recent
        & pl.col("outcome").is_in(["PASS", "FAIL"])
        & pl.col("repeat_code").is_null()
        & (once < GRADE_CORRECTED)
    )
    running = plain & (pl.col("_t") == LAST_TERM) & pl.col("outcome").is_null()
    gone = running & (once < WITHDRAWS) & (pl.col("grade_mode") != "AUDIT")
    gone &= pl.col("grade_mode") != "PASS_FAIL"
    dropped = running & once.is_between(WITHDRAWS, WITHDRAWS + DROPPED)
    posted = (pl.lit(start) + pl.duration(days=pl.col("_night") - 2)).cast(pl.Date)
    better = _regraded(draw, results, "new grade", ("PASS", "FAIL"))
    left = _regraded(draw, results, "leaving", ("WITHDRAW",))
    changed = {
        name: pl.when(gone).then(left[name]).otherwise(better[name]) for name in better
    }
    frame = results.with_columns(
        **{f"_new_{name}": expr for name, expr in changed.items()}
    )
    frame = split(
        frame,
        incomplete | corrected | gone,
        night,
        {
            **{name: pl.col(f"_new_{name}") for name in changed},
            "grade_seq": pl.col("grade_seq") + 1,
            "grade_posted_on": posted,
            "status_date": pl.when(gone).then(posted).otherwise(pl.col("status_date")),
            "grade_change_code": pl.when(incomplete)
            .then(pl.lit("IC"))
            .when(corrected)
            .then(pl.lit("OE")),
            "incomplete_expires_on": pl.lit(None, dtype=pl.Date),
            "registration_status": pl.when(gone)
            .then(pl.lit("WITHDRAWN"))
            .otherwise(pl.lit("COMPLETED")),
            "last_attendance_date": pl.when(gone)
            .then(posted)
            .otherwise(pl.col("last_attendance_date")),
            "record_updated_at": _NO_TIME,
        },
    ).drop([f"_new_{name}" for name in changed])
    frame = ended(frame, dropped, night)
    return _merged(frame, records)


def _regraded(
    draw: Draw, results: pl.DataFrame, stream: str, outcomes: tuple[str, ...]
) -> dict[str, pl.Series]:
    """Credit and grade columns of every row, had its grade been drawn anew."""
    unit = draw.unit(stream, "m", "_t", "_k")
    names = [
        "grade_local", "outcome", "points", "counts_attempted", "counts_earned",
        "counts_gpa",
    ]  # fmt: skip
    credit = ["attempted_credit", "earned_credit", "gpa_credit", "quality_points"]
    new = credited(
        drawn_grades(
            results.select(
                "m", "_t", "_k", "grade_style", "credit",
                # Repeats, audits and pass/fail keep their mode; a row whose mode
                # cannot be left this way is not chosen above.
                "grade_mode",
            ),
            unit,
            outcomes,
        )
    )  # fmt: skip
    return {name: new[name] for name in names + credit}


def _merged(frame: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Moves the results of an id that is merged away to the id that stays.

    A course the staying id already has in that term is not moved; it just ends.
    """
    merging = records.filter(
        (pl.col("role") == "MERGING") & pl.col("merge_night").is_not_null()
    ).select("m", to="keeps", at_night="merge_night")
    target = (
        records.filter(pl.col(FROM) == 1)
        .select(to="m", to_id="student_id")
        .unique("to", keep="first", maintain_order=True)
    )
    moving = (
        frame.join(merging, on="m", how="inner", maintain_order="left")
        .filter(pl.col(TO) == NEVER)
        .join(target, on="to", how="left", maintain_order="left")
    )
    held = frame.select(to="m", _t="_t", _k="_k")
    moved = (
        moving.join(held, on=["to", "_t", "_k"], how="anti", maintain_order="left")
        .with_columns(
            m=pl.col("to"),
            student_id=pl.col("to_id"),
            _from=pl.col("at_night").cast(frame.schema[FROM]),
            record_updated_at=_NO_TIME,
        )
        .select(frame.columns)
    )
    frame = frame.join(
        merging.select("m", "at_night"), on="m", how="left", maintain_order="left"
    )
    frame = ended(frame, pl.col("at_night").is_not_null(), pl.col("at_night"))
    return pl.concat([frame.drop("at_night"), moved])
