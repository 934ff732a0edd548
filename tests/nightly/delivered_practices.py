"""Experiences and practices counted in the files that colleges delivered.

Nothing of the pipeline reads them here: csv, gzip and Parquet readers, dictionaries for
what is in force, and the college's own grade scheme for who completed a section.
"""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import polars as pl

KEYS = {
    "experience": ("student_id", "experience_id"),
    "section_attribute": ("term_code", "section_id", "attribute_code"),
    "grade_scheme": ("grade_mode", "grade_local", "valid_from_term"),
    "course_result": ("student_id", "term_code", "section_id", "attempt_seq"),
}
LEARNER_FEEDS = ("experience", "course_result")
PASSING = ("PASS", "CREDIT_BY_EXAM")

Row = dict[str, str]


def rows(package: Path, said: dict) -> Iterator[Row]:
    """The rows of a file as text, by what its manifest says of it."""
    path = package / said["name"]
    if path.suffix == ".parquet":
        for row in pl.read_parquet(path).iter_rows(named=True):
            yield {name: "" if v is None else str(v) for name, v in row.items()}
        return
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode(
        said["encoding"]
    )
    yield from csv.DictReader(
        text.splitlines(keepends=True),
        delimiter=said["delimiter"],
        quotechar=said["quote"],
    )


def in_force(college: Path) -> dict[str, dict[tuple[str, ...], Row]]:
    """By feed and key the newest row, of packages from the first night to the last."""
    kept: dict[str, dict[tuple[str, ...], Row]] = {feed: {} for feed in KEYS}
    for package in sorted(college.iterdir()):
        manifest = json.loads((package / "manifest.json").read_bytes())
        for said in manifest["files"]:
            if said["feed"] not in KEYS:
                continue
            # What a snapshot does not say again is gone; a reference row stays good
            # for what used it.
            if manifest["mode"] == "snapshot" and said["feed"] in LEARNER_FEEDS:
                kept[said["feed"]] = {
                    key: row
                    for key, row in kept[said["feed"]].items()
                    if not _within(manifest["scope"], row)
                }
            for row in rows(package, said):
                key = tuple(row[name] for name in KEYS[said["feed"]])
                if row.get("_op", "").upper() == "D":
                    kept[said["feed"]].pop(key, None)
                else:
                    kept[said["feed"]][key] = row
    return kept


def _within(scope: dict, row: Row) -> bool:
    return scope["kind"] == "full" or row["term_code"] in scope["terms"]


def counted(inbox: Path) -> tuple[Counter[str], Counter[str]]:
    """By practice code: how many experiences, and their hours."""
    count: Counter[str] = Counter()
    hours: Counter[str] = Counter()
    for college in sorted(path for path in inbox.iterdir() if path.is_dir()):
        found = in_force(college)
        for row in found["experience"].values():
            count[row["experience_type"]] += 1
            hours[row["experience_type"]] += Decimal(row["hours"] or 0)
        coded: dict[tuple[str, str], set[str]] = {}
        for row in found["section_attribute"].values():
            if row["framework"] == "HIP":
                section = row["term_code"], row["section_id"]
                coded.setdefault(section, set()).add(row["hip_code"])
        passing = {
            (row["grade_mode"], row["grade_local"])
            for row in found["grade_scheme"].values()
            if row["outcome"] in PASSING
        }
        for row in found["course_result"].values():
            graded = row["grade_mode"], row["grade_local"]
            if row["registration_status"] == "COMPLETED" and graded in passing:
                count.update(coded.get((row["term_code"], row["section_id"]), ()))
    return count, hours
