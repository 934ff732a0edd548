"""Who decides and why: what every decision of a person must say.

Belongs here: that one check. Does not belong here: any decision.
"""

from pipelines.errors import UsageError


def named(by: str) -> str:
    """The name, trimmed.

    Raises:
        UsageError: There is none.
    """
    if not by.strip():
        raise UsageError("A decision needs the name of a person: --by NAME.")
    return by.strip()


def who_and_why(by: str, reason: str) -> tuple[str, str]:
    """Name and reason, trimmed.

    Raises:
        UsageError: One of them is missing.
    """
    if not reason.strip():
        raise UsageError("A decision needs a reason: --reason TEXT.")
    return named(by), reason.strip()
