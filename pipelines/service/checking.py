"""A stranger's document is checked in a process of its own, which can be ended.

Canonical forms of graphs made for it take for ever, and deep nesting ends an
interpreter: neither may end the service, or hold it up.

Belongs here: the process, its bounds, and the checks as plain tuples. Does not belong
here: the checks themselves (``pipelines.verification``), the page
(``verify_page.py``).
"""

import contextlib
import multiprocessing
import resource
from collections.abc import Mapping
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from pipelines.verification import examine as examine_all

SECONDS = 20
"""A record of 60 courses takes two on a busy machine."""

_BYTES = 2 * 1024**3

Check = tuple[str, str, str, str]
"""Name, verdict (passed, failed, warning, skipped), words, where."""


def checked(
    content: bytes,
    did_document: Mapping[str, Any],
    lists: Path,
    seconds: float = SECONDS,
) -> list[Check] | None:
    """The checks of a document; None when it could not be checked within its bounds.

    Args:
        content: what was sent.
        did_document: the issuer's keys.
        lists: folder of the issuer's status lists.
        seconds: after which it is given up.
    """
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = _processes().Process(
        target=_check, args=(theirs, content, dict(did_document), lists), daemon=True
    )
    process.start()
    theirs.close()
    try:
        return ours.recv() if ours.poll(seconds) else None
    except EOFError:
        return None
    finally:
        process.kill()
        process.join()
        ours.close()


def examine(
    content: bytes, did_document: Mapping[str, Any], lists: Path
) -> list[Check]:
    """The checks, by the issuer's published keys and lists; nothing is fetched.

    A nested credential that is right is one line.
    """
    told = []
    for check in examine_all(content, did_document, lists).by_credential():
        where, _, title = check.where.partition(": ")
        name = check.name
        if title and name == "Credential":
            name, where = _sentence(where, end=""), title
        told.append((name, check.verdict.value, _sentence(check.words), where))
    return told


def _check(
    out: Connection, content: bytes, did_document: dict[str, Any], lists: Path
) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What fails in here might be quoted by its traceback: the end of the pipe says it.
    with contextlib.suppress(Exception):
        out.send(examine(content, did_document, lists))
    out.close()


@cache
def _processes() -> ForkServerContext:
    """Processes are forked off one that has loaded what they need, and nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _sentence(words: str, end: str = ".") -> str:
    if not words:
        return ""
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else end)
