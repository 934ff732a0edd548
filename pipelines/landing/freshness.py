"""How fresh each college is: on time, late or stale (F19).

Belongs here: the status of the data in force against the college's own clock. Does
not belong here: any effect on packages; lateness holds nothing back.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipelines.contracts.model import Contracts, Sender
from pipelines.landing.kept.ledger import Applied, History, read_ledger
from pipelines.settings import Home

ON_TIME, LATE, STALE, NEVER = "on_time", "late", "stale", "never"
_NIGHT = timedelta(days=1)
_STALE_AFTER = timedelta(days=3)


@dataclass(frozen=True)
class Freshness:
    """One sender.

    Attributes:
        as_of: The instant its data in force describes; None before the first package.
        publishable_as_of: The same for what may be published.
        status: on_time, late, stale or never.
    """

    institution_code: str
    package_id: str | None
    as_of: datetime | None
    publishable_as_of: datetime | None
    status: str


def local_instant(now: datetime | date, timezone: str) -> datetime:
    """What a sender's own clock shows.

    Args:
        now: An aware instant, or a date: the end of that day wherever the sender is.
        timezone: The sender's.
    """
    zone = ZoneInfo(timezone)
    if isinstance(now, datetime):
        return now.astimezone(zone)
    return datetime.combine(now, time.max, zone)


def freshness(
    home: Home, contracts: Contracts, now: datetime | date
) -> list[Freshness]:
    """The status of every sender that is open today.

    A package is expected between one cut-off and the next, by the sender's own clock.
    Without it the college is late, after three days stale; yesterday's data stays in
    force either way.

    Args:
        home: The warehouse.
        contracts: Time zones and cut-offs.
        now: An aware instant, or a date: the end of that day at each sender. One
            instant for all would be past the next cut-off of some.
    """
    history = History(read_ledger(home))
    return [
        _of(sender, history.applied(sender.sender), local)
        for sender in contracts.nightly_senders
        for local in [local_instant(now, sender.timezone)]
        if sender.open_on(local.date())
    ]


def _of(sender: Sender, applied: list[Applied], local: datetime) -> Freshness:
    if not applied:
        return Freshness(sender.sender, None, None, None, NEVER)
    last = applied[-1]
    published = next((a for a in reversed(applied) if a.publishable), None)
    zone = ZoneInfo(sender.timezone)
    as_of = _instant(last, zone)
    age = _last_cut_off(sender, local) - as_of
    status = ON_TIME
    if age > _NIGHT:
        status = STALE if age > _STALE_AFTER else LATE
    return Freshness(
        institution_code=sender.sender,
        package_id=last.package_id,
        as_of=as_of,
        publishable_as_of=_instant(published, zone) if published else None,
        status=status,
    )


def _last_cut_off(sender: Sender, local: datetime) -> datetime:
    """The latest cut-off that has passed, at the sender."""
    at = time.fromisoformat(sender.cut_off)
    today = datetime.combine(local.date(), at, local.tzinfo)
    return today if today <= local else today - timedelta(days=1)


def _instant(applied: Applied, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(applied.as_of_us / 1_000_000, zone)
