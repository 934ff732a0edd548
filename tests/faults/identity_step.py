"""One night of identity, or a steward's merge, in a process killed where it is told."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

from package_builder import CONTRACTS

from pipelines.identity.night.link import link
from pipelines.identity.steward import merge
from pipelines.settings import Home

# A server that has imported everything once makes a process in milliseconds; forking
# pytest itself would copy the locks of DuckDB's threads.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["identity_step"])


def killed_night(root: Path, step: str) -> int | None:
    """Run a night that is killed at a step; the exit code of its process."""
    return _run(_night, root, step)


def killed_merge(root: Path, step: str, a: str, b: str) -> int | None:
    """Run a merge that is killed at a step; the exit code of its process."""
    return _run(_merge, root, step, a, b)


def _run(target: Callable[..., None], *arguments: object) -> int | None:
    process = CONTEXT.Process(target=target, args=arguments)
    process.start()
    process.join()
    return process.exitcode


def _night(root: Path, step: str) -> None:
    link(Home(root), CONTRACTS, at=_killing(step))


def _merge(root: Path, step: str, a: str, b: str) -> None:
    merge(Home(root), a, b, by="Ann Lee", reason="A test.", at=_killing(step))


def _killing(step: str) -> Callable[[str], None]:
    def at(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return at
