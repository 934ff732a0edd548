"""Run a night from the shell: the same Dagster jobs the daemon runs, in this process.

Belongs here: which job runs for which delivery date, and a lease so that two nights
never overlap. Does not belong here: what the jobs do, or how a terminal looks.
"""

import fcntl
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contracts
from pipelines.delivery.collect import collect, remove_kept
from pipelines.delivery.opening import Event
from pipelines.errors import OperatorError
from pipelines.landing.kept.ledger import read_ledger
from pipelines.landing.land import waiting_deliveries
from pipelines.landing.package.parcel import APPLIED
from pipelines.settings import CHECKOUT, Home, export_dagster_home, export_home

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Landing:
    """What one delivery date brought: packages by verdict, and rows."""

    delivered_on: date
    verdicts: dict[str, int]
    rows_read: int
    loaded: int
    collapsed: int
    quarantined: int


@dataclass
class NightSummary:
    """What the runs of one call did, in the order they ran."""

    events: list[Event] = field(default_factory=list)
    landings: list[Landing] = field(default_factory=list)
    publications: list[dict] = field(default_factory=list)


@contextmanager
def lease(home: Home) -> Iterator[None]:
    """Hold the warehouse for one night; the lock ends with the process that holds it.

    Raises:
        OperatorError: Another night is running; the message says which process.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    path = home.root / "night.lock"
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise OperatorError(
                f"A night is already running here (process {holder}); wait for it."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _execute(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    tags: dict[str, str],
) -> dg.ExecuteInProcessResult:
    # dbt and Dagster tell their own stores everything; the terminal is for the summary.
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance, run_config=QUIET, tags=tags, raise_on_error=False
        )
    if not result.success:
        raise OperatorError(_failure_line(result, job))
    return result


def _failure_line(result: dg.ExecuteInProcessResult, job: str) -> str:
    """One line for a failed run: which step, and its cause where it names one."""
    failed = [
        event for event in result.all_events if event.event_type_value == "STEP_FAILURE"
    ]
    if not failed:
        return f"The {job} run {result.run_id} failed; see it in `make dev`."
    step = failed[0]
    error = step.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    cause = error.message.strip().splitlines()[0] if error else "no cause given"
    # "package.module.Class: what happened" is for a developer; the run keeps it all.
    cause = re.sub(r"^[\w.]+: ", "", cause)
    return f"{step.step_key} failed: {cause} (run {result.run_id}, `make dev` shows it)"


def run_night(home: Home, until: date | None, *, each: bool) -> NightSummary:
    """Collect and land what waits, oldest date first, then link, build and publish.

    Args:
        home: The warehouse.
        until: Leave deliveries after this date waiting; None takes everything.
        each: Publish once a delivery date; otherwise once, after the last.

    Raises:
        OperatorError: A run failed; the published snapshot is what it was before.
    """
    export_home()
    export_dagster_home()
    from pipelines.definitions import defs  # noqa: PLC0415 (loads dbt's manifest)
    from pipelines.defs.land.report import partition_tags  # noqa: PLC0415

    summary = NightSummary()
    with lease(home), dg.DagsterInstance.get() as instance:
        definitions = defs()
        summary.events += _collected(collect, home)
        waiting = waiting_deliveries(home, load_contracts(), until=until)
        if not waiting and read_ledger(home).is_empty():
            raise OperatorError(
                f"No package waits in {home.inbox} and none was ever taken in; "
                "`lrw sample` makes a state to try with."
            )
        dates = sorted(waiting)
        for position, delivered_on in enumerate(dates):
            before = set(read_ledger(home)["wave_id"])
            tags = partition_tags(delivered_on, waiting[delivered_on])
            _execute(definitions, instance, "land", tags)
            summary.landings.append(_landing(home, delivered_on, before))
            if each and position < len(dates) - 1:
                summary.publications.append(_publish(definitions, instance))
        summary.events += _collected(remove_kept, home)
        summary.publications.append(_publish(definitions, instance))
    return summary


def _collected(
    look: Callable[[Home, Contracts], list[Event]], home: Home
) -> list[Event]:
    """Look at the drop zones; while another run does, the night goes on without."""
    try:
        return look(home, load_contracts())
    except OperatorError as error:
        return [Event("", "", "failed", str(error))]


def _landing(home: Home, delivered_on: date, before: set[str]) -> Landing:
    """Read from the ledger what the waves since ``before`` took in.

    Rows of packages that were held or rejected count as neither in nor out.
    """
    new = read_ledger(home).filter(~pl.col("wave_id").is_in(list(before)))
    verdicts = new.group_by("verdict").len().sort("verdict")
    applied = new.filter(pl.col("verdict").is_in(APPLIED))
    totals = (
        applied.select(pl.col("files").explode().struct.unnest())
        .select(pl.col("rows_read", "loaded", "collapsed", "quarantined").sum())
        .row(0)
    )
    return Landing(delivered_on, dict(verdicts.iter_rows()), *totals)


def _publish(definitions: dg.Definitions, instance: dg.DagsterInstance) -> dict:
    """What the publication says of itself; ``identity`` has what came before it."""
    result = _execute(definitions, instance, "night", {})
    told: dict[str, dict] = {}
    for event in result.get_asset_materialization_events():
        metadata = event.materialization.metadata
        key = event.asset_key.path if event.asset_key else ()
        told["/".join(key)] = {name: value.value for name, value in metadata.items()}
    identity = {
        name: told.get(f"identity/{name}", {}) for name in ("link", "learner", "held")
    }
    return {**told.get("publish/snapshot", {}), "identity": identity}


def serve_dagster() -> None:
    """Replace this process by Dagster's UI and daemon on this warehouse."""
    export_home()
    export_dagster_home()
    dagster = Path(sys.executable).with_name("dagster")
    os.chdir(CHECKOUT)
    os.execv(
        dagster, [str(dagster), "dev", "--workspace", str(CHECKOUT / "workspace.yaml")]
    )
