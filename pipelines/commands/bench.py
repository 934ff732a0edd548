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
    from pipelines.bench.signing import SignBench

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


@app.command()
def sign(
    learners: Annotated[int, typer.Option(min=1, help="Records.")] = 2_000,
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 3,
    form: FormatOption = Format.TABLE,
) -> None:
    """Signing against bare signatures, hashes and JSON, and against the slow path."""
    from pipelines.bench.signing import bench_signing

    with err.status(f"Signing {learners:,} records {rounds} times"):
        found = bench_signing(learners, rounds)
    if form is Format.TABLE:
        _print_signing(found)
    else:
        write_json(found.as_dict())


def _print_signing(found: "SignBench") -> None:
    table = Table("", "seconds", "learners/s", header_style="bold")
    table.add_row("sign", f"{found.seconds:.2f}", f"{found.learners_per_second:,}")
    floor = found.learners / found.floor_seconds
    table.add_row("floor", f"{found.floor_seconds:.2f}", f"{floor:,.0f}")
    table.add_row("slow path", "", f"{found.slow_learners_per_second:,.1f}")
    out.print(table)
    parts = Table(
        "in one process; from its text, and node by node",
        "ms a learner",
        header_style="bold",
    )
    for name, milliseconds in found.parts.items():
        parts.add_row(name, f"{milliseconds:.2f}")
    out.print(parts)
    out.print(
        f"{found.learners:,} records of {found.credentials} nested credentials, all "
        f"signed, {found.workers} processes, {found.peak_mib:,} MiB together; medians "
        f"of {found.rounds}; signing takes {found.ratio_to_floor:.2f} times the floor, "
        f"the slow path {found.ratio_to_slow:.0f} times as long as signing"
    )
    largest = found.largest
    out.print(
        f"60 courses: canonical in {largest['canonical_ms']:.1f} ms, verified by "
        f"openbadgeslib in {largest['verifier_seconds']:.2f} s, and its nested "
        f"credentials in {largest['verifier_nested_seconds']:.2f} s"
    )


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
