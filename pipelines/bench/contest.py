"""One run of a benchmark in a process of its own: ``python -m`` this, name, folder.

Belongs here: the contestants and what they say of themselves. Does not belong here:
rounds and medians (``landing``).
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contracts.load import load_contracts
from pipelines.errors import OperatorError
from pipelines.landing.land import land
from pipelines.settings import Home


def delivered_files(inbox: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Every file of every package, with what its manifest says of it."""
    return [
        (manifest.parent / said["name"], said)
        for manifest in sorted(inbox.glob("*/*/manifest.json"))
        for said in json.loads(manifest.read_text())["files"]
    ]


def _land(home: Home) -> None:
    result = land(home, load_contracts())
    taken = result.count("accepted", "accepted_with_quarantine")
    if taken != len(result.packages):
        message = f"{len(result.packages) - taken} packages of a clean state refused"
        raise OperatorError(message)


def _bare(home: Home) -> None:
    target = home.root / "bare"
    target.mkdir()
    with duckdb.connect() as con:
        con.execute("set threads = 2")
        for number, (file, said) in enumerate(delivered_files(home.inbox)):
            copied = target / f"{number}.parquet"
            con.execute(
                f"copy (from {_source(file, said)}) to {_quoted(copied)} "
                "(format parquet, compression zstd)"
            )


def _source(file: Path, said: dict[str, Any]) -> str:
    """The file as a table function, told what its manifest tells landing."""
    if file.suffix == ".parquet":
        return f"read_parquet({_quoted(file)})"
    quote = _quoted(said.get("quote") or "")
    encoding = said.get("encoding", "utf-8").lower()
    # DuckDB has no Windows-1252; Latin-1 is as long.
    known = encoding if encoding.startswith("utf") else "latin-1"
    return (
        f"read_csv({_quoted(file)}, header = true, all_varchar = true, "
        f"delim = {_quoted(said.get('delimiter', ','))}, quote = {quote}, "
        f"escape = {quote}, encoding = {_quoted(known)})"
    )


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def peak_megabytes() -> float:
    """Resident memory of this process at its highest."""
    # Not getrusage: a process inherits the peak of the one that started it.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _main(name: str, home: Home) -> None:
    start = time.perf_counter()
    {"land": _land, "bare": _bare}[name](home)
    seconds = time.perf_counter() - start
    said = {"seconds": seconds, "megabytes": peak_megabytes()}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    _main(sys.argv[1], Home(Path(sys.argv[2])))
