"""People's decisions about packages, edits and terms: a log that only grows.

Belongs here: the shape of a decision, its place in the log, and which decisions are
in force. Does not belong here: how an edited or removed one is found (``chain``), who
may decide what (``judgements``), what a release or an override does to a package
(``land``, ``parcel``), or the rows of a certified term (``certified``).

A decision is never changed. It ends by its date, by a later decision on the same
thing, or by a decision of kind ``withdraw`` that names it.
"""

import fcntl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl
from ulid import ULID

from pipelines.chain import (
    BrokenChainError,
    Link,
    append_to_chain,
    locked,
    verify_chain,
)
from pipelines.errors import OperatorError
from pipelines.sealed import prepare_sealed, write_sealed
from pipelines.settings import Home

Kind = Literal["release", "refuse", "override", "certify", "withdraw"]
RELEASE: Final = "release"
REFUSE: Final = "refuse"
OVERRIDE: Final = "override"
CERTIFY: Final = "certify"
WITHDRAW: Final = "withdraw"

Freeze = Callable[[str], tuple[Mapping[str, Any], ...]]

ANCHOR = "anchor.parquet"
_INSTANT = pl.Datetime("us", "UTC")
_NUMBERS: dict[str, pl.DataType] = {
    "headcount": pl.Int64(),
    "enrollments": pl.Int64(),
    "attempted_credit": pl.Decimal(18, 3),
    "earned_credit": pl.Decimal(18, 3),
    "awards": pl.Int64(),
}
_FROZEN = pl.List(pl.Struct({"feed": pl.String, "rows": pl.Int64, "sha256": pl.String}))
DECISION_SCHEMA: dict[str, pl.DataType] = {
    "decision_id": pl.String(),
    "previous_id": pl.String(),
    "previous_sha256": pl.String(),
    "institution_code": pl.String(),
    "kind": pl.String(),
    "package_id": pl.String(),
    "manifest_sha256": pl.String(),
    "edit_id": pl.String(),
    "feed": pl.String(),
    "term_code": pl.String(),
    "certification": pl.String(),
    "status": pl.String(),
    "sequence": pl.Int64(),
    "names": pl.String(),
    "reason": pl.String(),
    "decided_by": pl.String(),
    "decided_at": _INSTANT,
    "starts_after": _INSTANT,
    "expires_on": pl.Date(),
    "as_of": _INSTANT,
    **_NUMBERS,
    "frozen": _FROZEN,
}


@dataclass(frozen=True)
class Decision:
    """One decision of one person.

    Attributes:
        decision_id: A ULID; empty until the log has given one.
        previous_id: The decision before it in the log, of whatever college.
        previous_sha256: SHA-256 of that decision's file; empty for the first.
        package_id: What a release or a refusal is about.
        manifest_sha256: The manifest the person saw: the same id with other files is
            another matter.
        edit_id: What an override is about, in ``feed``.
        term_code: What a certification is about.
        certification: census or end_of_term.
        status: Certified or Recertified.
        sequence: 1 for the first certification of a term and kind, then 2, ...
        names: The decision that this one withdraws or supersedes.
        reason: In the words of ``decided_by``; never empty.
        starts_after: An override applies to packages that describe a later instant.
        expires_on: Last ``as_of`` date, at the college, that an override applies to.
        as_of: The instant of the newest package that a certification counts.
        numbers: What was certified: headcount, enrollments, attempted_credit,
            earned_credit, awards.
        frozen: The files that hold the certified rows: feed, rows, sha256.
    """

    institution_code: str
    kind: Kind
    reason: str
    decided_by: str
    package_id: str | None = None
    manifest_sha256: str | None = None
    edit_id: str | None = None
    feed: str | None = None
    term_code: str | None = None
    certification: str | None = None
    status: str | None = None
    sequence: int | None = None
    names: str | None = None
    starts_after: datetime | None = None
    expires_on: date | None = None
    as_of: datetime | None = None
    numbers: Mapping[str, Any] | None = None
    frozen: tuple[Mapping[str, Any], ...] | None = None
    decided_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    decision_id: str = ""
    previous_id: str | None = None
    previous_sha256: str | None = None


class DecisionLogError(OperatorError):
    """The log is not what was written; nothing counts until it is restored."""


