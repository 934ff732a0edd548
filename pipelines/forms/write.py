"""``lrw record``: one learner's record in a form, to a file, a folder or the output.

Belongs here: which form is made by what, and where its bytes go. Does not belong here:
any form.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Collection, Mapping
from datetime import date
from pathlib import Path

from pipelines.disclosure.ledger import Content, Request, append, json_digest
from pipelines.errors import OperatorError, UsageError
from pipelines.forms.beside import NOTHING, Beside, beside, stated
from pipelines.forms.form import Form, Part
from pipelines.forms.record import Record
from pipelines.publishing import reader
from pipelines.publishing.files import write_durably
from pipelines.settings import Home

_BESIDE = {Form.HTML, Form.PDF, Form.PESC}
"""Forms that say units or terms, which a signed record does not."""
_FOLDERS = {Form.BADGES: "badges are", Form.JWT: "signed texts are"}
"""Forms of many files."""
_SHOWS_STATEMENTS = {Form.HTML, Form.PDF}
STATEMENTS = "statements.txt"
"""In the folder, or at the end of the file's name: what a form cannot show of the
learner's statements, which 34 CFR 99.21(c)(2) asks to disclose with the claim."""


def made(record: Record, form: Form, known: Beside = NOTHING) -> bytes:
    """A record in a form that is one file.

    Args:
        record: a signed record.
        form: one that is no folder.
        known: what the published tables say beside the record.

    Raises:
        OperatorError: a system library that the form needs is missing.
    """
    return _makers()[form](record, known)


def _makers() -> Mapping[Form, Callable[[Record, Beside], bytes]]:
    # Each form loads what it needs alone: a CLR needs none of it.
    def of_page(record: Record, known: Beside) -> bytes:
        from pipelines.forms.page import page  # noqa: PLC0415

        return page(record, known).encode()

    def of_pdf(record: Record, known: Beside) -> bytes:
        from pipelines.forms.pdf import pdf  # noqa: PLC0415

        return pdf(record, known)

    def of_pesc(record: Record, known: Beside) -> bytes:
        from pipelines.forms.pesc import transcript  # noqa: PLC0415

        return transcript(record, known)

    def of_presentation(record: Record, _: Beside) -> bytes:
        from pipelines.forms.badges import presentation  # noqa: PLC0415

        return presentation(record) + b"\n"

    return {
        Form.CLR: lambda record, _: f"{record.text}\n".encode(),
        Form.PRESENTATION: of_presentation,
        Form.HTML: of_page,
        Form.PDF: of_pdf,
        Form.PESC: of_pesc,
    }


def write(
    home: Home,
    learner_id: str,
    form: Form,
    to: Path | None = None,
    on: date | None = None,
    request: Request | None = None,
    only: Collection[Part] = (),
) -> int | None:
    """Write a learner's record; the standard output when no place is named.

    Args:
        home: the warehouse.
        learner_id: as in ``reader.record``.
        form: which one.
        to: a file; a new or empty folder for BADGES and JWT. A file appears when it
            is whole.
        on: as published on this day; None is now.
        request: the party it is for; logged before anything leaves. None is nobody
            but the learner, which 34 CFR 99.32(d)(1) does not ask to log.
        only: parts of the record; none is the whole.

    Returns:
        Files written; None where the output took it.

    Raises:
        UsageError: the form needs a place and none is named, or is of the present
            alone.
        OperatorError: no such record, nothing of a part in it, credentials of an
            earlier day that are published no more, no published key for the form, or
            the place or the ledger cannot be written.
    """
    _refuse_misuse(form, to, on)
    record = Record.of(reader.record(home, learner_id, on))
    if only:
        from pipelines.forms.partial import partial  # noqa: PLC0415

        record = partial(home, record, only)
    if request and on:
        _refuse_withdrawn(record, Record.of(reader.record(home, learner_id)))
    beyond = _statements(home, record, form) if request else b""
    if beyond and to is None:
        raise OperatorError(
            "the learner's statement goes with this record: name a place with --out, "
            "or hand out --form html"
        )
    if form in _FOLDERS and to is not None:
        files = _files(home, record, form)
        if beyond:
            files[STATEMENTS] = beyond
        _refuse_filled(to)
        if request:
            parts = [hashlib.sha256(part).digest() for part in files.values()]
            _log(home, request, record, form, b"".join(parts))
        return _write_folder(to, files)
    data = made(record, form, beside(home, record, on) if form in _BESIDE else NOTHING)
    if request:
        _log(home, request, record, form, data)
    return _write_file(to, data, beyond)


def _refuse_misuse(form: Form, to: Path | None, on: date | None) -> None:
    if to is None and form in _FOLDERS:
        raise UsageError(f"{_FOLDERS[form]} a file each: name a folder with --out")
    if on and form is Form.JWT:
        raise UsageError("--form jwt is signed now, so it says what is true now: "
                         "leave --as-of out")  # fmt: skip
    if to is None and form is Form.PDF and sys.stdout.isatty():
        raise UsageError("a PDF is no text for a terminal: name a file with --out")


def _statements(home: Home, record: Record, form: Form) -> bytes:
    """What a form does not show of the learner's statements, as a text beside it."""
    if form in _SHOWS_STATEMENTS:
        return b""
    names = {claim.id: " ".join(filter(None, (claim.code, claim.name)))
             for claim in record.claims}  # fmt: skip
    return "".join(
        f"Statement of the learner, {one.at[:10]}, on {names[claim]}, credential "
        f"{claim}, which the college refused to correct:\n{one.says}\n\n"
        for claim, listed in stated(home, record).items()
        for one in listed
    ).encode()


def _files(home: Home, record: Record, form: Form) -> dict[str, bytes]:
    if form is Form.JWT:
        from pipelines.forms.jwt import jwts, key_in_force  # noqa: PLC0415

        return jwts(record, key_in_force(home, record))
    from pipelines.forms.badges import badges  # noqa: PLC0415

    return badges(record)


def _refuse_withdrawn(past: Record, present: Record) -> None:
    # Consent, holds and corrections since that day bind what leaves today.
    ids = {claim.id for claim in present.claims}
    if any(claim.id not in ids for claim in past.claims):
        raise OperatorError(
            "the record of that day holds credentials that are published no more: "
            "only today's can be handed to others"
        )


def _log(home: Home, request: Request, record: Record, form: Form, data: bytes) -> None:
    body = json.loads(record.text)
    content = Content(
        # A merged learner's record is the one that it redirects to.
        learner_id=str(body["credentialSubject"]["id"]).removeprefix("urn:uuid:"),
        form=form.value,
        record_id=str(body["id"]),
        sha256=hashlib.sha256(data).hexdigest(),
        credentials={claim.id: json_digest(claim.body) for claim in record.claims},
    )
    append(home.disclosures, request, content)


def _refuse_filled(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        filled = any(folder.iterdir())
    except OSError as error:
        raise OperatorError(f"{folder} cannot be written: {error.strerror}") from None
    if filled:
        raise OperatorError(f"{folder} holds files already: name a new or empty folder")


def _write_file(to: Path | None, data: bytes, beyond: bytes) -> int | None:
    if to is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return None
    try:
        if beyond:
            # First: without it the record does not leave.
            write_durably(to.with_name(f"{to.name}.{STATEMENTS}"), beyond)
        write_durably(to, data)
    except OSError as error:
        raise OperatorError(f"{to} cannot be written: {error.strerror}") from None
    return 2 if beyond else 1


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> int:
    try:
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise OperatorError(f"{folder} cannot be written: {error.strerror}") from None
    return len(files)
