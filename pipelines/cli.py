"""``lrw``: the command line. It parses, calls and prints; the work is elsewhere.

Exit codes: 0 done, 1 refused or fell short (said in one line), 2 wrong usage.
"""

import sys
from datetime import datetime
from enum import StrEnum
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from pipelines.commands import (
    bench,
    college,
    corrections,
    delivery,
    disclosures,
    identity,
    keys,
    metric,
    service,
)
from pipelines.commands.shared import (
    AsOfOption,
    Format,
    SystemName,
    Told,
    ToldOption,
    err,
    out,
    write_json,
)
from pipelines.errors import OperatorError, UsageError
from pipelines.forms.form import Form, Part
from pipelines.settings import export_home, home

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A statewide learner-record warehouse.",
)
contracts_app = typer.Typer(no_args_is_help=True, help="The agreed contracts.")
records_app = typer.Typer(no_args_is_help=True, help="Published records in bulk.")
app.add_typer(contracts_app, name="contracts")
app.add_typer(keys.app, name="keys")
app.add_typer(records_app, name="records")
app.add_typer(college.app, name="college")
app.add_typer(identity.app, name="identity")
app.add_typer(bench.app, name="bench")
app.add_typer(service.app, name="service")
app.add_typer(corrections.app, name="corrections")
app.add_typer(metric.app, name="metric")
app.command("collect")(delivery.collect)
app.command("serve")(service.serve)


class Faults(StrEnum):
    """Which faults a generated state carries."""

    NONE = "none"
    STANDARD = "standard"


class Shapes(StrEnum):
    """How the colleges of a generated state deliver."""

    PLAIN = "plain"
    MIXED = "mixed"


@app.command()
def sample(
    system: Annotated[SystemName, typer.Option(help="The state.")] = SystemName.ACCS,
    learners: Annotated[int, typer.Option(min=1, help="True persons.")] = 5000,
    nights: Annotated[int, typer.Option(min=1, max=60)] = 3,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 20260901,
    faults: Annotated[Faults, typer.Option()] = Faults.NONE,
    shapes: Annotated[
        Shapes, typer.Option(help="mixed: ten colleges in their systems' dialects.")
    ] = Shapes.PLAIN,
    wages: Annotated[
        bool, typer.Option("--wages", help="Wage records of the state's agency too.")
    ] = False,
    to: Annotated[
        Path | None, typer.Option("--out", help="Folder; LRW_HOME when unset.")
    ] = None,
) -> None:
    """Write a synthetic state with known truth: DIR/inbox and DIR/truth."""
    from pipelines.sample.generate import generate

    folder = (to or home().root).resolve()
    summary = generate(
        system.value,
        learners,
        nights,
        seed,
        faults.value,
        folder,
        shapes=shapes.value,
        wages=wages,
    )
    out.print(
        f"{summary.learners:,} learners at {summary.colleges} colleges: "
        f"{summary.packages:,} packages, {summary.rows:,} rows in {folder / 'inbox'}; "
        f"the truth in {folder / 'truth'}"
    )
    if shapes is Shapes.MIXED:
        out.print(f"Profiles: LRW_CONTRACTS={folder / 'contracts'}")
    if summary.left_out:
        out.print(f"No room for these faults: {', '.join(summary.left_out)}")


@app.command()
def night(
    until: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="Leave later ones waiting."),
    ] = None,
    each: Annotated[
        bool, typer.Option("--each", help="Publish once a delivery date.")
    ] = False,
) -> None:
    """Land what is waiting, link, build and publish."""
    from pipelines.night import run_night
    from pipelines.progress import listening
    from pipelines.terminal import night_bars, print_night

    chosen = export_home()
    with night_bars(err) as listener, listening(listener):
        summary = run_night(chosen, until.date() if until else None, each=each)
    print_night(out, chosen, summary)


@app.command()
def status(
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """What is published, how fresh, and where each college stands."""
    from pipelines.status import read_status
    from pipelines.terminal import print_status

    print_status(out, read_status(home()), form.value)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One read-only statement.")],
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
    as_of: AsOfOption = None,
    guarded: Annotated[
        bool, typer.Option("--guarded", help="With the wage tables of the snapshot.")
    ] = False,
) -> None:
    """Query what is published: learner, assertion, fact_award and the rest."""
    from pipelines.query import query as run
    from pipelines.terminal import TABLE_ROWS, print_rows

    limit = TABLE_ROWS if form is Format.TABLE else None
    day = as_of.date() if as_of else None
    rows = run(home(), sql, limit, day, guarded=guarded)
    print_rows(out, rows, form.value)


PurposeOption = Annotated[
    str | None, typer.Option(help="The interest of that party; no names.")
]
HandedByOption = Annotated[
    str | None, typer.Option("--by", help="Who hands it out; else who is logged in.")
]


@app.command()
def record(
    learner: Annotated[str, typer.Argument(help="A learner_id.")],
    form: Annotated[
        Form,
        typer.Option(
            help="badges, jwt: a folder. Only clr, badges, presentation and jwt "
            "can be verified; docs/record-forms.md says what each form loses."
        ),
    ] = Form.CLR,
    to: Annotated[
        Path | None,
        typer.Option("--out", help="File, or folder of badges or jwt; else printed."),
    ] = None,
    as_of: AsOfOption = None,
    audience: Annotated[
        str | None,
        typer.Option("--to", help="The party it is for: logged before it leaves."),
    ] = None,
    purpose: PurposeOption = None,
    by: HandedByOption = None,
    only: Annotated[
        list[Part] | None,
        typer.Option(
            help="A part of the record, signed by itself; again for another. With --to."
        ),
    ] = None,
) -> None:
    """Print or write one learner's record: the signed CLR 2.0, or another form."""
    from pipelines.disclosure.ledger import Request
    from pipelines.forms.write import write

    if audience is None and (purpose is not None or by is not None):
        raise UsageError("--purpose and --by go with --to AUDIENCE")
    if audience is None and only:
        raise UsageError("--only goes with --to AUDIENCE: for whom is the part?")
    request = (
        None
        if audience is None
        else Request(audience, purpose, getuser() if by is None else by)
    )
    day = as_of.date() if as_of else None
    written = write(home(), learner, form, to, day, request, only or ())
    if written is not None:
        out.print(f"{written} file{'' if written == 1 else 's'} written: {to}")