class Decisions:
    """The log as it stands, and what it says now."""

    def __init__(self, log: list[Decision]) -> None:
        """Take decisions in the order in which they were made."""
        self.log = tuple(log)
        self._withdrawn = {d.names for d in log if d.kind == WITHDRAW}

    @classmethod
    def read(cls, home: Home) -> "Decisions":
        """Every decision; empty before the first.

        Raises:
            DecisionLogError: A decision was edited, removed or put in.
        """
        with locked(home.decisions, fcntl.LOCK_SH):
            log, _ = _verified(home)
        return cls(log)

    def of(self, institution_code: str) -> list[Decision]:
        """The decisions about one sender, oldest first."""
        return [d for d in self.log if d.institution_code == institution_code]

    def find(self, institution_code: str, decision_id: str) -> Decision | None:
        """The decision of that id about that sender."""
        mine = self.of(institution_code)
        return next((d for d in mine if d.decision_id == decision_id), None)

    def is_withdrawn(self, decision: Decision) -> bool:
        """Whether a later decision took this one back."""
        return decision.decision_id in self._withdrawn

    def released(self, institution_code: str) -> frozenset[str]:
        """Ids of the sender's packages whose newest decision lets them through."""
        return self._packages(institution_code, RELEASE)

    def refused(self, institution_code: str) -> frozenset[str]:
        """Ids of the sender's packages that are never to be applied."""
        return self._packages(institution_code, REFUSE)

    def about(self, institution_code: str, package_id: str) -> Decision | None:
        """The release or refusal of a package that counts now."""
        return self._by_package(institution_code).get(package_id)

    def overrides(self, institution_code: str) -> list[Decision]:
        """Of each edit and feed the sender's newest override, expired or not.

        Overrides that somebody took back do not count.
        """
        return list(self._overrides(institution_code, None).values())

    def override(
        self, institution_code: str, feed: str, edit_id: str
    ) -> Decision | None:
        """The newest override of one edit of one feed, expired or not."""
        return self._overrides(institution_code, None).get((feed, edit_id))

    def overrides_for(
        self, institution_code: str, as_of: datetime, day: date
    ) -> dict[tuple[str, str], str]:
        """The overrides that apply to one package.

        Args:
            institution_code: Its sender.
            as_of: The instant the package describes.
            day: The sender's own date at that instant.

        Returns:
            (feed, edit id) to decision id. Of several overrides that were given before
            that instant the newest rules, also where it has expired and an earlier one
            has not.
        """
        return {
            about: d.decision_id
            for about, d in self._overrides(institution_code, as_of).items()
            if d.expires_on is not None and day <= d.expires_on
        }

    def certifications(self, institution_code: str) -> list[Decision]:
        """Certifications in force: of each term and kind the newest, if any stands."""
        standing: dict[tuple[str | None, str | None], Decision] = {}
        for d in self.of(institution_code):
            if d.kind == CERTIFY and not self.is_withdrawn(d):
                standing[d.term_code, d.certification] = d
        return list(standing.values())

    def certification(
        self, institution_code: str, term_code: str, kind: str
    ) -> Decision | None:
        """The certification in force of one term and kind."""
        return next(
            (
                d
                for d in self.certifications(institution_code)
                if (d.term_code, d.certification) == (term_code, kind)
            ),
            None,
        )

    def times_certified(self, institution_code: str, term_code: str, kind: str) -> int:
        """How often a term and kind was certified, whatever became of it."""
        return sum(
            d.kind == CERTIFY and (d.term_code, d.certification) == (term_code, kind)
            for d in self.of(institution_code)
        )

    def _overrides(
        self, institution_code: str, as_of: datetime | None
    ) -> dict[tuple[str, str], Decision]:
        """The newest override of each feed and edit, of those that apply at ``as_of``.

        One that was given later does not count for a package that is replayed: what
        was judged stays as it was judged.
        """
        return {
            (str(d.feed), str(d.edit_id)): d
            for d in self.of(institution_code)
            if d.kind == OVERRIDE
            and not self.is_withdrawn(d)
            and (as_of is None or d.starts_after is None or as_of > d.starts_after)
        }

    def _by_package(self, institution_code: str) -> dict[str, Decision]:
        return {
            d.package_id: d
            for d in self.of(institution_code)
            if d.kind in (RELEASE, REFUSE)
            and d.package_id is not None
            and not self.is_withdrawn(d)
        }

    def _packages(self, institution_code: str, kind: str) -> frozenset[str]:
        by_package = self._by_package(institution_code)
        return frozenset(p for p, d in by_package.items() if d.kind == kind)


