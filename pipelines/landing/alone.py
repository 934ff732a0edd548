"""One writer of the landing zone at a time.

Belongs here: the lock. Does not belong here: what is done under it (``land``,
``judgements``).
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from pipelines.errors import OperatorError
from pipelines.settings import Home

_HELD: ContextVar[frozenset[Path]] = ContextVar(
    "landing zones held", default=frozenset()
)


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Hold the landing zone; the lock goes with the process, also a killed one.

    Who holds it may ask again: a person's decision is made and carried out in one.

    Raises:
        OperatorError: Another run is landing into the same warehouse.
    """
    if home.landing in _HELD.get():
        yield
        return
    home.landing.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home.landing / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = "Another run is landing packages; wait until it has ended."
            raise OperatorError(message) from None
        mark = _HELD.set(_HELD.get() | {home.landing})
        try:
            yield
        finally:
            _HELD.reset(mark)
    finally:
        os.close(descriptor)
