"""Which colleges send, how large they are and the manners of their systems.

Belongs here: the frame of senders with their indices. Does not belong here: what a
college is (contracts) and what it teaches (``catalogue``).
"""

import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.sample.reference import table

_SECTORS = {"college_of_applied_technology": "TCAT"}


def senders(contracts: Contracts, system: str) -> pl.DataFrame:
    """The active colleges of a system that have a profile, largest first.

    Returns:
        One row a college: ``_c`` (0 ..), ``institution_code``, ``sector`` (ACCS, TBR,
        TCAT), ``state``, ``city``, ``timezone``, ``unitid``, ``name`` and the profile
        columns of ``data/college_profile.csv``.
    """
    known = pl.DataFrame(
        [
            {
                "institution_code": college.code,
                "sector": _SECTORS.get(college.group, college.system),
                "state": college.state,
                "city": college.city,
                "timezone": college.timezone,
                "unitid": college.unitid,
                "name": college.name,
            }
            for college in contracts.colleges.values()
            if college.system == system.upper() and college.status == "active"
        ],
        schema_overrides={"unitid": pl.String},
    )
    return (
        known.join(table("college_profile"), on="institution_code")
        .sort(["weight", "institution_code"], descending=[True, False])
        .with_row_index("_c")
        .with_columns(pl.col("_c").cast(pl.Int16))
    )
