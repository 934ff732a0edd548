"""What a registrar does about a person: names on file, merges, blocks and consents.

Belongs here: ``person_name``, ``person_merge`` and ``disclosure`` with their later
versions. Does not belong here: the current ``person`` row (``presence``).
"""

from datetime import date, timedelta

import polars as pl

from pipelines.sample.draw import Draw
from pipelines.sample.history import split, versioned
from pipelines.sample.instants import before
from pipelines.sample.layout import UTC
from pipelines.sample.presence import MERGED_BEFORE

_NO_TIME = pl.lit(None, dtype=UTC)


def renamed(draw: Draw, records: pl.DataFrame, nights: int) -> pl.DataFrame:
    """Adds ``rename_night`` and ``new_last_name``: names that change while we watch."""
    changes = (
        (pl.col("sex") == "F")
        & pl.col("maiden").is_null()
        & ~pl.col("mononym")
        & ~pl.col("second")
        & ~pl.col("has_second")
        & (pl.col("_from") == 1)
        & draw.chance("rename", 0.001 * (nights - 1), "m")
    )
    night = 2 + draw.below("rename night", max(nights - 1, 1), "m")
    new = pl.when(pl.col("name_case") == "upper").then(
        pl.col("married_name").str.to_uppercase()
    ).otherwise(pl.col("married_name"))  # fmt: skip
    return records.with_columns(
        rename_night=pl.when(changes & (new != pl.col("last_name"))).then(night),
        new_last_name=new,
    )


def person_names(draw: Draw, records: pl.DataFrame, start: date) -> pl.DataFrame:
    """The ``person_name`` feed: former, preferred and, for some, legal names."""
    columns = [
        "m", "_c", "student_id", "name_type", "last_name", "first_name",
        "middle_name", "suffix", "effective_from", "record_updated_at", "_from",
    ]  # fmt: skip
    changed = before(start, 400 + draw.below("name changed", 500_000, "m"))
    unknown = draw.chance("name date unknown", 0.15, "m")
    dated = pl.when(unknown).then(pl.lit(date(1900, 1, 1))).otherwise(changed.dt.date())
    base = records.with_columns(record_updated_at=changed, effective_from=dated)
    former = base.filter(
        pl.col("maiden").is_not_null() | pl.col("birth_name").is_not_null()
    ).with_columns(
        name_type=pl.lit("FORMER"),
        last_name=pl.coalesce("maiden", "last_name"),
        first_name=pl.coalesce("birth_name", "first_name"),
    )
    preferred = base.filter(pl.col("preferred_first_name").is_not_null()).with_columns(
        name_type=pl.lit("PREFERRED"), first_name=pl.col("preferred_first_name")
    )
    legal = base.filter(draw.chance("legal name row", 0.1, "m")).with_columns(
        name_type=pl.lit("LEGAL")
    )
    new = base.filter(pl.col("rename_night").is_not_null()).with_columns(
        name_type=pl.lit("FORMER"),
        effective_from=(
            pl.lit(start) + pl.duration(days=pl.col("rename_night") - 2)
        ).cast(pl.Date),
        record_updated_at=_NO_TIME,
        _from=pl.col("rename_night").cast(records.schema["_from"]),
    )
    return versioned(
        pl.concat([frame.select(columns) for frame in (former, preferred, legal, new)])
    )


