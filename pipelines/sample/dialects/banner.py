"""A college's feeds as Banner would write them: the inverse of the dialect.

Belongs here: which tables there are and how their files look, with the noise a real
system has. Does not belong here: the rows (``banner_people``, ``banner_catalogue``,
``banner_study``, ``banner_transfer``), and how they are read
(``data_contracts/dialects/banner``).
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.sample.dialects import (
    TableFile,
    banner_catalogue,
    banner_people,
    banner_study,
    banner_transfer,
)

CARRIES = frozenset(
    {
        "term",
        "grade_scheme",
        "program",
        "course",
        "section",
        "section_attribute",
        "person",
        "person_name",
        "person_identifier",
        "person_merge",
        "disclosure",
        "program_enrollment",
        "term_enrollment",
        "course_result",
        "transfer_credit",
        "credential_award",
    }
)
# Practices carry one of three prefixes at a college; other attributes are four letters.
_PRACTICES = [
    "FYE",
    "CER",
    "HON",
    "LCM",
    "SVL",
    "GLB",
    "TEL",
    "URS",
    "WBL",
    "ADV",
    "PMT",
    "CAP",
    "INT",
    "COP",
    "CLN",
    "APP",
    "OTH",
]
_FRAMEWORKS = ["GENED", "DELIVERY", "DUAL", "COREQ", "HONORS", "OER", "OTHER"]
SETTINGS: Mapping[str, Any] = {
    # The generated history of names holds the changes only.
    "current_name_is_sent": "N",
    "attributes": {
        prefix + practice: {"framework": "HIP", "hip_code": practice}
        for prefix in ("H", "Z", "HP")
        for practice in _PRACTICES
    }
    | {name[:4]: {"framework": name} for name in _FRAMEWORKS},
}
"""What the profile of such a college says under ``dialect_settings: {banner: …}``."""

_ENCODING = "windows-1252"
_PADDED = ("_CODE", "_ID", "_IND", "_CRN", "_LAST_NAME")
_DAY = "20260901"


def tables(
    text: Mapping[str, pl.DataFrame], college: Mapping[str, Any]
) -> list[TableFile]:
    """The tables of a snapshot: pipes, Windows-1252, CRLF, padding and a trailer.

    Args:
        text: Each feed of ``CARRIES`` as its generic file would show it.
        college: The sender's profile; every college's tables look alike.
    """
    del college
    made = {
        **banner_people.tables(text),
        **banner_catalogue.tables(text),
        **banner_study.tables(text),
        **banner_transfer.tables(text),
    }
    return [_file(table, frame) for table, frame in made.items()]


def _file(table: str, frame: pl.DataFrame) -> TableFile:
    text = _written(frame)
    name = f"{table}_{_DAY}.txt"
    try:
        return TableFile(table, name, frame.height, text.encode(_ENCODING))
    except UnicodeEncodeError:
        # A name beyond the code page: that file's manifest entry says UTF-8.
        return TableFile(table, name, frame.height, text.encode(), "utf-8")


def _written(frame: pl.DataFrame) -> str:
    """CHAR columns are padded, some nulls written out, the count comes last."""
    nothing = pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("(null)"))
    values = [
        (
            pl.col(name).cast(pl.String).str.pad_end(8)
            if name.endswith(_PADDED)
            else pl.col(name).cast(pl.String)
        ).fill_null(nothing.otherwise(pl.lit("")))
        for name in frame.columns
    ]
    records = frame.select(pl.concat_str(values, separator="|").alias("record"))
    lines = [
        "|".join(frame.columns),
        *records["record"].to_list(),
        f"TRAILER|{frame.height}",
    ]
    return "".join(f"{line}\r\n" for line in lines)
