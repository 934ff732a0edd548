"""A record signed from its text, without reading most of it as JSON.

Belongs here: a document's text to the signed record's, credential by credential, by
sheets (``sheets.py``). Does not belong here: records that no sheet prints, are issued
again or are odd in any way: those are signed node by node (``signing.sign_record``),
with the same bytes, and every error is raised there.
"""

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from pipelines.publishing import multibase, status_lists
from pipelines.publishing.contexts import ACHIEVEMENT_CONTEXTS, CLR_CONTEXTS
from pipelines.publishing.plates import NoPlateError, Page
from pipelines.publishing.pruning import Bodies, prune_in_place
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.sheets import Family, Sheets
from pipelines.publishing.signing import Proofs, Signer, check_head, proof_options
from pipelines.publishing.skeleton import (
    Anatomist,
    Shared,
    Skeleton,
    UnusualError,
)
from pipelines.publishing.terms import Scope, Term

_URN = len('"urn:uuid:')
_MOST_MOMENTS = 4_096


class RecordTexts:
    """Signs the texts of records; one a process, for what it keeps."""

    def __init__(self, proofs: Proofs, signer: Signer) -> None:
        self._proofs = proofs
        self.signer = signer
        self.press = proofs.writer.press
        self.iri = proofs.writer.iri
        self.anatomist = Anatomist()
        self.sheets = Sheets(proofs.writer, signer.did)
        self.list_url = functools.cache(self._list_url)
        self._options = functools.lru_cache(maxsize=_MOST_MOMENTS)(self._options_of)

    def sign(self, text: str, entries: Mapping[str, str]) -> tuple[dict[str, Any], str]:
        """The signed record without what it nests, and the whole of it as text.

        Args:
            text: a CLR as dbt writes it.
            entries: as ``status_lists.enter()``.

        Raises:
            UnusualError: it is to be signed node by node.
        """
        try:
            return _Signing(self, text, entries).signed()
        except (
            NoPlateError,
            UnsignableError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
        ):
            raise UnusualError from None

    def proof(
        self, page: Page, contexts: tuple[str, ...], created: str
    ) -> tuple[dict[str, str], str]:
        """The proof of what is printed on a page, and its JSON."""
        options, told, digest = self._options(contexts, created)
        hashed = hashlib.sha256(page.canonical().encode()).digest()
        value = multibase.encode(self.signer.sign(digest + hashed))
        return {**options, "proofValue": value}, f'{told}"{value}"}}'

    def _options_of(
        self, contexts: tuple[str, ...], created: str
    ) -> tuple[dict[str, str], str, bytes]:
        method = self.signer.method
        options = proof_options(method, created)
        told = orjson.dumps(options).decode()[:-1] + ',"proofValue":'
        return options, told, self._proofs.options_digest(contexts, method, created)

    def within(self, record: Mapping[str, Any]) -> Scope:
        """Where the credentials of a record stand."""
        terms = self._proofs.writer.terms
        outer = terms.table(terms.root, record).terms["credentialSubject"]
        subject = terms.table(outer.scope, record["credentialSubject"])
        return subject.terms["verifiableCredential"].scope

    def proof_term(self, family: Family, scope: Scope) -> Term:
        """What ``proof`` of a credential means in its record.

        Raises:
            UnusualError: something in the credential means another thing there.
        """
        terms = self._proofs.writer.terms
        table = terms.table(scope, family.stub)
        if not terms.extends(table, family.table):
            raise UnusualError
        term = family.within[id(scope)] = table.terms["proof"]
        return term

    def _list_url(self, number: str) -> str:
        return status_lists.list_url(self.signer.did, int(number))


@dataclass(slots=True)
class _Nested:
    """A signed credential, to be taken over by its record."""

    family: Family
    page: Page
    proof: dict[str, str]
    head: tuple[str, ...]
    tail: tuple[str, ...]


