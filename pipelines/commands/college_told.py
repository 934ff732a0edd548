"""How a college's packages and decisions look in a terminal and in the other formats.

Belongs here: tables, sentences and the rows of CSV and JSON. Does not belong here: what
is the case (``pipelines.landing.decided.college``) and the verbs (``college``).

Instants are told in the college's own time, to the minute.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.table import Column, Table

from pipelines.commands.shared import Format, out, write_csv, write_json

if TYPE_CHECKING:
    from pipelines.contracts.model import Contracts, Sender
    from pipelines.landing.decided.college import Package, Reported
    from pipelines.landing.decided.decisions import Decision

DECISION_COLUMNS = (
    "decision_id",
    "kind",
    "about",
    "status",
    "expires_on",
    "decided_by",
    "decided_at",
    "reason",
)
PACKAGE_COLUMNS = (
    "delivery",
    "package_id",
    "as_of",
    "mode",
    "verdict",
    "rows_read",
    "loaded",
    "collapsed",
    "quarantined",
    "edits",
)
# People copy these into the next command.
_WHOLE = {"package_id": 36, "decision_id": 26}


@dataclass(frozen=True)
class Teller:
    """Tells of one college, in its own time."""

    contracts: "Contracts"
    sender: "Sender"

    @property
    def zone(self) -> ZoneInfo:
        """The college's clock."""
        return ZoneInfo(self.sender.timezone)

    def at(self, moment: datetime | None) -> str | None:
        """An instant to the minute, with the college's offset."""
        if moment is None:
            return None
        return moment.astimezone(self.zone).isoformat(sep=" ", timespec="minutes")

    def package(self, package: "Package") -> dict[str, Any]:
        """A package with stable keys, for programs."""
        return {**package.as_dict(), "as_of": self.at(package.as_of)}

    def held(self, package: "Package") -> dict[str, Any]:
        """A held package, and a sentence for each finding that holds it."""
        from pipelines.landing.decided.college import why_held

        return {**self.package(package), "why": why_held(package, self.contracts)}

    def line(self, package: "Package") -> dict[str, Any]:
        """A package as a row of a table."""
        row = self.package(package)
        counts: Counter[str] = Counter()
        for edit in row["edits"]:
            counts[edit["edit_id"]] += edit["count"]
        edits = " ".join(f"{edit}:{count}" for edit, count in counts.items())
        return {**{name: row[name] for name in PACKAGE_COLUMNS}, "edits": edits}

    def decision(self, decision: "Decision") -> dict[str, Any]:
        """A decision as a row of a table, with stable keys."""
        about = {
            "release": decision.package_id,
            "refuse": decision.package_id,
            "override": f"{decision.edit_id} {decision.feed}",
            "certify": f"{decision.term_code} {decision.certification}",
            "withdraw": decision.names,
        }
        return {
            "decision_id": decision.decision_id,
            "kind": decision.kind,
            "about": about[decision.kind],
            "status": decision.status or "in force",
            "expires_on": decision.expires_on,
            "decided_by": decision.decided_by,
            "decided_at": self.at(decision.decided_at),
            "reason": decision.reason,
        }

    def reported(self, line: "Reported") -> dict[str, Any]:
        """One number of a term with stable keys."""
        return {**line.as_dict(), "certified_at": self.at(line.certified_at)}

    def print_held(self, waiting: "Sequence[Package]") -> None:
        """A line for each finding that holds a package, and where to read more."""
        if not waiting:
            out.print("Nothing is held.")
        for package in waiting:
            for why in self.held(package)["why"]:
                out.print(
                    f"held  {package.delivery}  {package.package_id}  {why}",
                    markup=False,
                    highlight=False,
                )
            out.print(f"      {package.return_folder}", markup=False)

    def print_overview(
        self,
        profile: Mapping[str, Any],
        last: "Sequence[Package]",
        waiting: "Sequence[Package]",
        in_force: "Sequence[Decision]",
        expired: "Sequence[Decision]",
    ) -> None:
        """Who the college is, its last packages, what is held, what was decided."""
        out.print(
            f"{profile['institution_code']}  {profile['name']}  ({profile['system']}, "
            f"{profile['dialect']}; cut-off {profile['cut_off']} "
            f"{profile['timezone']}; {profile['freshness']})",
            markup=False,
        )
        if last:
            print_table(PACKAGE_COLUMNS, [self.line(package) for package in last])
        else:
            out.print("No package has come yet.")
        self.print_held(waiting)
        if in_force or expired:
            rows = [self.decision(d) for d in in_force]
            rows += [{**self.decision(d), "status": "expired"} for d in expired]
            print_table(DECISION_COLUMNS, rows)
        if last:
            out.print(f"return files  {last[-1].return_folder}", markup=False)


def print_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as a table; ids in it are never cut."""
    heads = [
        Column(name, no_wrap=name in _WHOLE, min_width=_WHOLE.get(name))
        for name in columns
    ]
    table = Table(*heads, header_style="bold")
    for row in rows:
        table.add_row(*(escape(_plain(row[name])) for name in columns))
    out.print(table)


def print_rows(
    form: Format, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], none: str
) -> None:
    """Rows in the format asked for; ``none`` is said where a table would be empty."""
    if form is Format.JSON:
        write_json(rows)
    elif form is Format.CSV:
        write_csv(columns, rows)
    elif rows:
        print_table(columns, rows)
    else:
        out.print(none)


def say(form: Format, told: Mapping[str, Any], line: str) -> None:
    """One result: a sentence for people, the same with stable keys for programs."""
    if form is Format.JSON:
        write_json(told)
    elif form is Format.CSV:
        write_csv(list(told), [told])
    else:
        out.print(line, markup=False, highlight=False)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)
