"""``lrw bench``: how fast this program is, against the least that could do the work.

Belongs here: parsing, calling and printing. Does not belong here: measuring
(``pipelines.bench``).
"""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from pipelines.commands.shared import Format, FormatOption, err, out, write_json

if TYPE_CHECKING:
    from pipelines.bench.landing import LandBench

app = typer.Typer(no_args_is_help=True, help="Benchmarks on generated states.")


@app.callback()
def _bench() -> None:
    """Keep ``land`` a word of its own while it is the only benchmark."""


@app.command()
def land(
    learners: Annotated[int, typer.Option(min=1, help="True persons.")] = 20_000,
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 5,
    form: FormatOption = Format.TABLE,
) -> None:
    """Landing against a bare read_csv to Parquet of the same files."""
    from pipelines.bench.landing import bench_landing

    with err.status(f"Landing {learners:,} learners {rounds} times"):
        found = bench_landing(learners, rounds)
    if form is Format.TABLE:
        _print(found)
    else:
        write_json(found.as_dict())


def _print(found: "LandBench") -> None:
    table = Table("", "seconds", "rows/s", "MB/s", "peak MB", header_style="bold")
    for name, speed in (("land", found.land), ("bare", found.bare)):
        table.add_row(
            name,
            f"{speed.seconds:.2f}",
            f"{speed.rows_per_second:,}",
            f"{speed.megabytes_per_second:.1f}",
            f"{speed.peak_megabytes:,}",
        )
    out.print(table)
    out.print(
        f"{found.rows:,} rows, {found.megabytes:.1f} MB in {found.files:,} files of "
        f"{found.learners:,} learners; medians of {found.rounds}; "
        f"landing takes {found.ratio:.2f} times the bare copy"
    )
