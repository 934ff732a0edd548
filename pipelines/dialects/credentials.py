"""Badges of platforms: Open Badges 2.0 and 3.0, CLR 1.0 and 2.0, as JSON.

A document is a credential, a compact JWS, a platform's line around one of them
(``{"credential": …}``), a presentation or an API answer that holds several. Every badge
of a CLR is a row of its own. What is not accepted is a D05 or D07 record with its
reason.

Who signed is checked before anything is read; who received it is only ever what the
credential, its record or the platform states, in that order
(``credential_recipients``). A wallet or an address names a row, never a person: rows
with a wallet reach ``person_identifier`` only beside a student id.

Belongs here: which format a document has, and which signature has to hold. Does not
belong here: keys (``credential_issuers``), proofs (``credential_proofs``), columns
(``credential_rows``), withdrawal (``credential_status``).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
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
    is_described_once,
    read_jws,
    signing_day,
)
from pipelines.dialects.credential_recipients import Learner, Row, with_learner
from pipelines.dialects.credential_rows import COLUMNS, Envelope
from pipelines.dialects.credential_status import (
    LIST_TYPES,
    StatusLists,
    issuer_entries,
    status_entries,
)
from pipelines.dialects.macros import settings_of
from pipelines.dialects.model import Table
from pipelines.dialects.source import BAD_SCHEMA, Context, ParsedTable
from pipelines.dialects.strict_json import Located, documents
from pipelines.landing.package.manifest import DeclaredFile
from pipelines.landing.package.notes import Note
from pipelines.landing.reading.unpack import FileRefusedError

MAX_NESTED = 2_000
"""Badges of one record; more is no learner's."""

_BADGE_3 = {"OpenBadgeCredential", "AchievementCredential"}
_TRUSTED = "trust_delivery"
_LISTS = "status_list"


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
        The table with one row a badge, and ``status_list`` where lists came; what was
        not accepted is ``bad`` with D05 or D07, what is no JSON with F20. Warnings are
        D08, a line each, and D09, one a reason.

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
        StatusLists(context.as_of),
        hosted=settings.get("hosted") == _TRUSTED,
        platform=settings.get("platform"),
        prefixes=tuple(settings.get("id_prefixes") or ()),
    )
    for document in found:
        reader.read(document)
    made = {table.name: reader.table()}
    if reader.lists.accounted:
        made[_LISTS] = reader.list_table()
    return made


@dataclass(frozen=True)
class _Badge:
    """One badge whose signature holds.

    Attributes:
        row: What it says.
        entries: Where to look up whether it was withdrawn.
        line: Of its document; 0 until that is known.
        full_id: The id as signed.
        is_stated: Whether the platform states its state.
    """

    row: Row
    entries: list[Any]
    line: int = 0
    full_id: str | None = None
    is_stated: bool = False


