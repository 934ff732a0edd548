"""Old snapshots go when nobody can still be reading them.

Belongs here: which folders are removed. Does not belong here: the current snapshot,
which stays whatever its age; what is kept of a removed one (``history.py``). Removing
the previous snapshot at once gave 1,479 errors and 78 silently short reads of 5,084.
"""

import shutil
import time
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from pipelines.errors import OperatorError
from pipelines.publishing import history
from pipelines.publishing import snapshot as store
from pipelines.publishing.verify import check_snapshot
from pipelines.settings import Home

KEPT = 7
YOUNGEST = timedelta(hours=24)


def collect(
    home: Home, keep: int = KEPT, younger_than: timedelta = YOUNGEST
) -> list[Path]:
    """Remove snapshots beyond the newest ``keep`` that are older than a day.

    What they held is kept by its differences, without whoever is erased by now.

    Args:
        home: the warehouse.
        keep: how many of the newest stay whatever their age; at least 1.
        younger_than: age below which a snapshot stays; at least 24 hours.

    Returns:
        Folders removed.

    Raises:
        OperatorError: the current snapshot does not verify: an older one may be
            needed; or a publication runs, or there is no room for the differences.
    """
    younger_than = max(younger_than, YOUNGEST)
    with store.publishing_alone(home):
        present = store.current(home)
        if present is None:
            return []
        if not check_snapshot(present, records=0).ok:
            raise OperatorError(
                "the current snapshot does not verify: older ones are kept"
            )
        folders = sorted(path for path in home.snapshots.glob("[0-9]*"))
        limit = time.time() - younger_than.total_seconds()
        removed = [
            path
            for path in folders[: -max(keep, 1)]
            if path != present.path and path.stat().st_mtime < limit
        ]
        following = dict(pairwise(folders))
        for path in removed:
            newer = store.read_staged(following[path])
            history.keep(home, store.read_staged(path), newer)
            # Out of sight first: no reader may find half a folder.
            hidden = path.with_name(f".{path.name}-old.tmp")
            path.rename(hidden)
            shutil.rmtree(hidden)
        history.forget(home, present)
    return removed
