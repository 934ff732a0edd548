"""One delivery of one sender, as a plan.

Belongs here: the value object. Does not belong here: which packages there are
(``plan``) and what is in them (``content``).
"""

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True)
class Package:
    """One delivery.

    Attributes:
        college: index of the sender, -1 for the system office.
        night: when it is delivered, 1 ..
        holds: the night whose state it describes.
        mode: ``full``, ``terms`` or ``delta``.
        base: delta: the night of the state it applies to.
        folder: name of its folder below the sender's.
        verdict: what a warehouse must decide.
        publishable: False when the college's publication has to stop.
        fault: name of the fault planted in it.
    """

    college: int
    institution_code: str
    timezone: str
    night: int
    holds: int
    mode: str
    base: int
    package_id: str
    previous_package_id: str | None
    as_of: datetime
    folder: str
    verdict: str = "accepted"
    publishable: bool = True
    fault: str | None = None

    @property
    def applied(self) -> bool:
        """Whether its rows came into force."""
        return self.verdict in ("accepted", "accepted_with_quarantine")

    def changed(self, **values: object) -> "Package":
        """A copy with other values."""
        return replace(self, **values)  # type: ignore[arg-type]
