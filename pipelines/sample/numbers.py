"""The typed identifiers a college knows of a person, and how they go wrong.

Belongs here: which numbers a college was given, misread and mangled, and the
``person_identifier`` feed. Does not belong here: the numbers people own
(``belongings``).
"""

from datetime import date

import polars as pl

from pipelines.sample.belongings import digits
from pipelines.sample.draw import Draw
from pipelines.sample.instants import before

SSN_MISREAD = 0.006
ID_MANGLED = 0.01


def known_numbers(draw: Draw, frame: pl.DataFrame) -> pl.DataFrame:
    """Adds what this college was given of each number.

    Returns:
        ``frame`` with ``ssn_given``, ``itin_given``, ``ps_given``, ``k12_given``,
        ``pseudo_given`` (ACCS only: ``99`` and a running number of the college where an
        SSN is missing, so two colleges do issue the same one), and the flags
        ``ssn_misread``, ``id_mangled`` (a spreadsheet had the K-12 id),
        ``same_pseudo``, ``no_ssn`` and ``no_number``.
    """
    asked = (
        pl.when(pl.col("role") == "DUAL")
        .then(0.45)
        .when(pl.col("student_id").str.starts_with("N"))
        .then(0.25)
        .when(pl.col("second"))
        .then(0.3)
        .otherwise(0.97)
    )
    given = draw.chance("ssn given", asked, "m")
    k12_known = draw.chance("k12 given", 0.9, "m") & ~pl.col("second")
    mangled = draw.chance("id mangled", ID_MANGLED, "m")
    misread = (pl.col("j") >= 1) & draw.chance("ssn misread", SSN_MISREAD, "m")
    tail = pl.col("ssn").str.slice(5)
    wrong = pl.col("ssn").str.slice(0, 5) + digits(
        (tail.cast(pl.Int64) + 3000 - 1) % 9999 + 1, 4
    )
    return (
        frame.with_columns(
            ssn_given=pl.when(given).then(
                pl.when(misread).then(wrong).otherwise(pl.col("ssn"))
            ),
            ssn_misread=misread & given & pl.col("ssn").is_not_null(),
            itin_given=pl.when(given).then(pl.col("itin")),
            ps_given=pl.when(
                draw.chance("ps given", 0.92, "m") & ~pl.col("second")
            ).then(pl.col("ps_id")),
            k12_given=pl.when(k12_known).then(
                pl.when(mangled).then(_by_spreadsheet("k12_id")).otherwise("k12_id")
            ),
            id_mangled=mangled & k12_known & pl.col("k12_id").is_not_null(),
        )
        .with_columns(
            pseudo_given=pl.when(
                (pl.col("sector") == "ACCS")
                & pl.col("ssn_given").is_null()
                & pl.col("itin_given").is_null()
            ).then(pl.col("pseudo")),
            no_ssn=pl.col("ssn_given").is_null() & pl.col("itin_given").is_null(),
        )
        .with_columns(
            same_pseudo=pl.col("pseudo_given").is_not_null()
            & pl.col("pseudo_given").is_duplicated(),
            no_number=pl.col("no_ssn")
            & pl.col("ps_given").is_null()
            & pl.col("k12_given").is_null(),
        )
    )


def _by_spreadsheet(column: str) -> pl.Expr:
    """A long number as Excel saves it: without leading zero, or as 1.91E+09."""
    bare = pl.col(column).str.strip_chars_start("0")
    power = (bare.str.len_chars().cast(pl.Int64) - 1).cast(pl.String).str.zfill(2)
    short = bare.str.slice(0, 1) + "." + bare.str.slice(1, 2) + "E+" + power
    return pl.when(pl.col(column).str.starts_with("0")).then(bare).otherwise(short)


def identifiers(draw: Draw, records: pl.DataFrame, start: date) -> pl.DataFrame:
    """The ``person_identifier`` feed: one row an id and typed value."""
    changed = before(start, 400 + draw.below("identifier changed", 500_000, "m"))
    frame = records.with_columns(
        last4=pl.when(
            pl.col("ssn_given").is_null() & draw.chance("last four", 0.08, "m")
        ).then(pl.col("ssn").str.slice(5)),
        email_id=pl.when(pl.col("student_id").str.starts_with("N")).then(
            pl.col("email_personal")
        ),
        old_id=pl.when(draw.chance("old id", 0.015, "m") & ~pl.col("second")).then(
            pl.lit("X") + digits(500_000 + pl.col("m"), 8)
        ),
        valid_from=changed.dt.date(),
        record_updated_at=changed,
    )
    parts = [
        ("SSN", "ssn_given"),
        ("ITIN", "itin_given"),
        ("SSN_LAST4", "last4"),
        ("PSEUDO_SSN", "pseudo_given"),
        ("STATE_K12_ID", "k12_given"),
        ("STATE_PS_ID", "ps_given"),
        ("OLD_STUDENT_ID", "old_id"),
        ("SOURCE_PK", "source_pk"),
        ("EMAIL", "email_id"),
    ]
    return pl.concat(
        [
            frame.filter(pl.col(column).is_not_null()).select(
                "m",
                "_c",
                "student_id",
                pl.lit(kind).alias("id_type"),
                pl.col(column).alias("id_value"),
                pl.lit(
                    "State" if kind.startswith("STATE") else None, dtype=pl.String
                ).alias("issuer"),
                pl.lit("N" if kind == "OLD_STUDENT_ID" else "Y").alias("is_current"),
                "valid_from",
                "record_updated_at",
                "_from",
            )
            for kind, column in parts
        ]
    ).sort(["m", "id_type"], maintain_order=True)
