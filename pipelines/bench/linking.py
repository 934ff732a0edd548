"""One identity night in a process of its own: ``python -m`` this, folder.

Belongs here: the run and what it says of itself. Does not belong here: rounds and
medians (``identity``).
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path

import duckdb

from pipelines.bench.contest import peak_megabytes
from pipelines.contracts.load import load_contracts
from pipelines.identity.night.link import link
from pipelines.identity.review.sources import open_representations
from pipelines.settings import Home

# What is done when a step boundary of the night is passed.
_STEPS = {
    "collected": "collect",
    "compared": "compare",
    "judged": "decide",
    "compared kept": "append",
    "views written": "write",
}


def _main(home: Home) -> None:
    contracts = load_contracts()
    # Splink takes 2 s to import: as little the night's as starting Python is.
    import_module("pipelines.identity.evidence")
    seconds = dict.fromkeys(_STEPS.values(), 0.0)
    begun = last = time.perf_counter()

    def at(name: str) -> None:
        nonlocal last
        now = time.perf_counter()
        if name in _STEPS:
            seconds[_STEPS[name]] += now - last
            last = now

    result = link(home, contracts, at=at)
    said = {
        "seconds": time.perf_counter() - begun,
        "steps": seconds,
        "megabytes": peak_megabytes(),
        "representations": _representations(home),
        "students": result.college_students,
        "linked": result.linked,
        "minted": result.minted,
        "refused": result.refused,
    }
    sys.stdout.write(json.dumps(said) + "\n")


def _representations(home: Home) -> int:
    """How many there are after the night."""
    with duckdb.connect() as con:
        open_representations(con, home)
        found = con.execute("select count(*) from representation").fetchall()
    return int(found[0][0])


if __name__ == "__main__":
    _main(Home(Path(sys.argv[1])))
