"""Badges of platforms: Open Badges 2.0 and 3.0, CLR 1.0 and 2.0, as JSON.

A document is a credential, a compact JWS, a platform's line around one of them
(``{"credential": …}``), a presentation or an API answer that holds several. Every badge
of a CLR is a row of its own. What is not accepted is a D05 record with its reason.

Who signed is checked before anything is read; who received it is only ever what the
credential or the platform states. A wallet or an address names a row, never a person:
rows with a wallet reach ``person_identifier`` only beside a student id.

Belongs here: which format a document has, and which signature has to hold. Does not
belong here: keys (``credential_issuers``), proofs (``credential_proofs``), columns
(``credential_rows``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipelines.dialects import credential_rows as rows
from pipelines.dialects.credential_issuers import Issuer, Issuers
from pipelines.dialects.credential_proofs import (
    Checker,
    Jws,
    NotAcceptedError,
    claimed_time,
    distinct,
    read_jws,
    signing_day,
)
from pipelines.dialects.credential_rows import COLUMNS, Envelope, Row
from pipelines.dialects.macros import settings_of
from pipelines.dialects.model import Table
from pipelines.dialects.source import BAD_SCHEMA, Context, ParsedTable
from pipelines.dialects.strict_json import Located, documents
from pipelines.landing.manifest import DeclaredFile
from pipelines.landing.notes import Note
from pipelines.landing.unpack import FileRefusedError

MAX_NESTED = 2_000
"""Badges of one record; more is no learner's."""

_BADGE_3 = {"OpenBadgeCredential", "AchievementCredential"}
_TRUSTED = "trust_delivery"


def parse(
    content: bytes, declared: DeclaredFile, table: Table, context: Context
) -> Mapping[str, ParsedTable]:
    """The badges of one file.

    Args:
        content: JSON array, one object, or one document a line.
        declared: The manifest's entry; its rows are documents.
        table: The table of credentials.
        context: The college's settings: ``issuers``, ``hosted``, ``platform``,
            ``id_prefixes``.

    Returns:
        The table with one row a badge; what was not accepted is ``bad`` with D05, what
        is no JSON with F20.

    Raises:
        FileRefusedError: F06; F08 or F20 when the file as a whole is no JSON.
        OperatorError: The college's profile lists an issuer that cannot be read.
    """
    found = documents(content)
    if len(found) != declared.rows:
        value = f"{len(found)} documents, manifest says {declared.rows}"
        raise FileRefusedError(Note("F06", "F", value=value))
    settings = settings_of(context)
    reader = _Reader(
        Issuers(settings.get("issuers") or ()),
        Checker(context.as_of),
        hosted=settings.get("hosted") == _TRUSTED,
        platform=settings.get("platform"),
        prefixes=tuple(settings.get("id_prefixes") or ()),
    )
    for document in found:
        reader.read(document)
    return {table.name: reader.table()}


