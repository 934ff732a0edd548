"""Nights with one planted change each: what changes is what was predicted, no more.

The same build as ``dbt`` leaves it, published night after night. For every night the
credentials that supersede, are revoked, withdrawn or restored are named beforehand; all
others keep their bytes. Old and new versions are then verified, by this project and by
openbadgeslib. Run with ``-s`` for the table.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl
import record_factory as factory
from openbadgeslib.ob3.ldp import OB3LdpVerifier

from pipelines.publishing import keys, reader
from pipelines.publishing.publish import publish
from pipelines.publishing.verify import verify_snapshot
from pipelines.settings import Home
from pipelines.verification import examine

Document = dict[str, Any]
PEOPLE = 5
REVOKED = "its issuer has revoked it"


@dataclass
class State:
    """What dbt would write tonight."""

    documents: dict[int, Document]
    redirects: dict[int, int] = field(default_factory=dict)
    held: list[Document] = field(default_factory=list)
    parted: tuple[Document, ...] = ()


@dataclass(frozen=True)
class Night:
    """One change; what it does, by id of the credential."""

    name: str
    plant: Callable[[State, Home], dict[str, str]]


def nested(document: Document) -> list[Document]:
    return document["credentialSubject"]["verifiableCredential"]


def course_id(learner: int, number: int) -> str:
    return factory.urn("assertion", learner, "Course", number)


def clr_id(learner: int) -> str:
    return factory.urn("clr", learner)


def one(state: State, learner: int, name: str) -> Document:
    return next(c for c in nested(state.documents[learner]) if c["id"] == name)


def change_grade(state: State, home: Home) -> dict[str, str]:
    del home
    name = course_id(0, 1)
    one(state, 0, name)["credentialSubject"]["result"][0]["value"] = "A"
    return {name: "supersede", clr_id(0): "supersede"}


def award_late(state: State, home: Home) -> dict[str, str]:
    del home
    late = factory.course(9, 1)
    nested(state.documents[1]).append(late)
    return {late["id"]: "new", clr_id(1): "supersede"}


def rename_course(state: State, home: Home) -> dict[str, str]:
    del home
    predicted = {}
    for learner, document in state.documents.items():
        for credential in nested(document):
            achievement = credential["credentialSubject"]["achievement"]
            if achievement["id"] == factory.urn("achievement", "Course", 2):
                achievement["name"] = credential["name"] = "Writing for Work"
                predicted[credential["id"]] = "supersede"
                predicted[clr_id(learner)] = "supersede"
    assert len(predicted) == 2 * PEOPLE
    return predicted


def merge_two(state: State, home: Home) -> dict[str, str]:
    del home
    state.parted = (copy.deepcopy(state.documents[2]), state.documents[3])
    retired = state.documents.pop(3)
    nested(state.documents[2]).extend(copy.deepcopy(nested(retired)))
    state.redirects[3] = 2
    return {clr_id(2): "supersede", clr_id(3): "withdraw"}


def rescind(state: State, home: Home) -> dict[str, str]:
    del home
    gone = one(state, 4, factory.urn("assertion", 4, "Degree", 1))
    nested(state.documents[4]).remove(gone)
    return {gone["id"]: "revoke", clr_id(4): "supersede"}


def split_again(state: State, home: Home) -> dict[str, str]:
    del home
    state.documents[2], state.documents[3] = state.parted
    state.redirects.clear()
    return {clr_id(2): "restore", clr_id(3): "restore"}


def opt_out(state: State, home: Home) -> dict[str, str]:
    del home
    document = state.documents.pop(1)
    state.held.append(document)
    return {
        **{credential["id"]: "withdraw" for credential in nested(document)},
        clr_id(1): "withdraw",
    }


def rotate(state: State, home: Home) -> dict[str, str]:
    del state
    keys.rotate_key(home.keys, factory.DID)
    return {}


NIGHTS = (
    Night("a grade is changed", change_grade),
    Night("an award comes late", award_late),
    Night("a course is renamed", rename_course),
    Night("two learners are merged", merge_two),
    Night("the two are split again", split_again),
    Night("a degree is rescinded", rescind),
    Night("a learner opts out", opt_out),
    Night("the key is rotated", rotate),
)


def issued(home: Home) -> dict[str, Document]:
    """Every credential in force, records among them, by id."""
    files = reader.resolve(home).path / "records" / "*.parquet"
    found = {}
    for text in pl.read_parquet(files)["clr"]:
        record = orjson.loads(text)
        found[record["id"]] = record
        found |= {credential["id"]: credential for credential in nested(record)}
    return found


def detail(home: Home, document: Document) -> str:
    """Why it does not verify against what is public today; empty when it does."""
    public = reader.resolve(home).path / "public"
    did = orjson.loads((public / "did.json").read_bytes())
    report = examine(orjson.dumps(document), did, public / "status")
    return "; ".join(check.words for check in report.failures)


def test_each_night_changes_what_was_predicted_and_nothing_else(
    warehouse, build, monkeypatch
):
    monkeypatch.setattr("pipelines.publishing.records.COMPARED", 0)
    state = State({n: factory.record(n, courses=2) for n in range(PEOPLE)})
    publish_night(warehouse, build, state)
    print("\nnight | planted | predicted | happened")
    seen: dict[str, list[Document]] = {}
    for number, night in enumerate(NIGHTS, start=2):
        before = issued(warehouse)
        for name, document in before.items():
            seen.setdefault(name, []).append(document)
        predicted = night.plant(state, warehouse)
        publish_night(warehouse, build, state)
        after = issued(warehouse)
        happened = effects(warehouse, before, after, seen)
        print(f"{number} | {night.name} | {told(predicted)} | {told(happened)}")
        assert happened == predicted, night.name
        assert verify_snapshot(warehouse, records=None).ok
        by_openbadgeslib(warehouse, [after[n] for n in happened if n in after])
    by_openbadgeslib(warehouse, list(issued(warehouse).values()))


def publish_night(home: Home, build: Callable[..., None], state: State) -> None:
    redirects = {
        factory.learner_id(a): factory.learner_id(b) for a, b in state.redirects.items()
    }
    build(state.documents.values(), redirects=redirects, held=state.held)
    publish(home, None)


def effects(
    home: Home,
    before: dict[str, Document],
    after: dict[str, Document],
    seen: dict[str, list[Document]],
) -> dict[str, str]:
    """What happened to each id, once old and new versions verify as that asks."""
    found = {
        name: "restore" if after[name] in seen.get(name, ()) else "new"
        for name in after.keys() - before.keys()
    }
    for name in found:
        assert detail(home, after[name]) == ""
    for name, old in before.items():
        new = after.get(name)
        if new is None:
            why = detail(home, old)
            assert not why or REVOKED in why
            found[name] = "revoke" if why else "withdraw"
        elif new != old and new in seen[name]:
            # The version between is refused, and the one of before stands again.
            assert REVOKED in detail(home, old)
            assert detail(home, new) == ""
            found[name] = "restore"
        elif new != old:
            assert new["validFrom"] > old["validFrom"]
            assert new.get("awardedDate") == old.get("awardedDate")
            assert detail(home, new) == ""
            found[name] = "supersede"
    # Of a rescinded award, the record that held it is refused as well; else the old
    # version still verifies, and its later validFrom says that another replaced it.
    rescinded = "revoke" in found.values()
    for name in [name for name, effect in found.items() if effect == "supersede"]:
        assert (REVOKED in detail(home, before[name])) is rescinded
    return found


def by_openbadgeslib(home: Home, documents: list[Document]) -> None:
    did = (reader.resolve(home).path / "public" / "did.json").read_bytes()
    verifier = OB3LdpVerifier()
    for document in documents:
        if "OpenBadgeCredential" in document["type"]:
            verifier.verify(document, download=lambda _: did)


def told(effects: dict[str, str]) -> str:
    kinds = sorted(set(effects.values()))
    counts = [f"{kind} {list(effects.values()).count(kind)}" for kind in kinds]
    return ", ".join(counts) or "nothing"
