"""``lrw records export``: signed records in bulk, one a line, logged as they leave.

Belongs here: the file and its entries in the ledger of disclosures. Does not belong
here: a single record (``write.py``).
"""

import hashlib
import json
import os
from pathlib import Path

from pipelines.corrections.requests import Correction, statements
from pipelines.disclosure.ledger import Content, Request, append_all, json_digest
from pipelines.errors import OperatorError
from pipelines.publishing.files import write_durably
from pipelines.publishing.reader import signed_records
from pipelines.settings import Home

OFFICE = "system office"
"""For whom an export is that names nobody: whoever may run this has the vault, too."""


def export(home: Home, to: Path, request: Request, limit: int | None = None) -> int:
    """Write signed CLRs, one a line, by learner_id.

    Every learner has an entry in the ledger before the file has its name. Entries are
    appended a batch at a time. Statements of learners (34 CFR 99.21(c)) about claims in
    it are in ``<file>.statements.jsonl``, which is there before the file.

    Args:
        home: the warehouse.
        to: file to write; it appears when it is complete.
        request: for whom.
        limit: at most this many.

    Returns:
        How many were written.

    Raises:
        OperatorError: nothing is published, the log of corrections is not as it was
            written, or the file or the ledger cannot be written.
    """
    stated: dict[str, list[Correction]] = {}
    for one in statements(home):
        stated.setdefault(one.credential_id, []).append(one)
    beside: list[Correction] = []
    partial = to.with_name(f".{to.name}.tmp")
    count = 0
    try:
        with partial.open("w", encoding="utf-8") as out:
            for batch in signed_records(home, limit):
                contents = [_content(learner, clr) for learner, clr in batch]
                append_all(home.disclosures, request, contents)
                for content in contents:
                    for claim in stated.keys() & content.credentials.keys():
                        beside += stated[claim]
                out.writelines(f"{clr}\n" for _, clr in batch)
                count += len(batch)
            out.flush()
            os.fsync(out.fileno())
        _write_statements(to.with_name(f"{to.name}.statements.jsonl"), beside)
        partial.replace(to)
    except OSError as error:
        raise OperatorError(f"{to} cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
    return count


def _write_statements(path: Path, beside: list[Correction]) -> None:
    path.unlink(missing_ok=True)
    if beside:
        told = (
            {
                "credential_id": one.credential_id,
                "statement": one.statement,
                "stated_at": one.stated_at,
            }
            for one in beside
        )
        lines = (json.dumps(one, ensure_ascii=False) for one in told)
        write_durably(path, "".join(f"{line}\n" for line in lines).encode())


def _content(learner_id: str, clr: str) -> Content:
    body = json.loads(clr)
    return Content(
        learner_id=learner_id,
        form="clr",
        record_id=str(body["id"]),
        sha256=hashlib.sha256(f"{clr}\n".encode()).hexdigest(),
        credentials={
            str(one["id"]): json_digest(one)
            for one in body["credentialSubject"]["verifiableCredential"]
        },
    )
