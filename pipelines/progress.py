"""How long work tells whoever watches how far it is.

A step calls ``report``; the command line installs a listener that draws bars.
Nothing listens under Dagster's daemon, and then a report costs nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int | None], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def report(step: str, done: int, total: int | None = None) -> None:
    """Say that ``done`` of ``total`` units of ``step`` are finished."""
    listener = _listener.get()
    if listener is not None:
        listener(step, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send every report made inside the block to ``listener``."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
