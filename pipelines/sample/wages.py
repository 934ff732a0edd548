"""Wage records of a state's agency: workers who are learners, and others.

Belongs here: who earned what in which quarter, and the agency's own packages. Does not
belong here: anything a college sends. Off unless asked for: the packages of colleges
are the same bytes with it and without.
"""

from datetime import date
from pathlib import Path

import polars as pl

from pipelines.contracts.model import Agency, Contracts
from pipelines.errors import OperatorError
from pipelines.sample import write
from pipelines.sample.belongings import SSN_SPACE, digits, spread, ssn_text
from pipelines.sample.draw import Draw
from pipelines.sample.layout import hold
from pipelines.sample.pack import Packed
from pipelines.sample.package import Package
from pipelines.sample.plan import described_at, package_id
from pipelines.sample.state import State

FEED = "employment_quarter"
EMPLOYED = 0.7
SECOND_JOB = 0.15
OTHER_WORKERS = 0.1
PSEUDO = 0.008
"""Below the 2 % of quarantined rows that hold a file (F15)."""
EMPLOYERS = 400
# Draws of workers who never were at a college have keys beyond every learner's.
_OTHERS_FROM = 600_000_000
_NAICS = ("622110", "722511", "332710", "611210", "23", "4451")
_SOC = ("29-1141", "35-3023", "51-4121", None, None, None)


def wages(draw: Draw, state: State) -> pl.DataFrame:
    """One row a worker, employer and quarter.

    Returns:
        ``l`` (the learner; null for anybody else), ``kind`` (learner, other, pseudo),
        ``_night`` on which it is sent, and the feed's columns; ``wages`` in cents.
    """
    quarters = _quarters(state.start)
    workers = _workers(draw, state).join(quarters, how="cross")
    worked = workers.filter(draw.chance("wage quarter", 0.85, "w", "year", "quarter"))
    second = worked.filter(draw.chance("second job", SECOND_JOB, "w"))
    jobs = pl.concat(
        [worked.with_columns(job=pl.lit(0)), second.with_columns(job=pl.lit(1))]
    )
    employer = draw.below("employer", EMPLOYERS, "w", "job")
    cents = draw.below("wages", 1_500_000, "w", "job", "year", "quarter")
    idle = draw.chance("no wages", 0.02, "w", "job", "year", "quarter")
    return (
        jobs.with_columns(
            employer_account=digits(pl.lit(1_000) + employer, 7),
            wages=pl.when(idle).then(0).otherwise(cents),
            state=pl.lit(state.colleges["state"][0]),
            naics=pl.lit(pl.Series(_NAICS)).gather(employer % len(_NAICS)),
            soc=pl.lit(pl.Series(_SOC, dtype=pl.String)).gather(employer % len(_SOC)),
            _night=pl.when(pl.col("is_newest")).then(min(2, state.nights)).otherwise(1),
        )
        .unique(["ssn", "employer_account", "year", "quarter"], keep="first")
        .sort("year", "quarter", "ssn", "employer_account")
    )


def _quarters(start: date) -> pl.DataFrame:
    """The four quarters before the first night; the last comes a night later."""
    last = start.year * 4 + (start.month - 1) // 3 - 1
    every = [last - back for back in range(3, -1, -1)]
    return pl.DataFrame(
        {
            "year": [number // 4 for number in every],
            "quarter": [number % 4 + 1 for number in every],
            "is_newest": [number == last for number in every],
        }
    )


def _workers(draw: Draw, state: State) -> pl.DataFrame:
    """``w``, ``l``, ``kind`` and ``ssn`` of everybody in the files."""
    learners = (
        state.records.select("l", "ssn")
        .filter(pl.col("ssn").is_not_null())
        .unique("l", keep="first")
        .sort("l")
        .filter(draw.chance("employed", EMPLOYED, "l"))
        .select(pl.col("l").alias("w"), "l", "ssn", kind=pl.lit("learner"))
    )
    count = learners.height
    numbers = pl.DataFrame({"w": range(int(count * OTHER_WORKERS) + 1)}).with_columns(
        pl.col("w") + _OTHERS_FROM
    )
    others = numbers.select(
        "w",
        pl.lit(None, pl.Int64).alias("l"),
        ssn_text(spread(pl.col("w"), 7_368_787, SSN_SPACE)).alias("ssn"),
        kind=pl.lit("other"),
    ).join(state.records.select("ssn"), on="ssn", how="anti")
    few = pl.DataFrame({"w": range(int(count * PSEUDO) + 1)})
    pseudo = few.select(
        pl.col("w") + 2 * _OTHERS_FROM,
        pl.lit(None, pl.Int64).alias("l"),
        (pl.lit("99") + digits(pl.col("w"), 7)).alias("ssn"),
        kind=pl.lit("pseudo"),
    )
    parts = [learners, others, pseudo]
    columns = ["w", "l", "ssn", "kind"]
    return pl.concat([part.select(columns) for part in parts], how="vertical_relaxed")


def write_wages(
    contracts: Contracts, draw: Draw, seed: int, state: State, made: Path
) -> list[Packed]:
    """Write the agency's packages below ``made/inbox`` and ``truth/wage.parquet``.

    The first night brings a snapshot, the second the newest quarter as a delta.

    Raises:
        OperatorError: the system has no agency in the contracts.
    """
    agency = _agency(contracts, state.system)
    rows = wages(draw, state)
    packed: list[Packed] = []
    for night in sorted(rows["_night"].unique()):
        before = packed[-1].package.package_id if packed else None
        package = _package(draw, seed, state, agency, int(night), before)
        sent = rows.filter(pl.col("_night") == night)
        feed = contracts.feeds[FEED]
        held = hold(feed, sent.with_columns(_c=pl.lit(-1)))
        if package.mode == "delta":
            held = held.with_columns(_op=pl.lit("U"))
        manner = write.Manner.of(None)
        manner.product = "Wage records"
        file = write.file_of(feed, held, manner, package.timezone)
        write.put(
            made / "inbox" / package.institution_code / package.folder,
            {file.name: file.data},
            write.manifest(package, [file], manner, [], None),
        )
        packed.append(Packed(package, {FEED: sent.height}))
    rows.select(
        pl.col("l").alias("true_learner"),
        "kind",
        "ssn",
        "employer_account",
        "year",
        "quarter",
        (pl.col("wages") / 100).cast(pl.Decimal(11, 2)).alias("wages"),
        night="_night",
    ).write_parquet(made / "truth" / "wage.parquet", compression="zstd")
    return packed


def _agency(contracts: Contracts, system: str) -> Agency:
    found = [one for one in contracts.agencies.values() if one.system == system]
    if not found:
        raise OperatorError(f"no agency of data_contracts/agencies is of {system}")
    return found[0]


def _package(
    draw: Draw,
    seed: int,
    state: State,
    agency: Agency,
    night: int,
    before: str | None,
) -> Package:
    day = date.fromordinal(state.start.toordinal() + night - 1)
    return Package(
        college=-1,
        institution_code=agency.sender,
        timezone=agency.timezone,
        night=night,
        holds=night,
        mode="delta" if before else "full",
        base=night - 1 if before else 0,
        package_id=package_id(seed, agency.sender, night),
        previous_package_id=before,
        as_of=described_at(draw, agency.sender, agency.timezone, day),
        folder=day.isoformat(),
    )
