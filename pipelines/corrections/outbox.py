"""The list of open requests that a college finds beside its return files.

Belongs here: ``outbox/<college>/corrections.csv``. Does not belong here: who may ask.
"""

import csv
import io

from pipelines.corrections.requests import requests
from pipelines.publishing.files import write_durably
from pipelines.settings import Home

FILE = "corrections.csv"
COLUMNS = (
    "number",
    "at",
    "claim",
    "says",
    "feed",
    "file",
    "line",
    "package_id",
    "credential_id",
)


def write_corrections(home: Home, college: str) -> None:
    """Write a college's open requests; no file when none is open.

    Raises:
        OperatorError: the log cannot be read.
    """
    path = home.outbox / college / FILE
    still = requests(home, college, answered=False)
    if not still:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in still:
        writer.writerow([_cell(getattr(one, name)) for name in COLUMNS])
    write_durably(path, text.getvalue().encode())


def _cell(value: object) -> object:
    # A spreadsheet runs what begins so; the words are a learner's.
    text = str(value)
    return f"'{text}" if text[:1] in "=+-@" else value