class _Signing:
    """One record on its way."""

    def __init__(
        self, kept: RecordTexts, text: str, entries: Mapping[str, str]
    ) -> None:
        self._kept = kept
        self._text = text
        self._entries = entries
        # Of all shared nodes; each checked once a record.
        self._bodies: Bodies = {}
        self._seen: set[Shared] = set()
        self._ids: list[str] = []
        self._nested: list[_Nested] = []

    def signed(self) -> tuple[dict[str, Any], str]:
        kept = self._kept
        rest, skeletons = kept.anatomist.credentials(self._text)
        texts = [orjson.Fragment(self._credential(one)) for one in skeletons]
        record = orjson.loads(rest)
        subject = record["credentialSubject"]
        if subject["verifiableCredential"] != []:
            raise UnusualError
        # Not empty while it is pruned, so that it keeps its place among the keys.
        subject["verifiableCredential"] = [
            {"id": one.page.subject[1:-1]} for one in self._nested
        ]
        prune_in_place(record, self._bodies)
        ids = set(self._ids)
        if len(ids) != len(self._ids) or not ids.isdisjoint(self._bodies):
            raise UnusualError
        number, slot = self._entries[record["id"].removeprefix("urn:uuid:")].split()
        record["credentialStatus"] = status_lists.entry(
            kept.signer.did, int(number), int(slot)
        )
        check_head(record, CLR_CONTEXTS, kept.signer.did)
        page = kept.press.print(record, {})
        self._take_over(page, kept.within(record))
        proof, _ = kept.proof(page, CLR_CONTEXTS, record["validFrom"])
        record["proof"] = [proof]
        subject["verifiableCredential"] = texts
        return record, orjson.dumps(record).decode()

    def _credential(self, skeleton: Skeleton) -> str:
        kept = self._kept
        family, sheet = kept.sheets.find(skeleton)
        values = skeleton.values
        number, slot = self._entries[values[family.name][_URN:-1]].split()
        url = kept.list_url(number)
        values += [f'"{url}#{slot}"', f'"{slot}"', f'"{url}"']
        page = Page(table=family.table)
        subjects, bodies = [], []
        for shared, scope in zip(skeleton.shared, family.scopes, strict=True):
            printed = shared.printed.get(id(scope))
            if printed is None:
                printed = shared.printed[id(scope)] = kept.press.part(
                    shared.node, scope
                )
            kept.press.adopt(page, printed[1])
            subjects.append(printed[0])
            bodies.append(shared.json)
            if shared not in self._seen:
                self._see(shared)
        created = values[family.valid_from][1:-1]
        if (
            created[-1:] != "Z"
            or skeleton.shared[family.issuer].node["id"] != kept.signer.did
        ):
            raise UnusualError
        text, head, tail = sheet(
            values, subjects, bodies, kept.press.label, kept.iri, page
        )
        self._ids += [values[position][1:-1] for position in family.ids]
        proof, told = kept.proof(page, ACHIEVEMENT_CONTEXTS, created)
        self._nested.append(_Nested(family, page, proof, head, tail))
        return f'{text},"proof":[{told}]}}'

    def _see(self, shared: Shared) -> None:
        self._seen.add(shared)
        known = self._bodies
        for name, body in shared.bodies.items():
            other = known.setdefault(name, body)
            if other is not body and other != body:
                raise UnusualError

    def _take_over(self, page: Page, scope: Scope) -> None:
        """Put the nested credentials and their proofs on the record's page."""
        press = self._kept.press
        for one in self._nested:
            term = one.family.within.get(id(scope))
            if term is None:
                term = self._kept.proof_term(one.family, scope)
            press.adopt(page, one.page)
            subject, _, loose = page.blocks.pop()
            graph = press.prove(subject, one.proof, term, page)
            *before, head = one.head
            tail, *after = one.tail
            lines = (
                *before,
                f"{head}{subject} {term.predicate} ",
                graph,
                f" .\n{tail}",
                *after,
            )
            page.blocks.append((subject, lines, loose))
