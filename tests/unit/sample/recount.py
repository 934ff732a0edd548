"""A small warehouse of its own: applies packages by the delivery rules and counts.

It shares no code with the generator's truth or with landing, so that the three can
disagree.
"""

import gzip
import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl

from pipelines.contracts.model import Contracts, Feed

KEEPS = {"credential_award", "disclosure", "person_merge"}


def read(folder: Path, entry: dict[str, object]) -> pl.DataFrame:
    """One file as text."""
    path = folder / str(entry["name"])
    if path.suffix == ".parquet":
        frame = pl.from_arrow(
            duckdb.sql(f"FROM read_parquet('{path}')").arrow().read_all()
        )
        return frame.cast(pl.String)
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    text = data.decode(str(entry["encoding"]))
    return pl.read_csv(
        io.StringIO(text), separator=str(entry["delimiter"]), infer_schema=False
    )


def manifests(inbox: Path, code: str) -> list[tuple[Path, dict[str, object]]]:
    """A sender's packages, oldest as_of first."""
    found = [
        (path.parent, json.loads(path.read_text()))
        for path in (inbox / code).glob("*/manifest.json")
    ]
    return sorted(found, key=lambda one: str(one[1]["as_of"]))


def apply(
    feed: Feed, state: pl.DataFrame, rows: pl.DataFrame, manifest: dict[str, object]
) -> pl.DataFrame:
    """The rows in force after one file of a package."""
    key = list(feed.key)
    if "_op" not in rows.columns:
        rows = rows.with_columns(_op=pl.lit("U"))
    new = rows.filter(pl.col("_op") == "U").drop("_op")
    touched = rows.select(key)
    stays = state.join(touched, on=key, how="anti", nulls_equal=True)
    if manifest["mode"] == "snapshot" and feed.name not in KEEPS:
        scope = manifest["scope"]
        assert isinstance(scope, dict)
        if scope["kind"] == "full":
            stays = stays.clear()
        elif "term_code" in state.columns:
            inside = pl.col("term_code").is_in(scope["terms"]).fill_null(value=False)
            stays = stays.filter(~inside)
    return pl.concat([stays, new.select(state.columns)])


def in_force(
    contracts: Contracts, inbox: Path, code: str, until: date
) -> dict[str, pl.DataFrame]:
    """All feeds of a college after the packages delivered up to a day."""
    state = {
        name: pl.DataFrame(
            schema={column.source_name: pl.String for column in feed.data_columns}
        )
        for name, feed in contracts.feeds.items()
    }
    for folder, manifest in manifests(inbox, code):
        if date.fromisoformat(folder.name[:10]) > until:
            continue
        for entry in manifest["files"]:  # type: ignore[attr-defined]
            name = entry["feed"]
            state[name] = apply(
                contracts.feeds[name], state[name], read(folder, entry), manifest
            )
    return state


SUMS = {
    "persons": "SELECT count(*) FROM person",
    "course_results": "SELECT count(*) FROM course_result",
    "attempted_credit": (
        "SELECT sum(attempted_credit::DECIMAL(18,3)) FROM course_result"
    ),
    "earned_credit": "SELECT sum(earned_credit::DECIMAL(18,3)) FROM course_result",
    "quality_points": "SELECT sum(quality_points::DECIMAL(18,3)) FROM course_result",
    "grades": "SELECT count(grade_local) FROM course_result",
    "term_attempted": "SELECT sum(attempted::DECIMAL(18,3)) FROM term_enrollment",
    "term_earned": "SELECT sum(earned::DECIMAL(18,3)) FROM term_enrollment",
    "program_enrollments": "SELECT count(*) FROM program_enrollment",
    "transfer_accepted_credit": (
        "SELECT sum(accepted_credit::DECIMAL(18,3)) FROM transfer_credit"
    ),
    "transfer_pending": (
        "SELECT count(*) FROM transfer_credit WHERE decision = 'PENDING'"
    ),
    "awards_awarded": "SELECT count(*) FROM credential_award WHERE status = 'AWARDED'",
    "awards_revoked": "SELECT count(*) FROM credential_award WHERE status = 'REVOKED'",
    "noncredit_completed": (
        "SELECT count(*) FROM noncredit_completion WHERE outcome = 'COMPLETED'"
    ),
    "contact_hours": (
        "SELECT sum(contact_hours::DECIMAL(18,2)) FROM noncredit_completion"
    ),
    "ceu": "SELECT sum(ceu::DECIMAL(18,3)) FROM noncredit_completion",
    "experiences": "SELECT count(*) FROM experience",
    "skill_assertions": "SELECT count(*) FROM skill_assertion",
    "badges": "SELECT count(*) FROM badge",
    "enrolments_elsewhere": "SELECT count(*) FROM enrollment_elsewhere",
    "awards_elsewhere": "SELECT count(*) FROM award_elsewhere",
    "disclosures": "SELECT count(*) FROM disclosure",
    "person_merges": "SELECT count(*) FROM person_merge",
}


def count(state: dict[str, pl.DataFrame]) -> dict[str, Decimal]:
    """The totals of a college's rows."""
    con = duckdb.connect()
    for name, frame in state.items():
        con.register(name, frame.to_arrow())
    return {
        name: Decimal(str(con.execute(sql).fetchall()[0][0] or 0))
        for name, sql in SUMS.items()
    }


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its relative name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
