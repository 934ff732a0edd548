"""``/verify``: what is true of a credential that somebody drops or pastes.

What is sent is checked in memory and forgotten: nothing of it is stored or logged.

Belongs here: taking in the form and telling the checks in words. Does not belong here:
checking (``checking.py``).
"""

import asyncio
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import HTTP

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from pipelines.publishing import snapshot as store
from pipelines.service.checking import checked
from pipelines.service.pages import page
from pipelines.service.records import Records
from pipelines.service.web import Rate, TooLargeError, body, peer
from pipelines.verification.report import DECISIVE

LARGEST = 1024 * 1024
"""Bytes of a form: a record of 40 courses has 0.1 M."""

_AT_ONCE = 2

_SHOWN = {
    "passed": ("good", "passed"),
    "failed": ("stop", "failed"),
    "warning": ("warn", "take note"),
    "skipped": ("skipped", "not checked"),
}


@dataclass(frozen=True)
class Told:
    """One check, in words.

    Attributes:
        verdict: passed, failed, warning or skipped.
        where: which part of what was sent; empty for the whole.
    """

    name: str
    verdict: str
    words: str = ""
    where: str = ""

    @property
    def colour(self) -> str:
        """Its class in the style sheet."""
        return _SHOWN[self.verdict][0]

    @property
    def label(self) -> str:
        """Its verdict for the eye."""
        return _SHOWN[self.verdict][1]


@dataclass(frozen=True)
class Report:
    """All checks, and what they come to."""

    groups: tuple[Told, ...]

    @property
    def _worst(self) -> str:
        verdicts = {one.verdict for one in self.groups}
        if "failed" in verdicts:
            return "failed"
        left_out = {one.name for one in self.groups if one.verdict == "skipped"}
        if left_out & DECISIVE:
            return "skipped"
        return "warning" if "warning" in verdicts else "passed"

    @property
    def worst_first(self) -> list[Told]:
        """What failed before what passed, else in the order of checking."""
        order = ("failed", "warning", "skipped", "passed")
        return sorted(self.groups, key=lambda one: order.index(one.verdict))

    @property
    def colour(self) -> str:
        """Class of the verdict."""
        return _SHOWN[self._worst][0]

    @property
    def sign(self) -> str:
        """For the eye, beside the words."""
        signs = {"passed": "✓", "failed": "✗", "warning": "!", "skipped": "?"}
        return signs[self._worst]

    @property
    def title(self) -> str:
        """The verdict."""
        return {
            "passed": "It verifies",
            "failed": "It does not verify",
            "warning": "It verifies, with reservations",
            "skipped": "It cannot be told here whether it verifies",
        }[self._worst]

    @property
    def words(self) -> str:
        """How many checks came out how."""
        count = dict.fromkeys(_SHOWN, 0)
        for one in self.groups:
            count[one.verdict] += 1
        told = [
            f"{number:,} {_SHOWN[verdict][1]}"
            for verdict, number in count.items()
            if number
        ]
        return f"Checks: {', '.join(told)}."


class VerifyPage:
    """The page and its form."""

    def __init__(self, records: Records, rate: Rate) -> None:
        self._records, self._rate = records, rate
        self._working = asyncio.Semaphore(_AT_ONCE)

    def show(self, request: Request) -> Response:
        """The empty form."""
        del request
        return self._page()

    async def check(self, request: Request) -> Response:
        """The filled one."""
        if self._rate.spent(peer(request)):
            return self._page(
                wrong="Too many came from your network: wait ten minutes.", status=429
            )
        self._rate.count(peer(request))
        try:
            data = await body(request, LARGEST)
        except TooLargeError:
            return self._page(
                wrong="It is larger than 1 MB, more than any credential.", status=413
            )
        kind = request.headers.get("content-type", "")
        content = _content(data, kind)
        if not content:
            return self._page(
                wrong="Choose a file, or paste the text of a credential.", status=400
            )
        # Who waits here waits in no thread: records are handed out meanwhile.
        async with self._working:
            return await run_in_threadpool(self._checked, content)

    def _checked(self, content: bytes) -> Response:
        reading = self._records.now()
        lists = reading.snapshot.path / store.PUBLIC / store.STATUS
        found = checked(content, reading.did_document, lists)
        if found is None:
            found = [("Time", "failed", "It is no credential that can be checked.", "")]
        return self._page(Report(tuple(Told(*one) for one in found)))

    def _page(
        self, report: Report | None = None, *, wrong: str | None = None,
        status: int = 200,
    ) -> Response:  # fmt: skip
        system = self._records.now().system
        return page("verify.html.j2", status, report=report, wrong=wrong, system=system)


def _content(data: bytes, kind: str) -> bytes:
    """What the form holds: the file, else the pasted text; or the body itself."""
    if not kind.lower().startswith("multipart/form-data"):
        return data.strip()
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1")
    sent = message_from_bytes(head + data, EmailMessage, policy=HTTP)
    parts = {
        str(part.get_param("name", header="content-disposition")): part
        for part in sent.iter_parts()
    }
    for name in ("file", "text"):
        content = parts[name].get_payload(decode=True) if name in parts else None
        if isinstance(content, bytes) and content.strip():
            return content.strip()
    return b""
