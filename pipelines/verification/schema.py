"""The document against JSON Schemas: its kind's, and those it names itself.

1EdTech's schemas are not part of this project; a folder of them is handed in.

Belongs here: validating. Does not belong here: any rule in Python. Of a value that does
not fit, only its place and the rule are told.
"""

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from pipelines.verification.document import Document, Kind, objects, texts
from pipelines.verification.report import (
    Finding,
    failed,
    judged,
    passed,
    skipped,
    warning,
)
from pipelines.verification.trust import Trust

_FILES = {
    Kind.RECORD: "clr_v2p0_clrcredential_schema.json",
    Kind.BADGE: "ob_v3p0_achievementcredential_schema.json",
    Kind.ENDORSEMENT: "ob_v3p0_endorsementcredential_schema.json",
}
_SAME = {"clr_v2p0_achievementcredential_schema.json": Kind.BADGE}
_TYPES = {"1EdTechJsonSchemaValidator2019", "JsonSchema"}
_REMEDY = "the issuer has to correct it and issue it again"
_MANY = 200
_NAME = re.compile(r"[A-Za-z0-9_.-]+\.json")


def schema(document: Document, trust: Trust) -> Finding:
    """It fits the schema of its kind."""
    file = _FILES.get(document.kind)
    if file is None:
        return passed("its kind has no schema")
    if document.is_old:
        return skipped("1EdTech's schema for VC Data Model 1.1 is not at hand")
    return _by_file(document, trust, file)


def further_schemas(document: Document, trust: Trust) -> Finding:
    """It fits every schema it names, other than that of its kind."""
    named = objects(document.body.get("credentialSchema"))
    if not named:
        return passed("it names none")
    for one in named:
        file = str(one.get("id", "")).rpartition("/")[2]
        if file == _FILES.get(document.kind) or file in _SAME:
            continue
        if not _TYPES.intersection(texts(one.get("type"))):
            return warning("it names a schema of a kind that is not checked")
        found = _named(document, trust, str(one.get("id", "")), file)
        if found.verdict != "passed":
            return found
    return passed(f"{len(named)} named")


def _named(document: Document, trust: Trust, url: str, file: str) -> Finding:
    if trust.schemas is not None and _find(trust.schemas, file):
        return _by_file(document, trust, file)
    if trust.fetch is None:
        return skipped("it names a schema on the network: ask again with --online")
    try:
        return _judge(document.body, orjson.loads(trust.fetch(url)))
    except (OSError, ValueError):
        return failed("a schema it names cannot be had", "ask the issuer for it")


def _by_file(document: Document, trust: Trust, file: str) -> Finding:
    if trust.schemas is None:
        return skipped(
            "1EdTech's JSON Schemas are not here: name them by --schemas DIR"
        )
    path = _find(trust.schemas, file)
    if path is None:
        return skipped(f"{file} is not in the folder of schemas: put it there")
    try:
        validator = _validator(path)
    except (OSError, ValueError):
        return skipped(f"{file} cannot be read as a JSON Schema: put it there anew")
    return _faults(document.body, validator)


def _judge(body: Mapping[str, Any], loaded: Any) -> Finding:
    return _faults(body, _compiled(loaded))


def _faults(body: Mapping[str, Any], validator: Any) -> Finding:
    faults: list[str] = []
    for _, error in zip(range(_MANY), validator.iter_errors(body), strict=False):
        place = "/".join(str(one) for one in error.instance_path) or "the whole"
        rules = [one for one in error.schema_path if isinstance(one, str)]
        faults.append(f"{place} breaks the rule {rules[-1] if rules else 'false'}")
    return judged(faults, _REMEDY, "it fits")


@functools.cache
def _find(folder: Path, file: str) -> Path | None:
    if not _NAME.fullmatch(file):
        return None
    return next(iter(sorted(folder.rglob(file))), None)


@functools.cache
def _validator(path: Path) -> Any:
    return _compiled(orjson.loads(path.read_bytes()))


def _compiled(loaded: Any) -> Any:
    """Raises ValueError when it is no schema, or needs another one."""
    try:
        return jsonschema_rs.validator_for(loaded, retriever=_nowhere)
    except jsonschema_rs.ReferencingError:
        raise ValueError("a schema refers to another") from None


def _nowhere(uri: str) -> Any:
    raise ValueError(uri)
