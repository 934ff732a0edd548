"""A landed warehouse that holds people and nothing else: for the linkage at full size.

Belongs here: the four person feeds of a state as landing would have stored them, in
one wave or two, and the truth about them. Does not belong here: who the people are
(``people``, ``presence``), packages, files and their judgement.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import duckdb
import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contracts, Feed
from pipelines.landing.judging.redact import pepper, tokenise
from pipelines.landing.kept import ledger, store
from pipelines.landing.package.parcel import ACCEPTED
from pipelines.sample.calendar import calendar
from pipelines.sample.colleges import senders
from pipelines.sample.conduct import person_merges, person_names, renamed
from pipelines.sample.draw import Draw
from pipelines.sample.generate import FIRST_NIGHT
from pipelines.sample.identity import people_truth
from pipelines.sample.layout import hold
from pipelines.sample.numbers import identifiers
from pipelines.sample.people import learners
from pipelines.sample.presence import memberships, recorded
from pipelines.settings import Home

FEEDS = ("person", "person_identifier", "person_name", "person_merge")


@dataclass(frozen=True)
class PeopleState:
    """Everything the colleges of a state say about its people.

    Attributes:
        feeds: By feed its data columns, ``institution_code`` and ``late``: whether the
            student comes with the second wave.
        truth: One row a college student, as ``identity.people_truth`` says, and
            ``late``.
        start: The first night.
    """

    feeds: dict[str, pl.DataFrame]
    truth: pl.DataFrame
    start: date

    @property
    def college_students(self) -> int:
        """How many ids of colleges there are, those merged away included."""
        return self.truth.height


def people_only(
    count: int,
    seed: int,
    *,
    late: float = 0.0,
    system: str = "accs",
    start: date = FIRST_NIGHT,
) -> PeopleState:
    """The people of a state as their colleges recorded them.

    Args:
        count: True persons; there are about 1.33 college students to one.
        seed: Any integer; equal arguments give equal frames.
        late: Share of college students that come with the second wave.
        system: accs or tbr.
        start: The first night.
    """
    contracts, draw, code = load_contracts(), Draw(seed), system.upper()
    colleges = senders(contracts, code)
    terms = calendar(colleges, start)
    people = learners(draw, count, colleges["state"][0], start)
    at = memberships(draw, people, colleges, 1)
    records = renamed(draw, recorded(draw, at, people, colleges, terms, start), 1)
    second = records.select("m", late=draw.chance("late", late, "m"))
    names = colleges.select("_c", "institution_code")
    feeds = {
        name: _told(contracts.feeds[name], frame, names, second)
        for name, frame in (
            ("person", records),
            ("person_identifier", identifiers(draw, records, start)),
            ("person_name", person_names(draw, records, start)),
            ("person_merge", person_merges(draw, records, start)),
        )
    }
    merges = feeds["person_merge"].select(
        "institution_code", "to_student_id", student_id="from_student_id"
    )
    truth = people_truth(records, merges).join(
        feeds["person"].select("institution_code", "student_id", "late"),
        on=["institution_code", "student_id"],
        how="left",
        maintain_order="left",
    )
    return PeopleState(
        feeds, truth.with_columns(pl.col("late").fill_null(value=False)), start
    )


def _told(
    feed: Feed, frame: pl.DataFrame, names: pl.DataFrame, second: pl.DataFrame
) -> pl.DataFrame:
    held = hold(feed, frame).with_columns(m="_m")
    return (
        held.join(names, on="_c", how="left", maintain_order="left")
        .join(second, on="m", how="left", maintain_order="left")
        .select(
            *(column.name for column in feed.data_columns), "institution_code", "late"
        )
    )


def land_people(home: Home, state: PeopleState, *, wave: int = 1) -> int:
    """Stores one wave as landing would: accepted rows, then the ledger.

    The second wave holds the late students. The truth goes to ``home.truth`` with the
    first.

    Args:
        home: The warehouse; made when absent.
        state: What ``people_only`` made.
        wave: 1 or 2.

    Returns:
        The rows stored.
    """
    contracts = load_contracts()
    as_of = datetime.combine(state.start, time(4), UTC) + timedelta(days=wave - 1)
    wave_id = f"people-{wave}"
    store.prepare(home, contracts)
    stored = 0
    with duckdb.connect() as con:
        for name in FEEDS:
            rows = state.feeds[name].filter(pl.col("late") == (wave == 2))
            rows = tokenise(contracts.feeds[name], rows, pepper(home), con)
            log = _with_lineage(contracts.feeds[name], rows, wave_id, as_of)
            store.write_log(home, contracts.feeds[name], wave_id, log)
            stored += rows.height
    ledger.commit(home, wave_id, _ledger_rows(contracts, state, wave_id, as_of))
    if wave == 1:
        home.truth.mkdir(parents=True, exist_ok=True)
        state.truth.write_parquet(home.truth / "person.parquet", compression="zstd")
    return stored


def _with_lineage(
    feed: Feed, rows: pl.DataFrame, wave_id: str, as_of: datetime
) -> pl.DataFrame:
    return rows.drop("late").with_columns(
        _op=pl.lit("U"),
        _package_id=pl.col("institution_code") + f"-{wave_id}",
        _wave_id=pl.lit(wave_id),
        _package_seq=pl.lit(int(as_of.timestamp() * 1_000_000), dtype=pl.Int64),
        _as_of=pl.lit(as_of).cast(pl.Datetime("us", "UTC")),
        _file_name=pl.lit(f"{feed.name}.parquet"),
        _file_sha256=pl.lit(None, dtype=pl.String),
        _line=pl.int_range(2, pl.len() + 2, dtype=pl.Int64),
        _contract_version=pl.lit(feed.version),
    )


def _ledger_rows(
    contracts: Contracts, state: PeopleState, wave_id: str, as_of: datetime
) -> pl.DataFrame:
    senders_of = state.feeds["person"].select("institution_code").unique().sort("*")
    rows = senders_of.with_columns(
        package_id=pl.col("institution_code") + f"-{wave_id}",
        wave_id=pl.lit(wave_id),
        package_seq=pl.lit(int(as_of.timestamp() * 1_000_000), dtype=pl.Int64),
        as_of=pl.lit(as_of).cast(pl.Datetime("us", "UTC")),
        mode=pl.lit("delta"),
        scope_kind=pl.lit("full"),
        delivery=pl.lit(wave_id),
        manifest_sha256=pl.lit(""),
        verdict=pl.lit(ACCEPTED),
        publishable=pl.lit(value=True),
        contract_version=pl.lit(contracts.feeds["person"].version),
        landed_at=pl.lit(as_of).cast(pl.Datetime("us", "UTC")),
    )
    empty = pl.DataFrame(schema=ledger.LEDGER_SCHEMA)
    return pl.concat([empty, rows], how="diagonal_relaxed")
