"""``lrw bench``: how fast this program is, against the least that could do the work.

Belongs here: parsing, calling and printing. Does not belong here: measuring
(``pipelines.bench``).
"""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from pipelines.commands.shared import Format, FormatOption, err, out, write_json
from pipelines.errors import OperatorError

if TYPE_CHECKING:
    from pipelines.bench.identity import IdentityBench
    from pipelines.bench.landing import LandBench

app = typer.Typer(no_args_is_help=True, help="Benchmarks on generated states.")


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


@app.command()
def identity(
    learners: Annotated[int, typer.Option(min=100, help="True persons.")] = 100_000,
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 1,
    targets: Annotated[
        bool, typer.Option("--targets", help="Fail when one of them is missed.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Linkage from scratch, and of a night with one student in a hundred new."""
    from pipelines.bench.identity import Targets, bench_identity

    with err.status(f"Linking {learners:,} learners {rounds} times"):
        found = bench_identity(learners, rounds)
    if form is Format.TABLE:
        _print_identity(found)
    else:
        write_json(found.as_dict())
    missed = found.missed(Targets()) if targets else []
    if missed:
        raise OperatorError(f"Targets missed: {'; '.join(missed)}")


def _print_identity(found: "IdentityBench") -> None:
    steps = list(found.scratch.steps)
    table = Table("", "seconds", *steps, "peak MB", "new students", header_style="bold")
    for name, run in (("scratch", found.scratch), ("night", found.night)):
        table.add_row(
            name,
            f"{run.seconds:.2f}",
            *(f"{run.steps[step]:.2f}" for step in steps),
            f"{run.peak_megabytes:,}",
            f"{run.linked:,}",
        )
    out.print(table)
    out.print(
        f"{found.night.representations:,} representations of "
        f"{found.college_students:,} college students of {found.learners:,} learners; "
        f"medians of {found.rounds}; the night takes {found.ratio:.3f} of a run from "
        f"scratch; lrw bench identity --learners {found.learners} "
        f"--rounds {found.rounds}"
    )


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
