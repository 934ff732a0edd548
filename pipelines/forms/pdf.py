"""The page of a record as a tagged PDF (PDF/UA-1) with the signed record attached.

Belongs here: calling WeasyPrint. Does not belong here: what the page says (``page``).
"""

import hashlib
from datetime import datetime
from typing import Any

from pipelines.errors import OperatorError
from pipelines.forms.beside import Beside
from pipelines.forms.page import page
from pipelines.forms.record import Record

_MISSING = (
    "a PDF needs Pango, which is not on this machine: install libpango-1.0-0, "
    "libpangoft2-1.0-0 and libharfbuzz-subset0 (Debian's names)"
)


def pdf(record: Record, beside: Beside) -> bytes:
    """The PDF: title, language and headings are those of the page.

    Raises:
        OperatorError: a system library that lays out text is missing.
    """
    weasyprint = _weasyprint()
    moment = datetime.fromisoformat(record.valid_from)
    signed = weasyprint.Attachment(
        string=record.text + "\n",
        name=f"{record.id.removeprefix('urn:uuid:')}.json",
        description="The signed record (1EdTech CLR 2.0), which this document shows",
        relationship="Source",
        created=moment,
        modified=moment,
    )
    document = weasyprint.HTML(string=page(record, beside, for_print=True))
    written: bytes = document.write_pdf(
        pdf_variant="pdf/ua-1",
        pdf_identifier=hashlib.sha256(record.text.encode()).digest()[:16],
        attachments=[signed],
    )
    return written


def _weasyprint() -> Any:
    try:
        return _import()
    except OSError:
        raise OperatorError(_MISSING) from None


def _import() -> Any:
    import weasyprint  # noqa: PLC0415 - 0.3 s, and needs Pango

    return weasyprint