@dataclass
class _Reader:
    """Documents to rows.

    Attributes:
        hosted: Whether an unsigned badge of a listed issuer counts because the college
            itself delivered it.
    """

    issuers: Issuers
    checker: Checker
    lists: StatusLists
    hosted: bool
    platform: str | None
    prefixes: tuple[str, ...]
    good: list[_Badge] = field(default_factory=list)
    bad: list[tuple[int, str, str]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

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
        """Everything read; lists may stand after the badges they speak of."""
        badges = self._told_apart()
        found = self._with_status(badges)
        columns = {name: [row.get(name) for row in found] for name in COLUMNS}
        schema: dict[str, Any] = {
            "_line": pl.Int64,
            **dict.fromkeys(COLUMNS, pl.String),
        }
        lines = [badge.line for badge in badges]
        bad = {
            "line": [line for line, _, _ in self.bad],
            "edit_id": [edit_id for _, edit_id, _ in self.bad],
            "value": [value for _, _, value in self.bad],
            "raw": [""] * len(self.bad),
        }
        return ParsedTable(
            len(lines) + len({line for line, _, _ in self.bad}),
            pl.DataFrame({"_line": lines, **columns}, schema=schema),
            pl.DataFrame(bad, schema=BAD_SCHEMA),
            tuple(self.notes),
        )

    def list_table(self) -> ParsedTable:
        """The status lists that count."""
        columns = ("_line", "list_id", "issuer_id", "purpose")
        frame = pl.DataFrame(self.lists.accounted, schema=columns, orient="row")
        return ParsedTable(frame.height, frame)

    def _told_apart(self) -> list[_Badge]:
        """Badges whose id on the platform is theirs alone."""
        whole: defaultdict[tuple[str | None, ...], set[str | None]] = defaultdict(set)
        for badge in self.good:
            whole[_key(badge.row)].add(badge.full_id)
        apart = []
        for badge in self.good:
            if len(whole[_key(badge.row)]) == 1:
                apart.append(badge)
            else:
                self.bad.append((badge.line, "D07", "one id stands for several badges"))
        return apart

    def _with_status(self, badges: list[_Badge]) -> list[Row]:
        found = []
        doubts: dict[str, list[int]] = defaultdict(list)
        for badge in badges:
            revoked, doubt = self.lists.standing(
                badge.row["issuer_id"], badge.full_id, badge.entries
            )
            found.append({**badge.row, "status": "REVOKED"} if revoked else badge.row)
            if doubt is not None and not badge.is_stated:
                doubts[doubt].append(badge.line)
        self.notes += [
            Note("D09", "W", line=min(lines), value=doubt, count=len(lines))
            for doubt, lines in doubts.items()
        ]
        return found

    def _accept(self, line: int, value: Any, envelope: Envelope) -> None:
        """Rows of a credential; each badge is accepted or refused for itself."""
        try:
            for badge in self._badges(line, value):
                self._add(line, badge, envelope)
        except NotAcceptedError as refusal:
            self._refuse(line, refusal)

    def _refuse(self, line: int, refusal: NotAcceptedError) -> None:
        self.bad.append((line, refusal.edit_id, str(refusal)))

    def _add(self, line: int, badge: _Badge, envelope: Envelope) -> None:
        row = dict(badge.row)
        issuer = self.issuers.of(row["issuer_id"])
        row["platform"] = (issuer.platform if issuer else None) or self.platform
        if issuer is not None:
            row["issuer_name"] = row.get("issuer_name") or issuer.name
        try:
            complete, doubt = rows.enveloped(row, envelope, self.prefixes)
        except NotAcceptedError as refusal:
            self._refuse(line, refusal)
            return
        self._warn(line, doubt)
        self.good.append(
            replace(
                badge,
                row=complete,
                line=line,
                full_id=row["assertion_id"],
                is_stated=envelope.state is not None,
            )
        )

    def _add_within(self, line: int, badge: _Badge, learner: Learner) -> None:
        """Add a badge of a record."""
        row, doubt = with_learner(badge.row, learner)
        self._warn(line, doubt)
        self._add(line, replace(badge, row=row), Envelope())

    def _warn(self, line: int, doubt: str | None) -> None:
        if doubt is not None:
            self.notes.append(Note("D08", "W", line=line, value=doubt))

    def _badges(self, line: int, value: Any) -> Iterator[_Badge]:
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

    def _each(self, line: int, several: list[Any]) -> Iterator[_Badge]:
        """Credentials that stand side by side; nothing around them adds to them."""
        for one in several:
            self._accept(line, one, Envelope())
        return iter(())

    def _of_object(
        self, line: int, value: Mapping[str, Any], types: set[str]
    ) -> Iterator[_Badge]:
        if "ClrCredential" in types:
            self._of_clr_2(line, value, signed=False)
        elif types & _BADGE_3:
            self.checker.check_embedded(value, self._issuer(value.get("issuer")))
            yield _badge_3(value)
        elif types & LIST_TYPES:
            issuer = self._issuer(value.get("issuer"))
            self.checker.check_embedded(value, issuer)
            self.lists.add_bits(line, issuer.id, value)
        elif "Clr" in types:
            self._of_clr_1(line, value, signed=False)
        elif "Assertion" in types or "badge" in value:
            self._trust_delivery()
            yield _badge_2(value, self._issuer_of_assertion(value))
        elif "RevocationList" in types:
            self._trust_delivery()
            self.lists.add_revoked(line, self._issuer(value.get("issuer")).id, value)
        else:
            raise NotAcceptedError("not a badge or a record")

    def _of_jws(self, line: int, jws: Jws) -> Iterator[_Badge]:
        payload = jws.payload
        credential = payload.get("vc", payload)
        types = _types(credential) if isinstance(credential, dict) else set()
        if types & {*_BADGE_3, *LIST_TYPES, "ClrCredential"}:
            credential = _of_claims(payload, credential)
            issuer = self._issuer(credential.get("issuer"))
            day = signing_day(payload, credential.get("validFrom"))
            self.checker.check_jws(jws, issuer, day)
            if "ClrCredential" in types:
                self._of_clr_2(line, credential, signed=True)
            elif types & LIST_TYPES:
                self.lists.add_bits(line, issuer.id, credential)
            else:
                yield _badge_3(credential)
        elif "Clr" in types:
            self._check_jws_1(jws, self._issuer(payload.get("publisher")))
            self._of_clr_1(line, payload, signed=True)
        elif "achievement" in payload:
            yield self._signed_clr_1(jws, {}, signed=False)
        elif "badge" in payload:
            issuer = self._issuer_of_assertion(payload)
            self._check_jws_1(jws, issuer)
            yield _badge_2(payload, issuer)
        elif "RevocationList" in types:
            issuer = self._issuer(payload.get("issuer"))
            self._check_jws_1(jws, issuer)
            self.lists.add_revoked(line, issuer.id, payload)
        else:
            raise NotAcceptedError("not a badge or a record")

    def _check_jws_1(self, jws: Jws, issuer: Issuer) -> None:
        """Hold a JWS of the formats before Open Badges 3.0 to its issuer's keys."""
        day = signing_day(jws.payload, jws.payload.get("issuedOn"))
        self.checker.check_jws(jws, issuer, day)

    def _trust_delivery(self) -> None:
        """Let an unsigned document count where the college says so.

        Its host cannot be asked from here.
        """
        if not self.hosted:
            raise NotAcceptedError("no signature, and deliveries are not trusted")

    def _of_clr_2(self, line: int, clr: Mapping[str, Any], *, signed: bool) -> None:
        """Add every badge of a record; each stands on its own proof.

        One without a proof of its own counts only under a good outer one that binds it:
        the record's issuer made it, and all subjects and ids differ. Otherwise grades
        could have been exchanged between badges under a valid outer signature.
        """
        nested = _nested(_subject(clr).get("verifiableCredential"))
        if not signed and clr.get("proof") is not None:
            self.checker.check_embedded(clr, self._issuer(clr.get("issuer")))
            signed = True
        # A record or a learner without an id shares it with nobody.
        ids = [one for one in _ids(clr) if one is not None]
        ids += [part for one in nested for part in _ids(one)]
        bound = signed and distinct(ids) and is_described_once(clr)
        learner = Learner(rows.learner_2(clr), signed)
        for one in nested:
            try:
                for badge in self._within(line, one, clr, bound=bound):
                    self._add_within(line, badge, learner)
            except NotAcceptedError as refusal:
                self._refuse(line, refusal)

    def _within(
        self, line: int, one: Any, clr: Mapping[str, Any], *, bound: bool
    ) -> Iterator[_Badge]:
        if not _lacks_proof(one):
            yield from self._badges(line, one)
        elif bound and _id(one.get("issuer")) == _id(clr.get("issuer")):
            self._issuer(one.get("issuer"))
            yield _badge_3(one, clr)
        else:
            raise NotAcceptedError("a badge of the record has no proof of its own")

    def _of_clr_1(self, line: int, clr: Mapping[str, Any], *, signed: bool) -> None:
        """Assertions of a CLR 1.0, plain under the record's JWS or signed each.

        A plain one is the publisher's own: nobody else signed it.
        """
        publisher = self._issuer(clr.get("publisher"))
        plain = _nested(clr.get("assertions"))
        if plain and not signed:
            self._trust_delivery()
        named = rows.learner_1(clr)
        for one in plain:
            try:
                badge = _badge_1(one, publisher, clr)
                self._add_within(line, badge, Learner(named, is_believed=True))
            except NotAcceptedError as refusal:
                self._refuse(line, refusal)
        for text in _nested(clr.get("signedAssertions")):
            try:
                badge = self._signed_clr_1(read_jws(text), clr, signed=signed)
                self._add_within(line, badge, Learner(named, signed))
            except NotAcceptedError as refusal:
                self._refuse(line, refusal)

    def _signed_clr_1(
        self, jws: Jws, clr: Mapping[str, Any], *, signed: bool
    ) -> _Badge:
        """An assertion on a signature of its own; the record names whom to ask."""
        achievement = jws.payload.get("achievement")
        named = achievement.get("issuer") if isinstance(achievement, dict) else None
        issuer = self._issuer(named or clr.get("publisher"))
        self._check_jws_1(jws, issuer)
        return _badge_1(jws.payload, issuer, clr if signed else {})

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


def _badge_3(credential: Mapping[str, Any], *around: Mapping[str, Any]) -> _Badge:
    """An Open Badges 3.0 credential, with the record whose proof it leans on."""
    entries = status_entries(credential, *around)
    return _Badge(rows.open_badge_3(credential), entries)


def _badge_2(assertion: Mapping[str, Any], issuer: Issuer) -> _Badge:
    badge = assertion.get("badge")
    profile = badge.get("issuer") if isinstance(badge, dict) else None
    row = {**rows.open_badge_2(assertion), "issuer_id": issuer.id}
    return _Badge(row, issuer_entries(profile))


def _badge_1(assertion: Any, issuer: Issuer, clr: Mapping[str, Any]) -> _Badge:
    """An assertion of a CLR 1.0 that ``issuer`` signed, by itself or in its record.

    Args:
        assertion: What it says.
        issuer: Whose signature holds.
        clr: The record, where a signature covers that too.

    Raises:
        NotAcceptedError: D05, its achievement is another's; D07.
    """
    if not isinstance(assertion, dict):
        raise NotAcceptedError("not a badge or a record")
    achievement = rows.only(assertion.get("achievement"), "achievements")
    named, publisher = achievement.get("issuer"), clr.get("publisher")
    if named is not None and _id(named) != issuer.id:
        raise NotAcceptedError("its achievement is of another issuer than its signer")
    profile = publisher if named is None and _id(publisher) == issuer.id else named
    row = rows.clr_1_assertion(assertion, clr.get("issuedOn"))
    row["issuer_id"] = issuer.id
    row["issuer_name"] = rows.name_of(profile)
    return _Badge(row, issuer_entries(profile))


def _ids(credential: Any) -> list[Any]:
    """Ids of a credential and its recipients; none of what travels as text."""
    if not isinstance(credential, dict):
        return []
    subjects = _nested(credential.get("credentialSubject"))
    return [credential.get("id"), *map(_id, subjects)]


def _key(row: Row) -> tuple[str | None, ...]:
    return row["platform"], row["assertion_id"]


def _subject(credential: Mapping[str, Any]) -> Mapping[str, Any]:
    return rows.only(credential.get("credentialSubject"), "recipients")


def _lacks_proof(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and bool(_types(value) & _BADGE_3)
        and value.get("proof") is None
    )


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
