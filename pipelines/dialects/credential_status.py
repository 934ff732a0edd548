"""Whether the issuer of a badge has withdrawn it, by the lists that came with it.

Nothing is fetched. A list counts for the badges of the issuer that signed it, and only
where it stands in the same file:

- W3C Bitstring Status List 1.0 and StatusList2021: a bit a badge. A suspended badge is
  revoked until the bit is taken back;
- Open Badges 2.0 ``RevocationList``, which nobody signs: under ``trust_delivery``, or
  as a JWS.

Belongs here: lists, and where a badge stands in them. Does not belong here: whether a
list is believed (``credentials``).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3.status import decode_encoded_list

from pipelines.dialects.credential_proofs import NotAcceptedError, day_of

LIST_TYPES = frozenset({"BitstringStatusListCredential", "StatusList2021Credential"})
_ENTRY_TYPES = frozenset({"BitstringStatusListEntry", "StatusList2021Entry"})
_NAMED = "RevocationList"

NO_LIST = "the issuer's status list did not come with it"
EXPIRED = "the issuer's status list that came has expired"
UNREADABLE = "its status is of a kind that cannot be read"


@dataclass(frozen=True)
class _Bits:
    purposes: frozenset[str]
    bits: bytes
    valid_until: date | None


@dataclass
class StatusLists:
    """The believed lists of one file.

    Attributes:
        as_of: The day that a list has to be in force on to say that a badge stands.
        accounted: Line, list, issuer and purpose of each.
    """

    as_of: date
    accounted: list[tuple[int, str, str, str]] = field(default_factory=list)
    _bits: dict[tuple[str, str], list[_Bits]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _revoked: dict[str, set[str]] = field(default_factory=dict)

    def add_bits(self, line: int, issuer: str, credential: Mapping[str, Any]) -> None:
        """Take in a status list credential whose signature holds.

        Raises:
            NotAcceptedError: The list cannot be read.
        """
        subject = credential.get("credentialSubject")
        if not isinstance(subject, Mapping):
            raise NotAcceptedError("the status list cannot be read")
        size = subject.get("statusSize", 1)
        purposes = frozenset(
            one for one in _listed(subject.get("statusPurpose")) if isinstance(one, str)
        )
        identifier = credential.get("id")
        if size != 1 or not isinstance(identifier, str):
            raise NotAcceptedError("the status list cannot be read")
        try:
            bits = decode_encoded_list(subject.get("encodedList", ""))
        except (ValueError, LibOpenBadgesException):
            raise NotAcceptedError("the status list cannot be read") from None
        until = day_of(credential.get("validUntil"))
        self._bits[issuer, identifier].append(_Bits(purposes, bits, until))
        purpose = " ".join(sorted(purposes))
        self.accounted.append((line, identifier, issuer, purpose))

    def add_revoked(self, line: int, issuer: str, document: Mapping[str, Any]) -> None:
        """Take in an Open Badges 2.0 ``RevocationList`` of an issuer."""
        found = self._revoked.setdefault(issuer, set())
        for one in _listed(document.get("revokedAssertions")):
            identifier = one.get("id") if isinstance(one, Mapping) else one
            if isinstance(identifier, str):
                found.add(identifier)
        identifier = document.get("id")
        named = identifier if isinstance(identifier, str) else _NAMED
        self.accounted.append((line, named, issuer, "revocation"))

    def standing(
        self, issuer: str | None, identifier: str | None, entries: list[Any]
    ) -> tuple[bool, str | None]:
        """Whether a badge is revoked, and why that cannot be told for sure.

        Args:
            issuer: Who issued it.
            identifier: The whole id of its assertion.
            entries: What ``status_entries`` gives.
        """
        if identifier in self._revoked.get(issuer or "", ()):
            return True, None
        answers = [self._of_entry(issuer or "", entry) for entry in entries]
        if any(answer is True for answer in answers):
            return True, None
        doubts = [answer for answer in answers if isinstance(answer, str)]
        return False, doubts[0] if doubts else None

    def _of_entry(self, issuer: str, entry: Any) -> bool | str:
        """True when it withdraws the badge, else False, or why it cannot be told."""
        if entry == _NAMED:
            return False if issuer in self._revoked else NO_LIST
        if not isinstance(entry, Mapping):
            return UNREADABLE
        kinds = {one for one in _listed(entry.get("type")) if isinstance(one, str)}
        purpose = entry.get("statusPurpose", "revocation")
        index = str(entry.get("statusListIndex"))
        if (
            not kinds & _ENTRY_TYPES
            or entry.get("statusSize", 1) != 1
            or not (index.isascii() and index.isdigit() and len(index) < 10)
        ):
            return UNREADABLE
        if purpose not in ("revocation", "suspension"):
            return False
        lists = [
            one
            for one in self._bits.get(
                (issuer, str(entry.get("statusListCredential"))), ()
            )
            if purpose in one.purposes
        ]
        return self._looked_up(int(index), lists)

    def _looked_up(self, at: int, lists: list[_Bits]) -> bool | str:
        answer: bool | str = NO_LIST
        for one in lists:
            if at >= len(one.bits) * 8:
                return UNREADABLE
            if one.bits[at // 8] & (0x80 >> at % 8):
                return True
            if one.valid_until is not None and one.valid_until < self.as_of:
                answer = EXPIRED if answer is not False else answer
            else:
                answer = False
        return answer


def status_entries(*credentials: Mapping[str, Any]) -> list[Any]:
    """What says where to look up whether Open Badges 3.0 credentials were withdrawn."""
    return [
        entry
        for credential in credentials
        for entry in _listed(credential.get("credentialStatus"))
    ]


def issuer_entries(*issuers: Any) -> list[Any]:
    """The same of Open Badges 2.0 and CLR 1.0, where the issuer's profile says it."""
    is_named = any(
        isinstance(one, Mapping) and one.get("revocationList") for one in issuers
    )
    return [_NAMED] if is_named else []


def _listed(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value
