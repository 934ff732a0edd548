"""Pairs of college students written by hand, landed as one state."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.identity.evidence import find_pairs, load_policy
from pipelines.identity.representation import collect
from pipelines.sample.layout import held_type
from pipelines.sample.people_only import FEEDS, PeopleState, land_people
from pipelines.settings import Home

START = date(2026, 9, 1)
IDS = {
    "ssn": "SSN", "ps": "STATE_PS_ID", "k12": "STATE_K12_ID", "pseudo": "PSEUDO_SSN",
    "wallet": "WALLET_DID", "last4": "SSN_LAST4", "pk": "SOURCE_PK",
    "old": "OLD_STUDENT_ID",
}  # fmt: skip

Said = Mapping[str, Any]


def verdicts(
    folder: Path, pairs: Mapping[str, tuple[Said, Said]]
) -> dict[str, tuple[str, str | None]]:
    """By pair its verdict and gate; ("none", None) where no rule looked at it.

    Args:
        folder: An empty folder.
        pairs: What two colleges say; short keys of ``IDS`` are identifiers.
    """
    home = Home(folder)
    land_people(home, _state(pairs))
    with duckdb.connect() as con:
        collect(home, load_contracts(), con)
        find_pairs(con, load_policy(), keep_all=True)
        rows = con.execute(
            "select a_student_id, b_student_id, verdict, gate from pair"
        ).fetchall()
    found: dict[str, tuple[str, str | None]] = dict.fromkeys(pairs, ("none", None))
    names = list(pairs)
    for a, b, verdict, gate in rows:
        # Students are numbered by their pair; two of different pairs are strangers.
        assert a[:-1] == b[:-1] or verdict != "link", (a, b)
        if a[:-1] == b[:-1]:
            found[names[int(a[1:-1])]] = (verdict, gate)
    return found


def _state(pairs: Mapping[str, tuple[Said, Said]]) -> PeopleState:
    people, ids = [], []
    for number, sides in enumerate(pairs.values()):
        for side, college, said in zip(
            "ab", ("CALHOUN", "COASTAL"), sides, strict=True
        ):
            key = {"institution_code": college, "student_id": f"S{number:04d}{side}"}
            row = {k: v for k, v in said.items() if k not in IDS}
            known = row.get("birth_date") is not None
            people.append(
                {"birth_date_quality": "FULL" if known else "UNKNOWN", "sex": "U"}
                | row
                | key
            )
            ids += [
                key | {"id_type": IDS[k], "id_value": v, "is_current": "Y"}
                for k, v in said.items()
                if k in IDS
            ]
    contracts = load_contracts()
    rows = {"person": people, "person_identifier": ids}
    feeds = {}
    for name in FEEDS:
        columns = contracts.feeds[name].data_columns
        schema = {c.name: held_type(c) for c in columns}
        feeds[name] = pl.DataFrame(
            rows.get(name, []), schema=schema | {"institution_code": pl.String}
        ).with_columns(late=pl.lit(value=False))
    return PeopleState(feeds, pl.DataFrame(), START)
