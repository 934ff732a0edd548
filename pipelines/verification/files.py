"""A file of this machine, checked by what this warehouse publishes.

Belongs here: reading the file and the current snapshot. Does not belong here: checks.
"""

from pathlib import Path
from typing import Any

import orjson

from pipelines.errors import OperatorError
from pipelines.publishing import snapshot as store
from pipelines.settings import Home
from pipelines.verification.examination import examine
from pipelines.verification.parsing import LARGEST
from pipelines.verification.report import Report
from pipelines.verification.trust import Fetch


def examine_file(
    home: Home,
    path: Path,
    *,
    schemas: Path | None = None,
    contexts: Path | None = None,
    fetch: Fetch | None = None,
) -> Report:
    """Check a file; see ``examine``.

    ``contexts`` is a folder whose ``index.json`` leads from URLs to files, below it or
    beside it.

    This warehouse's keys and lists are those of the current snapshot; where nothing is
    published, only what others issued can be checked.

    Raises:
        OperatorError: the file, the schemas or the contexts cannot be read, or the
            pointer is damaged.
    """
    if schemas is not None and not schemas.is_dir():
        raise OperatorError(f"{schemas} is no folder of JSON Schemas")
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from None
    known = _contexts(contexts) if contexts else None
    present = store.current(home)
    if present is None:
        return examine(content, schemas=schemas, contexts=known, fetch=fetch)
    return examine(
        content,
        present.did_document(),
        present.path / store.PUBLIC / store.STATUS,
        schemas=schemas,
        contexts=known,
        fetch=fetch,
    )


def _contexts(folder: Path) -> dict[str, dict[str, Any]]:
    try:
        found = {}
        for url, name in orjson.loads((folder / "index.json").read_bytes()).items():
            places = (folder / name, folder.parent / name)
            path = next((one for one in places if one.is_file()), places[0])
            found[url] = orjson.loads(path.read_bytes())
    except (OSError, ValueError, TypeError, AttributeError):
        raise OperatorError(
            f"{folder}/index.json does not lead from URLs of contexts to their files"
        ) from None
    return found
