"""One night of identity, or a person's decision, in a process killed where it is told.

A decision is a function of this module, so that another process finds it by its name.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

from package_builder import CONTRACTS

from pipelines.identity.log.store import At
from pipelines.identity.night.guard import accept
from pipelines.identity.night.link import link
from pipelines.identity.steward import (
    PairDecision,
    erase,
    merge,
    override_all,
    split,
)
from pipelines.settings import Home

WHO = {"by": "Ann Lee", "reason": "A test."}

# A server that has imported everything once makes a process in milliseconds; forking
# pytest itself would copy the locks of DuckDB's threads.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["identity_step"])


def killed_night(root: Path, step: str) -> int | None:
    """Run a night that is killed at a step; the exit code of its process."""
    return _run(_night, root, step)


def killed_decision(
    decide: Callable[..., object], root: Path, step: str, *about: object
) -> int | None:
    """Run a decision that is killed at a step; the exit code of its process."""
    return _run(_decision, decide, root, step, about)


def joined(home: Home, a: str, b: str, at: At = lambda _: None) -> object:
    return merge(home, a, b, **WHO, at=at)


def parted(home: Home, learner: str, event: str, at: At = lambda _: None) -> object:
    return split(home, learner, undo=event, **WHO, at=at)


def told(home: Home, pairs: list[PairDecision], at: At = lambda _: None) -> object:
    return override_all(home, pairs, at=at)


def erased(home: Home, learner: str, at: At = lambda _: None) -> object:
    return erase(home, learner, **WHO, confirmed=True, at=at)


def let_through(home: Home, at: At = lambda _: None) -> object:
    return accept(home, **WHO, at=at)


def _run(target: Callable[..., None], *arguments: object) -> int | None:
    process = CONTEXT.Process(target=target, args=arguments)
    process.start()
    process.join()
    return process.exitcode


def _night(root: Path, step: str) -> None:
    link(Home(root), CONTRACTS, at=_killing(step))


def _decision(
    decide: Callable[..., object], root: Path, step: str, about: tuple[object, ...]
) -> None:
    decide(Home(root), *about, at=_killing(step))


def _killing(step: str) -> Callable[[str], None]:
    def at(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return at
