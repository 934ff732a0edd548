"""A feed as an Arrow schema: what ``landing/accepted`` holds.

Belongs here: the columns of a landed row, the college's and the warehouse's own. Does
not belong here: where the files lie.
"""

import pyarrow as pa

from pipelines.contracts.model import Column, Feed

LINEAGE = pa.schema(
    [
        pa.field("institution_code", pa.string(), nullable=False),
        pa.field("_op", pa.string(), nullable=False),
        pa.field("_package_id", pa.string(), nullable=False),
        pa.field("_wave_id", pa.string(), nullable=False),
        pa.field("_package_seq", pa.int64(), nullable=False),
        pa.field("_as_of", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("_file_name", pa.string()),
        pa.field("_file_sha256", pa.string()),
        pa.field("_line", pa.int64(), nullable=False),
        pa.field("_contract_version", pa.string(), nullable=False),
    ]
)
"""What every landed row says of itself; ``_op`` is U, D (removed) or C (closed)."""

LINEAGE_DESCRIPTIONS = {
    "institution_code": "College (or system office) that sent the row.",
    "_op": "U for a row in force, D for a key removed, C for a reference row closed.",
    "_package_id": "Package the row came with.",
    "_wave_id": "Wave of landing the package was applied in.",
    "_package_seq": "as_of of the package in microseconds since 1970; orders packages.",
    "_as_of": "Instant the package describes.",
    "_file_name": "File of the package; empty for a row removed by absence.",
    "_file_sha256": "SHA-256 of that file as sent.",
    "_line": "Line the record starts on, the header being 1; 0 when by absence.",
    "_contract_version": "Version of the feed contract the row was judged by.",
}


def landing_schema(feed: Feed) -> pa.Schema:
    """The contract's columns without the file's ``_op``, then the lineage."""
    return pa.schema([*map(_field, feed.data_columns), *LINEAGE])


def arrow_type(column: Column) -> pa.DataType:
    """The Arrow type of a column."""
    kind = column.type.kind
    if kind == "date":
        return pa.date32()
    if kind == "ts":
        return pa.timestamp("us", tz="UTC")
    if kind == "int":
        return pa.int64()
    if kind == "dec":
        return pa.decimal128(column.type.precision or 0, column.type.scale or 0)
    return pa.string()


def _field(column: Column) -> pa.Field:
    return pa.field(
        column.name,
        arrow_type(column),
        metadata={"description": column.description},
    )