app.command("disclosures")(disclosures.disclosures)


@app.command()
def explain(
    credential: Annotated[
        str, typer.Argument(help="The id of a credential, urn:uuid: or without.")
    ],
    form: ToldOption = Told.TABLE,
) -> None:
    """Trace a claim: back to college, file and line, on to the records that hold it."""
    from pipelines.commands.explain_told import print_trace
    from pipelines.explain import explain as trace

    told = trace(home(), credential)
    if form is Told.JSON:
        write_json(told)
    else:
        print_trace(out, told)


@app.command()
def transfer(
    learner: Annotated[str, typer.Argument(help="A learner_id.")],
    college: Annotated[str, typer.Option("--to", help="Code of a college.")],
    program: Annotated[
        str | None, typer.Option(help="Code of a programme of that college.")
    ] = None,
    form: ToldOption = Told.TABLE,
) -> None:
    """What a learner's record would count as at another college of the system."""
    from pipelines.commands.transfer_told import print_transfer
    from pipelines.transfer import transfer as ask

    told = ask(home(), learner, college, program)
    if form is Told.JSON:
        write_json(told)
    else:
        print_transfer(out, told)


@records_app.command("export")
def records_export(
    to: Annotated[Path, typer.Option("--out", help="One document a line.")],
    limit: Annotated[int | None, typer.Option(min=1)] = None,
    audience: Annotated[
        str | None,
        typer.Option("--to", help="The party they are for; else the system office."),
    ] = None,
    purpose: PurposeOption = None,
    by: HandedByOption = None,
) -> None:
    """Write signed CLR documents, one a line; every learner's is logged."""
    from pipelines.disclosure.ledger import Request
    from pipelines.forms.export import OFFICE, export

    who = OFFICE if audience is None else audience
    request = Request(who, purpose, getuser() if by is None else by)
    count = export(home(), to, request, limit)
    out.print(
        f"{count:,} records in {to}, logged as handed to {who}",
        markup=False,
        highlight=False,
    )


@app.command()
def verify(
    what: Annotated[str, typer.Argument(help="A file, or the word snapshot.")],
    schemas: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A folder with 1EdTech's JSON Schemas."),
    ] = None,
    contexts: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Further JSON-LD contexts, and index.json."),
    ] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Fetch other issuers' keys and lists.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Every check of every nested credential.")
    ] = False,
    form: ToldOption = Told.TABLE,
) -> None:
    """Check a credential, a record, or every byte of the current snapshot.

    A file may hold a record, a badge or a presentation, of this issuer or another.
    """
    from pipelines.commands import verify_told

    if what == "snapshot":
        from pipelines.publishing.verify import verify_snapshot

        report = verify_told.of_snapshot(verify_snapshot(home()))
    else:
        from pipelines.verification.files import examine_file
        from pipelines.verification.online import fetch

        report = examine_file(
            home(),
            Path(what),
            schemas=schemas,
            contexts=contexts,
            fetch=fetch if online else None,
        )
    if form is Told.JSON:
        write_json(report.as_json())
    else:
        verify_told.print_report(out, report, every=every)
    if not report.ok:
        raise typer.Exit(1)


@contracts_app.command("sync")
def contracts_sync(
    check: Annotated[bool, typer.Option("--check", help="Write nothing.")] = False,
) -> None:
    """Write the files generated from data_contracts, or say which are stale."""
    from pipelines.contracts.sync import sync

    stale = sync(check=check)
    if check and stale:
        for path in stale:
            err.print(f"stale: {path}")
        raise OperatorError("Generated files are stale; run `lrw contracts sync`.")
    out.print("Generated files are current." if check else f"{len(stale)} written.")


@app.command()
def gc(
    keep: Annotated[int, typer.Option(min=1, help="Newest that always stay.")] = 7,
) -> None:
    """Remove old snapshots; none younger than a day, and never the current one."""
    from pipelines.publishing.gc import collect

    removed = collect(home(), keep=keep)
    out.print(f"{len(removed)} snapshots removed")


@app.command()
def dev() -> None:
    """Open Dagster's UI on this warehouse."""
    from pipelines.night import serve_dagster

    serve_dagster()


def main() -> None:
    """Run ``lrw``; whatever an operator can get wrong is one line on stderr."""
    try:
        sys.exit(app(standalone_mode=False))
    except TyperException as error:
        # Empty where the help was printed instead.
        if message := error.format_message().strip():
            err.print(f"lrw: {message}", style="red", markup=False, highlight=False)
        sys.exit(error.exit_code)
    except typer.Abort:
        sys.exit(1)
    except UsageError as error:
        err.print(f"lrw: {error}", style="red", markup=False, highlight=False)
        sys.exit(2)
    except OperatorError as error:
        err.print(f"lrw: {error}", style="red", markup=False, highlight=False)
        sys.exit(1)
