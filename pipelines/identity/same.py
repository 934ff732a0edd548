"""All ids of one person: the one in force and those that merges retired.

Belongs here: asking the log. Does not belong here: why they are one (``explain``).
"""

import duckdb

from pipelines.identity.log.views import register
from pipelines.settings import Home


def ids_of_person(home: Home, learner_id: str) -> list[str]:
    """The ids of the person that an id means now, in force first.

    A merge that was undone counts no more: then each id is a person of its own.

    Args:
        home: the warehouse.
        learner_id: any id; one that the log does not know is the only one.

    Raises:
        LogError: the identity log is torn, incomplete or altered.
    """
    with duckdb.connect() as con:
        register(con, home.identity_events)
        led = con.execute(
            "select survivor from merged where retired = ?", [learner_id]
        ).fetchall()
        meant = str(led[0][0]) if led else learner_id
        former = con.execute(
            "select retired from merged where survivor = ? order by merged_at, retired",
            [meant],
        ).fetchall()
    return [meant, *(str(one) for (one,) in former)]