@dataclass
class _Reader:
    """Documents to rows.

    Attributes:
        hosted: Whether an unsigned badge of a listed issuer counts because the college
            itself delivered it.
    """

    issuers: Issuers
    checker: Checker
    hosted: bool
    platform: str | None
    prefixes: tuple[str, ...]
    good: list[tuple[int, Row]] = field(default_factory=list)
    bad: list[tuple[int, str, str]] = field(default_factory=list)

    def read(self, document: Located) -> None:
        """Add the rows of one document, or why there are none."""
        if document.fault is not None:
            self.bad.append((document.line, "F20", document.fault))
            return
        envelope, value = Envelope(), document.value
        if _is_envelope(value):
            envelope, value = rows.read_envelope(value)
        self._accept(document.line, value, envelope)

    def table(self) -> ParsedTable:
        """Everything read so far."""
        columns = {name: [row.get(name) for _, row in self.good] for name in COLUMNS}
        schema: dict[str, Any] = {
            "_line": pl.Int64,
            **dict.fromkeys(COLUMNS, pl.String),
        }
        lines = [line for line, _ in self.good]
        bad = {
            "line": [line for line, _, _ in self.bad],
            "edit_id": [edit_id for _, edit_id, _ in self.bad],
            "value": [value for _, _, value in self.bad],
            "raw": [""] * len(self.bad),
        }
        return ParsedTable(
            len(self.good) + len({line for line, _, _ in self.bad}),
            pl.DataFrame({"_line": lines, **columns}, schema=schema),
            pl.DataFrame(bad, schema=BAD_SCHEMA),
        )

    def _accept(self, line: int, value: Any, envelope: Envelope) -> None:
        """Rows of a credential; each badge is accepted or refused for itself."""
        try:
            for row in self._badges(line, value):
                self._add(line, row, envelope)
        except NotAcceptedError as refusal:
            self.bad.append((line, "D05", str(refusal)))

    def _add(self, line: int, row: Row, envelope: Envelope) -> None:
        issuer = self.issuers.of(row["issuer_id"])
        row["platform"] = (issuer.platform if issuer else None) or self.platform
        if issuer is not None:
            row["issuer_name"] = row["issuer_name"] or issuer.name
        complete = rows.enveloped(row, envelope, self.prefixes)
        if complete is None:
            value = "the delivery names another assertion than the credential"
            self.bad.append((line, "D05", value))
        else:
            self.good.append((line, complete))

    def _badges(self, line: int, value: Any) -> Iterator[Row]:
        if isinstance(value, str):
            return self._of_jws(line, read_jws(value))
        if not isinstance(value, dict):
            raise NotAcceptedError("not a badge or a record")
        types = _types(value)
        if "EnvelopedVerifiableCredential" in types:
            return self._of_jws(line, read_jws(str(value.get("id")).partition(",")[2]))
        if "VerifiablePresentation" in types:
            return self._each(line, _nested(value.get("verifiableCredential")))
        if isinstance(value.get("credential"), list) and not types:
            return self._each(line, _answered(value))
        return self._of_object(line, value, types)

    def _each(self, line: int, several: list[Any]) -> Iterator[Row]:
        """Credentials that stand side by side; nothing around them adds to them."""
        for one in several:
            self._accept(line, one, Envelope())
        return iter(())

    def _of_object(
        self, line: int, value: Mapping[str, Any], types: set[str]
    ) -> Iterator[Row]:
        if "ClrCredential" in types:
            self._of_clr_2(line, value, signed=False)
        elif types & _BADGE_3:
            self.checker.check_embedded(value, self._issuer(value.get("issuer")))
            yield rows.open_badge_3(value)
        elif "Clr" in types:
            yield from self._of_clr_1(line, value, signed=False)
        elif "Assertion" in types or "badge" in value:
            yield self._hosted(value)
        else:
            raise NotAcceptedError("not a badge or a record")

    def _of_jws(self, line: int, jws: Jws) -> Iterator[Row]:
        payload = jws.payload
        credential = payload.get("vc", payload)
        types = _types(credential) if isinstance(credential, dict) else set()
        if types & {*_BADGE_3, "ClrCredential"}:
            credential = _of_claims(payload, credential)
            issuer = self._issuer(credential.get("issuer"))
            day = signing_day(payload, credential.get("validFrom"))
            self.checker.check_jws(jws, issuer, day)
            if "ClrCredential" in types:
                self._of_clr_2(line, credential, signed=True)
            else:
                yield rows.open_badge_3(credential)
        elif "Clr" in types:
            issuer = self._issuer(payload.get("publisher"))
            self.checker.check_jws(
                jws, issuer, signing_day(payload, payload.get("issuedOn"))
            )
            yield from self._of_clr_1(line, payload, signed=True)
        elif "achievement" in payload:
            yield self._signed_clr_1(jws, {})
        elif "badge" in payload:
            issuer = self._issuer_of_assertion(payload)
            day = signing_day(payload, payload.get("issuedOn"))
            self.checker.check_jws(jws, issuer, day)
            row = rows.open_badge_2(payload)
            row["issuer_id"] = issuer.id
            yield row
        else:
            raise NotAcceptedError("not a badge or a record")

    def _of_clr_2(self, line: int, clr: Mapping[str, Any], *, signed: bool) -> None:
        """Add every badge of a record; each stands on its own proof.

        One without a proof of its own counts only under a good outer one that binds it:
        the record's issuer made it, and all subjects and ids differ. Otherwise grades
        could have been exchanged between badges under a valid outer signature.
        """
        nested = _nested(_nested_subject(clr))
        if not signed and clr.get("proof") is not None:
            self.checker.check_embedded(clr, self._issuer(clr.get("issuer")))
            signed = True
        bound = signed and distinct(
            part
            for one in nested
            if isinstance(one, dict)
            for part in (one.get("id"), _subject(one).get("id"))
        )
        learner = rows.open_badge_3({"credentialSubject": clr.get("credentialSubject")})
        for one in nested:
            if _lacks_proof(one):
                if not bound or _id(one.get("issuer")) != _id(clr.get("issuer")):
                    value = "a badge of the record has no proof of its own"
                    self.bad.append((line, "D05", value))
                    continue
                self.good.append((line, self._within(one, learner)))
            else:
                self._accept_within(line, one, learner)

    def _accept_within(self, line: int, value: Any, learner: Row) -> None:
        try:
            for row in self._badges(line, value):
                self._add(line, _with_learner(row, learner), Envelope())
        except NotAcceptedError as refusal:
            self.bad.append((line, "D05", str(refusal)))

    def _within(self, credential: Mapping[str, Any], learner: Row) -> Row:
        row = _with_learner(rows.open_badge_3(credential), learner)
        issuer = self._issuer(credential.get("issuer"))
        row["platform"] = issuer.platform or self.platform
        row["issuer_name"] = row["issuer_name"] or issuer.name
        complete = rows.enveloped(row, Envelope(), self.prefixes)
        assert complete is not None
        return complete

    def _of_clr_1(
        self, line: int, clr: Mapping[str, Any], *, signed: bool
    ) -> Iterator[Row]:
        """Assertions of a CLR 1.0, plain under the record's JWS or signed each."""
        publisher = self._issuer(clr.get("publisher"))
        plain = _nested(clr.get("assertions"))
        if plain and not signed and not self.hosted:
            raise NotAcceptedError("no signature, and deliveries are not trusted")
        for one in plain:
            if isinstance(one, dict):
                row = rows.clr_1_assertion(one, clr)
                row["issuer_id"] = publisher.id
                yield row
        for text in _nested(clr.get("signedAssertions")):
            try:
                self._add(line, self._signed_clr_1(read_jws(text), clr), Envelope())
            except NotAcceptedError as refusal:
                self.bad.append((line, "D05", str(refusal)))

    def _signed_clr_1(self, jws: Jws, clr: Mapping[str, Any]) -> Row:
        achievement = jws.payload.get("achievement")
        named = achievement.get("issuer") if isinstance(achievement, dict) else None
        issuer = self._issuer(named or clr.get("publisher"))
        day = signing_day(jws.payload, jws.payload.get("issuedOn"))
        self.checker.check_jws(jws, issuer, day)
        return rows.clr_1_assertion(jws.payload, clr)

    def _hosted(self, assertion: Mapping[str, Any]) -> Row:
        """An assertion without a signature; its host cannot be asked from here."""
        issuer = self._issuer_of_assertion(assertion)
        if not self.hosted:
            raise NotAcceptedError("no signature, and deliveries are not trusted")
        row = rows.open_badge_2(assertion)
        row["issuer_id"] = issuer.id
        return row

    def _issuer(self, named: Any) -> Issuer:
        issuer = self.issuers.of(_id(named))
        if issuer is None:
            raise NotAcceptedError("the issuer is not on the college's list")
        return issuer

    def _issuer_of_assertion(self, assertion: Mapping[str, Any]) -> Issuer:
        """By the embedded badge class, else by the key the assertion names."""
        badge = assertion.get("badge")
        if isinstance(badge, dict):
            return self._issuer(badge.get("issuer"))
        verification = assertion.get("verification")
        creator = (
            verification.get("creator") if isinstance(verification, dict) else None
        )
        issuer = self.issuers.of_key(creator)
        if issuer is None:
            raise NotAcceptedError("the issuer is not on the college's list")
        return issuer