def person_merges(draw: Draw, records: pl.DataFrame, start: date) -> pl.DataFrame:
    """The ``person_merge`` feed: merges of the past and of the nights to come.

    A past merge names an id that no other row of the college mentions.
    """
    past = records.filter(
        ~pl.col("second")
        & ~pl.col("has_second")
        & (pl.col("_from") == 1)
        & draw.chance("merged before", MERGED_BEFORE, "m")
    ).select(
        "m", "_c", "_from",
        to_student_id="student_id",
        from_student_id=pl.lit("D")
        + (400_000 + pl.col("m")).cast(pl.String).str.zfill(8),
        kind=pl.when(draw.chance("id changed", 0.3, "m"))
        .then(pl.lit("ID_CHANGED"))
        .otherwise(pl.lit("MERGED_INTO")),
        merged_on=(
            pl.lit(start) - pl.duration(days=30 + draw.below("merged on", 900, "m"))
        ).cast(pl.Date),
        record_updated_at=before(
            start, 40_000 + draw.below("merge changed", 9_000, "m")
        ),
    )  # fmt: skip
    main = records.select(keeps="m", to_student_id="student_id")
    now = (
        records.filter(pl.col("merge_night").is_not_null())
        .select("m", "_c", "keeps", "merge_night", from_student_id="student_id")
        .join(main, on="keeps", how="left", maintain_order="left")
        .select(
            "m", "_c",
            _from=pl.col("merge_night").cast(records.schema["_from"]),
            to_student_id="to_student_id",
            from_student_id="from_student_id",
            kind=pl.lit("MERGED_INTO"),
            merged_on=(
                pl.lit(start - timedelta(days=2))
                + pl.duration(days=pl.col("merge_night"))
            ).cast(pl.Date),
            record_updated_at=_NO_TIME,
        )
    )  # fmt: skip
    frame = pl.concat([past, now.select(past.columns)])
    return versioned(frame.with_columns(reason=pl.lit("Duplicate record")))


def disclosures(
    draw: Draw, records: pl.DataFrame, nights: int, start: date
) -> pl.DataFrame:
    """The ``disclosure`` feed: in force, ended, ending later, and new ones."""
    kinds = ["FERPA_BLOCK", "FINANCIAL_HOLD", "TRANSCRIPT_HOLD", "PUBLISH_OPT_OUT",
             "PUBLISH_CONSENT", "DECEASED"]  # fmt: skip
    weights = [34, 22, 14, 12, 14, 4]
    ago = 20 + draw.below("disclosed", 900, "m")
    base = records.filter(
        ~pl.col("second") & ~pl.col("has_second") & (pl.col("_from") == 1)
    ).with_columns(
        kind=draw.choose("disclosure kind", kinds, "m", weights=weights),
        valid_from=(pl.lit(start) - pl.duration(days=ago)).cast(pl.Date),
        record_updated_at=before(start, 400 + draw.below("disclosure", 9_000, "m")),
    )
    open_ended = pl.col("kind").is_in(["DECEASED", "PUBLISH_CONSENT"])
    standing = base.filter(draw.chance("disclosure", 0.015, "m")).with_columns(
        valid_to=pl.when(draw.chance("disclosure over", 0.15, "m") & ~open_ended).then(
            pl.col("valid_from") + pl.duration(days=15)
        )
    )
    new = base.filter(draw.chance("new disclosure", 0.0008 * (nights - 1), "m"))
    night = 2 + draw.below("disclosure night", max(nights - 1, 1), "m")
    new = new.with_columns(
        _from=night.cast(records.schema["_from"]),
        valid_from=(pl.lit(start) + pl.duration(days=night - 2)).cast(pl.Date),
        valid_to=pl.lit(None, dtype=pl.Date),
        record_updated_at=_NO_TIME,
    )
    columns = [
        "m", "_c", "student_id", "kind", "valid_from", "valid_to",
        "record_updated_at", "_from",
    ]  # fmt: skip
    frame = pl.concat([standing.select(columns), new.select(columns)]).unique(
        ["m", "kind", "valid_from"], keep="first", maintain_order=True
    )
    frame = versioned(frame).with_columns(
        note_code=pl.col("kind").replace_strict(
            {"FINANCIAL_HOLD": "AR", "TRANSCRIPT_HOLD": "TR"}, default=None
        )
    )
    if nights == 1:
        return frame
    last = (pl.lit(start) + pl.duration(days=pl.col("_night") - 2)).cast(pl.Date)
    return split(
        frame,
        pl.col("valid_to").is_null()
        & ~pl.col("kind").is_in(["DECEASED", "PUBLISH_CONSENT"])
        & draw.chance("disclosure lifted", 0.02 * (nights - 1), "m"),
        2 + draw.below("lifting night", nights - 1, "m"),
        {"valid_to": last, "record_updated_at": _NO_TIME},
    )
