"""When an upload has ended: nothing changed for a while, by our own clock.

Belongs here: the one rule of how long is long enough. Does not belong here: remembering
what was seen (``journal``), and what is complete without waiting (``taking``).
"""

import os

# A file server or a college's machine may keep time worse than we do; more than an
# hour is a time zone that somebody set wrong, which two looks see through.
CLOCK_SECONDS = 3600.0


def last_change(seen: os.stat_result) -> float:
    """When a file last changed, in seconds since 1970 by its file server's clock.

    A writer can set the time of modification, and robocopy and rsync do so while they
    still write; the time of the inode's change is the server's own.
    """
    return max(seen.st_mtime, seen.st_ctime)


def is_quiet(now: float, *, changed: float, since: float, agreed: float) -> bool:
    """Whether nobody writes something any more.

    Either two of our looks, at least the agreed while apart, saw the same; or the last
    change lies so far back that no clock is so wrong, and one look is enough: a night
    a day takes what has been lying there. A time in the future proves nothing.

    Args:
        now: Seconds since 1970.
        changed: The last change, by a clock that is not ours.
        since: When it was first seen as it is, by ours.
        agreed: ``settled_after`` of the sender's profile.
    """
    return now - since >= agreed or now - changed >= max(agreed, CLOCK_SECONDS)