def _is_envelope(value: Any) -> bool:
    """Whether a platform's own words stand around one credential."""
    return (
        isinstance(value, dict)
        and "type" not in value
        and isinstance(value.get("credential"), dict | str)
    )


def _answered(answer: Mapping[str, Any]) -> list[Any]:
    """Credentials of an API answer: embedded ones and compact JWS."""
    return _nested(answer.get("credential")) + _nested(answer.get("compactJwsString"))


def _nested(value: Any) -> list[Any]:
    found = value if isinstance(value, list) else [] if value is None else [value]
    if len(found) > MAX_NESTED:
        raise NotAcceptedError(f"more than {MAX_NESTED} badges in one record")
    return found


def _subject(credential: Mapping[str, Any]) -> Mapping[str, Any]:
    subject = credential.get("credentialSubject")
    return subject if isinstance(subject, dict) else {}


def _nested_subject(clr: Mapping[str, Any]) -> Any:
    return _subject(clr).get("verifiableCredential")


def _lacks_proof(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and bool(_types(value) & _BADGE_3)
        and value.get("proof") is None
    )


def _with_learner(row: Row, learner: Row) -> Row:
    """A badge of a record is the learner's: whom it does not name, the record does."""
    whom = ("recipient_email", "recipient_hash", "recipient_salt")
    named = any(row[name] for name in whom)
    taken = {} if named else {name: learner[name] for name in whom}
    for name in ("recipient_name", "student_id"):
        taken[name] = row[name] or learner[name]
    return {
        **row,
        **taken,
        "recipient_did": learner["recipient_did"] or row["recipient_did"],
    }


def _of_claims(
    payload: Mapping[str, Any], credential: Mapping[str, Any]
) -> dict[str, Any]:
    """A VC-JWT's credential; claims and credential have to say the same.

    Source: Open Badges 3.0, 8.2.4: iss, jti and sub equal issuer.id, id and the id of
    the subject.
    """
    subject = _subject(credential)
    pairs = (
        (payload.get("iss"), _id(credential.get("issuer"))),
        (payload.get("jti"), credential.get("id")),
        (payload.get("sub"), subject.get("id")),
    )
    for claim, stated in pairs:
        if claim is not None and stated is not None and claim != stated:
            raise NotAcceptedError("its claims contradict the credential")
    made = dict(credential)
    made.setdefault("id", payload.get("jti"))
    made.setdefault("issuer", payload.get("iss"))
    made.setdefault("validFrom", claimed_time(payload.get("nbf")))
    made.setdefault("validUntil", claimed_time(payload.get("exp")))
    return made


def _types(value: Mapping[str, Any]) -> set[str]:
    found = value.get("type")
    listed = found if isinstance(found, list) else [found]
    return {one for one in listed if isinstance(one, str)}


def _id(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) else None