def prepare_decisions(home: Home) -> None:
    """Give the log its folder and an anchor without rows, so that it can be globbed."""
    home.decisions.mkdir(parents=True, exist_ok=True)
    if not (home.decisions / ANCHOR).exists():
        anchor = pl.DataFrame(schema=DECISION_SCHEMA)
        write_sealed(home.decisions / ANCHOR, anchor.to_arrow())


def decide(home: Home, decision: Decision, freeze: Freeze | None = None) -> Decision:
    """Append a decision and return it with its id and its place in the chain.

    Args:
        home: The warehouse.
        decision: What was decided, by whom and why.
        freeze: Given the id, writes the rows that the decision is about and names
            the files; it runs before the decision counts.

    Raises:
        OperatorError: The reason or the name is empty.
        DecisionLogError: The log so far is not what was written.
    """
    if not decision.reason.strip():
        raise OperatorError("A decision needs a reason: --reason TEXT.")
    if not decision.decided_by.strip():
        raise OperatorError("A decision needs the name of a person: --by NAME.")
    prepare_decisions(home)
    with locked(home.decisions, fcntl.LOCK_EX):
        _, links = _verified(home)
        last = links[-1] if links else None
        decision_id = _next_id(last)
        values = _values(decision)
        if freeze is not None:
            values["frozen"] = freeze(decision_id)
        signed = Decision(
            **{
                **values,
                "reason": decision.reason.strip(),
                "decided_by": decision.decided_by.strip(),
                "decision_id": decision_id,
                "previous_id": last.name if last else None,
                "previous_sha256": last.sha256 if last else None,
            }
        )
        final = home.decisions / f"{decision_id}.parquet"
        partial = prepare_sealed(final, _frame(signed).to_arrow())
        append_to_chain(home.decisions, last, partial, final)
    return signed


def verify_decisions(home: Home) -> list[Link]:
    """Check every link of the chain.

    Returns:
        Id and SHA-256 of each decision, oldest first.

    Raises:
        DecisionLogError: A decision was edited, removed or put in; it names the first.
    """
    with locked(home.decisions, fcntl.LOCK_SH):
        _, links = _verified(home)
    return links


def _next_id(last: Link | None) -> str:
    """A ULID that sorts after the last one, also within one millisecond."""
    fresh = ULID()
    if last is None or str(fresh) > last.name:
        return str(fresh)
    return str(ULID.from_int(int(ULID.from_str(last.name)) + 1))


def _verified(home: Home) -> tuple[list[Decision], list[Link]]:
    paths = sorted(p for p in home.decisions.glob("*.parquet") if p.name != ANCHOR)
    log: list[Decision] = []

    def follows(path: Path) -> Link | None:
        decision = _read(path)
        if path.stem != decision.decision_id:
            raise _broken(home, path.stem)
        log.append(decision)
        if decision.previous_id is None:
            return None
        return Link(decision.previous_id, str(decision.previous_sha256))

    try:
        return log, verify_chain(home.decisions, paths, follows)
    except BrokenChainError as error:
        raise _broken(home, error.name) from None


def _broken(home: Home, decision_id: str) -> DecisionLogError:
    return DecisionLogError(
        f"The log of decisions is not what was written: {decision_id} was changed, "
        f"removed or put in; restore {home.decisions} from a backup."
    )


def _read(path: Path) -> Decision:
    try:
        (row,) = pl.read_parquet(path).to_dicts()
        numbers = {name: row.pop(name) for name in _NUMBERS}
        frozen = row.pop("frozen")
        return Decision(
            **row,
            numbers=numbers if row["kind"] == CERTIFY else None,
            frozen=None if frozen is None else tuple(frozen),
        )
    except (OSError, ValueError, TypeError, KeyError, pl.exceptions.PolarsError):
        raise _broken(Home(path.parents[2]), path.stem) from None


def _frame(decision: Decision) -> pl.DataFrame:
    values = _values(decision)
    numbers = values.pop("numbers") or dict.fromkeys(_NUMBERS)
    frozen = values.pop("frozen")
    entries = None if frozen is None else [dict(entry) for entry in frozen]
    return pl.DataFrame(
        [{**values, **numbers, "frozen": entries}], schema=DECISION_SCHEMA
    )


def _values(decision: Decision) -> dict[str, Any]:
    return {one.name: getattr(decision, one.name) for one in fields(decision)}
