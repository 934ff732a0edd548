"""The truth files: what a warehouse must make of the packages.

Belongs here: who is whom, every total a college must come to, what becomes of each
file and package, and what changed. All of it comes from the state and the plan; no
package is read back. Does not belong here: the faults' definitions (``faults``).
"""

from datetime import timedelta
from pathlib import Path

import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.sample.content import SENT, with_sent
from pipelines.sample.faults import LATE, Planting
from pipelines.sample.identity import persons
from pipelines.sample.layout import FROM, TO
from pipelines.sample.pack import Packed
from pipelines.sample.package import Package
from pipelines.sample.state import State

_CODE = "institution_code"


def write_truth(
    contracts: Contracts,
    state: State,
    planting: Planting,
    packed: list[Packed],
    folder: Path,
) -> None:
    """Writes every truth table as Parquet below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    packages = [one.package for one in packed]
    tables = {
        "person": persons(state, in_force(state, packages, state.nights)),
        "total": totals(state, packages),
        "published_total": totals(state, packages, published=True),
        "published_term_total": term_totals(state, packages),
        "file": files(state, packed),
        "package": deliveries(state, packages),
        "fault": planted(state, planting, packed),
        "change": changes(contracts, state),
    }
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet", compression="zstd")


def applied_state(
    packages: list[Package], night: int, *, published: bool = False
) -> dict[int, int]:
    """By sender the night whose state is in force after ``night``.

    Args:
        packages: every delivery.
        night: after whose deliveries.
        published: only what the college's publication may use: a package without
            its disclosure file stops that, and deltas on it inherit the stop.
    """
    holds: dict[int, int] = {}
    stopped: dict[int, bool] = {}
    for package in packages:
        if package.night > night or not package.applied:
            continue
        if package.mode != "delta":
            stopped[package.college] = not package.publishable
        if published and stopped.get(package.college, False):
            continue
        holds[package.college] = max(holds.get(package.college, 0), package.holds)
    return holds


def in_force(
    state: State, packages: list[Package], night: int, *, published: bool = False
) -> dict[str, pl.DataFrame]:
    """Every feed's rows in force after a night's packages."""

    def at(*, only_published: bool) -> pl.DataFrame:
        holds = applied_state(packages, night, published=only_published)
        return pl.DataFrame(
            {"_c": list(holds), "_at": list(holds.values())},
            schema={"_c": pl.Int16, "_at": pl.Int8},
        )

    every = at(only_published=published)
    # The package that stops publication is the one that lacks this file.
    disclosed = at(only_published=True)
    return {
        name: frame.join(
            disclosed if name == "disclosure" else every,
            on="_c",
            how="inner",
            maintain_order="left",
        ).filter((pl.col(FROM) <= pl.col("_at")) & (pl.col(TO) > pl.col("_at")))
        for name, frame in state.feeds.items()
    }


def _credit(column: str, scale: int) -> pl.Expr:
    """The exact sum of a held column, as a decimal of its scale."""
    return (pl.col(column).sum() / 10**scale).cast(pl.Decimal(18, scale))


def _count(when: pl.Expr) -> pl.Expr:
    return when.fill_null(value=False).sum().cast(pl.Int64)


_MEASURES: dict[str, dict[str, pl.Expr]] = {
    "person": {"persons": pl.len().cast(pl.Int64)},
    "course_result": {
        "course_results": pl.len().cast(pl.Int64),
        "attempted_credit": _credit("attempted_credit", 3),
        "earned_credit": _credit("earned_credit", 3),
        "gpa_credit": _credit("gpa_credit", 3),
        "quality_points": _credit("quality_points", 3),
        "clock_hours_attended": _credit("clock_hours_attended", 2),
        "grades": _count(pl.col("grade_local").is_not_null()),
    },
    "term_enrollment": {
        "term_enrollments": pl.len().cast(pl.Int64),
        "term_attempted": _credit("attempted", 3),
        "term_earned": _credit("earned", 3),
    },
    "program_enrollment": {"program_enrollments": pl.len().cast(pl.Int64)},
    "transfer_credit": {
        "transfer_rows": pl.len().cast(pl.Int64),
        "transfer_accepted": _count(pl.col("decision") == "ACCEPTED"),
        "transfer_rejected": _count(pl.col("decision") == "REJECTED"),
        "transfer_pending": _count(pl.col("decision") == "PENDING"),
        "transfer_accepted_credit": _credit("accepted_credit", 3),
        "transfer_applied_credit": _credit("applied_credit", 3),
    },
    "credential_award": {
        "awards_awarded": _count(pl.col("status") == "AWARDED"),
        "awards_revoked": _count(pl.col("status") == "REVOKED"),
    },
    "noncredit_completion": {
        "noncredit_rows": pl.len().cast(pl.Int64),
        "noncredit_completed": _count(pl.col("outcome") == "COMPLETED"),
        "contact_hours": _credit("contact_hours", 2),
        "ceu": _credit("ceu", 3),
        "industry_credentials": _count(pl.col("industry_credential").is_not_null()),
    },
    "experience": {
        "experiences": pl.len().cast(pl.Int64),
        "experience_hours": _credit("hours", 2),
    },
    "skill_assertion": {"skill_assertions": pl.len().cast(pl.Int64)},
    "badge": {"badges": pl.len().cast(pl.Int64)},
    "enrollment_elsewhere": {"enrolments_elsewhere": pl.len().cast(pl.Int64)},
    "award_elsewhere": {"awards_elsewhere": pl.len().cast(pl.Int64)},
    "disclosure": {"disclosures": pl.len().cast(pl.Int64)},
    "person_merge": {"person_merges": pl.len().cast(pl.Int64)},
    "section": {"sections": pl.len().cast(pl.Int64)},
}


_BY_TERM = {
    "course_result": ("term_code", ["attempted_credit", "earned_credit"]),
    "transfer_credit": (
        "effective_term",
        ["transfer_accepted_credit", "transfer_applied_credit"],
    ),
    "credential_award": ("award_term", ["awards_awarded", "awards_revoked"]),
}
"""By feed the column that names the term, and what adds up in it."""


def totals(
    state: State, packages: list[Package], *, published: bool = False
) -> pl.DataFrame:
    """One row a night and college with everything that must add up."""
    codes = state.colleges.select("_c", _CODE)
    nights = []
    for night in range(1, state.nights + 1):
        rows = in_force(state, packages, night, published=published)
        holds = applied_state(packages, night, published=published)
        frame = codes.with_columns(
            night=pl.lit(state.start + timedelta(days=night - 1)),
            state_of=pl.Series(
                [
                    state.start + timedelta(days=holds[c] - 1) if c in holds else None
                    for c in codes["_c"]
                ],
                dtype=pl.Date,
            ),
        )
        for feed, measures in _MEASURES.items():
            sums = rows[feed].group_by("_c").agg(**measures)
            frame = frame.join(sums, on="_c", how="left", maintain_order="left")
            # A college without a row of a feed has nothing of it, not an unknown.
            frame = frame.with_columns(pl.col(name).fill_null(0) for name in measures)
        nights.append(frame)
    return (
        pl.concat(nights).drop("_c").select("night", _CODE, pl.exclude("night", _CODE))
    )


def term_totals(state: State, packages: list[Package]) -> pl.DataFrame:
    """One row a college and term: what is published of it after the last night.

    Accepted and applied credit count in the term from which they are good, an award in
    that of its date; ``term_code`` is null where the college names none.
    """
    rows = in_force(state, packages, state.nights, published=True)
    whole = state.colleges.select("_c", _CODE)
    frames = [
        rows[feed]
        .group_by("_c", pl.col(term).alias("term_code"))
        .agg(**{name: _MEASURES[feed][name] for name in names})
        .unpivot(index=["_c", "term_code"], variable_name="measure", value_name="total")
        .with_columns(pl.col("total").cast(pl.Decimal(18, 3)))
        for feed, (term, names) in _BY_TERM.items()
    ]
    return (
        pl.concat(frames)
        .join(whole, on="_c", how="inner", maintain_order="left")
        .select(_CODE, "term_code", "measure", "total")
        .sort(_CODE, "term_code", "measure")
    )


def _day(state: State, night: int) -> object:
    return state.start + timedelta(days=night - 1)


def files(state: State, packed: list[Packed]) -> pl.DataFrame:
    """One row a file: rows sent, and what must become of them.

    ``loaded`` and the others are null where the package is not applied on its night.
    """
    rows = []
    for one in packed:
        package = one.package
        for feed, count in one.rows.items():
            expected = one.expected.get(feed)
            collapsed = expected.collapsed if expected else 0
            quarantined = expected.quarantined if expected else 0
            applied = package.applied
            rows.append(
                {
                    "night": _day(state, package.night),
                    _CODE: package.institution_code,
                    "delivery": package.folder,
                    "package_id": package.package_id,
                    "feed": feed,
                    "rows": count,
                    "loaded": count - collapsed - quarantined if applied else None,
                    "collapsed": collapsed if applied else None,
                    "quarantined": quarantined if applied else None,
                    "verdict": package.verdict,
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def deliveries(state: State, packages: list[Package]) -> pl.DataFrame:
    """One row a package, in the order of nights."""
    return pl.DataFrame(
        [
            {
                "night": _day(state, package.night),
                _CODE: package.institution_code,
                "delivery": package.folder,
                "package_id": package.package_id,
                "previous_package_id": package.previous_package_id,
                "mode": package.mode,
                "as_of": package.as_of.isoformat(),
                "state_of": _day(state, package.holds),
                "verdict": package.verdict,
                "publishable": package.publishable,
                "fault": package.fault,
            }
            for package in packages
        ],
        infer_schema_length=None,
    )


_FAULT_SCHEMA: dict[str, type[pl.DataType] | pl.DataType] = {
    "night": pl.Date,
    _CODE: pl.String,
    "delivery": pl.String,
    "package_id": pl.String,
    "fault": pl.String,
    "feed": pl.String,
    "edit_id": pl.String,
    "package_verdict": pl.String,
    "publishable": pl.Boolean,
    "collapsed_rows": pl.Int64,
    "quarantined_rows": pl.Int64,
    "lines": pl.List(pl.Int64),
}


def planted(state: State, planting: Planting, packed: list[Packed]) -> pl.DataFrame:
    """One row a fault; a package with row edits has one row for each edit."""
    codes = dict(zip(state.colleges["_c"], state.colleges[_CODE], strict=True))
    done = {
        (one.package.night, one.package.college): one
        for one in packed
        if one.package.fault is not None
    }
    rows = []
    for (night, college), fault in sorted(planting.at.items()):
        one = done.get((night, college))
        row = {
            "night": _day(state, night),
            _CODE: codes[college],
            "delivery": one.package.folder if one else None,
            "package_id": one.package.package_id if one else None,
            "fault": fault.name,
            "package_verdict": fault.verdict if one else LATE,
            "publishable": fault.publishable,
        }
        if one and one.planted:
            rows += [
                row
                | {
                    "feed": feed,
                    "edit_id": edit,
                    "collapsed_rows": 0,
                    "quarantined_rows": len(lines),
                    "lines": lines,
                }
                for feed, edits in one.planted.items()
                for edit, lines in edits.items()
            ]
            continue
        expected = one.expected.get(fault.feed or "") if one else None
        rows.append(
            row
            | {
                "feed": fault.feed,
                "edit_id": fault.edit_id,
                "collapsed_rows": expected.collapsed if expected else 0,
                "quarantined_rows": expected.quarantined if expected else 0,
                "lines": expected.lines if expected else [],
            }
        )
    return pl.DataFrame(rows, schema=_FAULT_SCHEMA)


def changes(contracts: Contracts, state: State) -> pl.DataFrame:
    """What changed in the colleges' own records on each night after the first.

    ``kind`` is ``added``, ``changed`` or ``removed``; ``key`` is the row's key as JSON.
    """
    codes = state.colleges.select("_c", _CODE)
    found = []
    for name, rows in state.feeds.items():
        feed, frame = contracts.feeds[name], with_sent(rows)
        key = ["_c", *feed.key]
        begun = frame.filter(pl.col(SENT) > 1).select(*key, night=SENT)
        ended = frame.filter(pl.col(TO) <= state.nights).select(*key, night=TO)
        both = [*key, "night"]
        kinds = [
            ("added", begun.join(ended, on=both, how="anti", nulls_equal=True,
                                 maintain_order="left")),
            ("changed", begun.join(ended, on=both, how="semi", nulls_equal=True,
                                   maintain_order="left")),
            ("removed", ended.join(begun, on=both, how="anti", nulls_equal=True,
                                   maintain_order="left")),
        ]  # fmt: skip
        found += [
            rows.filter(pl.col("night") <= state.nights).select(
                "_c",
                (pl.lit(state.start) + pl.duration(days=pl.col("night") - 1))
                .cast(pl.Date)
                .alias("night"),
                pl.lit(name).alias("feed"),
                pl.struct(pl.col(c).cast(pl.String) for c in feed.key)
                .struct.json_encode()
                .alias("key"),
                pl.lit(kind).alias("kind"),
            )
            for kind, rows in kinds
            if rows.height
        ]
    if not found:
        return pl.DataFrame(
            schema={
                "night": pl.Date, _CODE: pl.String, "feed": pl.String,
                "key": pl.String, "kind": pl.String,
            }
        )  # fmt: skip
    frame = pl.concat(found).join(codes, on="_c", how="left", maintain_order="left")
    office = pl.lit(f"SYSTEM:{state.system}")
    return frame.select(
        "night", pl.coalesce(_CODE, office).alias(_CODE), "feed", "key", "kind"
    ).sort(["night", _CODE, "feed", "key"])
