"""A merge replaces two records by one; a split that undoes it gives both back."""

import copy
import os
from collections.abc import Callable
from typing import Any

import duckdb
import orjson
import pytest
import record_factory as factory

from pipelines.errors import OperatorError
from pipelines.publishing import keys, reader
from pipelines.publishing.publish import PublishResult, publish
from pipelines.publishing.verify import verify_snapshot
from pipelines.settings import Home

Document = dict[str, Any]
ID = factory.learner_id


@pytest.fixture(autouse=True)
def _compare_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference path has its own tests; a publication verifies what it made."""
    monkeypatch.setattr("pipelines.publishing.records.COMPARED", 0)


@pytest.fixture
def night(warehouse: Home, build: Callable[..., None]) -> Callable[..., PublishResult]:
    """Publish documents under redirects given as ``{retired: survivor}`` numbers."""

    def run(
        documents: list[Document],
        redirects: dict[int, int] | None = None,
        erased: tuple[int, ...] = (),
        held: tuple[Document, ...] = (),
    ) -> PublishResult:
        build(
            documents,
            redirects={ID(a): ID(b) for a, b in (redirects or {}).items()},
            erased=[ID(number) for number in erased],
            held=held,
        )
        return publish(warehouse, None)

    return run


def people(count: int = 4) -> list[Document]:
    return [factory.record(number, courses=1) for number in range(count)]


def nested(document: Document) -> list[Document]:
    return document["credentialSubject"]["verifiableCredential"]


def joined(survivor: Document, *others: Document) -> Document:
    """The survivor's document with the credentials of the others."""
    whole = copy.deepcopy(survivor)
    for other in others:
        nested(whole).extend(copy.deepcopy(nested(other)))
    return whole


def grade(document: Document, value: str, at: int = 0) -> None:
    nested(document)[at]["credentialSubject"]["result"][0]["value"] = value


def text(home: Home, number: int) -> str:
    return reader.record(home, ID(number))


def texts(home: Home) -> dict[str, str]:
    return dict(rows(home, "records/*.parquet", "learner_id, clr"))


def rows(home: Home, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
    path = reader.resolve(home).path / name
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        return con.execute(
            f"SELECT {columns} FROM read_parquet(?) ORDER BY ALL", [str(path)]
        ).fetchall()


def kept(home: Home) -> list[tuple[Any, ...]]:
    return rows(home, "steward/replaced_record.parquet", "learner_id, clr")


def test_a_merge_gives_the_survivor_both_histories_and_the_other_id_a_redirect(
    warehouse, night
):
    a, b, *rest = people()
    night([a, b, *rest])
    before = texts(warehouse)
    result = night([joined(a, b), *rest], {1: 0})
    assert (result.signed, result.reused, result.restored) == (1, 2, 0)
    assert result.withdrawn == 1
    after = texts(warehouse)
    assert after.keys() == before.keys() - {ID(1)}
    assert all(after[ID(number)] == before[ID(number)] for number in (2, 3))
    old, retired = (orjson.loads(before[ID(number)]) for number in (0, 1))
    merged = orjson.loads(after[ID(0)])
    assert (merged["id"], merged["credentialSubject"]["id"]) == (
        old["id"],
        f"urn:uuid:{ID(0)}",
    )
    assert merged["validFrom"] > old["validFrom"]
    # What the colleges said did not change: each credential keeps its bytes.
    assert nested(merged) == nested(old) + nested(retired)
    assert text(warehouse, 1) == after[ID(0)]
    assert rows(warehouse, "steward/record_change.parquet") == sorted(
        [(ID(0), "changed"), (ID(1), "merged")]
    )
    path = reader.resolve(warehouse).path / "steward" / "replaced_record.parquet"
    assert path.stat().st_mode & 0o077 == 0
    assert kept(warehouse) == sorted((n, before[n]) for n in (ID(0), ID(1)))


def test_a_split_that_undoes_it_publishes_both_byte_for_byte_as_before(
    warehouse, night
):
    a, b, *rest = people()
    night([a, b, *rest])
    before = texts(warehouse)
    records_before = rows(warehouse, "records/*.parquet")
    night([joined(a, b), *rest], {1: 0})
    result = night([a, b, *rest])
    assert (result.signed, result.reused, result.restored) == (0, 2, 2)
    assert "2 restored" in result.reason
    assert texts(warehouse) == before
    assert rows(warehouse, "records/*.parquet") == records_before
    assert rows(warehouse, "analyst/learner_redirect.parquet") == []
    assert rows(warehouse, "steward/record_change.parquet") == sorted(
        [(ID(0), "restored"), (ID(1), "restored")]
    )
    assert kept(warehouse) == []
    assert not night([a, b, *rest]).published


def test_the_next_version_is_later_than_the_merged_one_that_was_issued(
    warehouse, night
):
    a, b = people(2)
    night([a, b])
    night([joined(a, b)], {1: 0})
    merged = orjson.loads(text(warehouse, 0))
    night([a, b])
    assert rows(warehouse, "steward/issued_later.parquet", "learner_id") == [(ID(0),)]
    night([a, b, factory.record(7, courses=1)])
    grade(a, "A")
    night([a, b, factory.record(7, courses=1)])
    assert orjson.loads(text(warehouse, 0))["validFrom"] > merged["validFrom"]
    assert rows(warehouse, "steward/issued_later.parquet") == []


def test_merged_and_parted_again_and_again_it_is_the_same_two_records(warehouse, night):
    a, b = people(2)
    night([a, b])
    before = texts(warehouse)
    dates = []
    for _ in range(3):
        night([joined(a, b)], {1: 0})
        dates.append(orjson.loads(text(warehouse, 0))["validFrom"])
        night([a, b])
        assert texts(warehouse) == before
    # Three merged versions were issued; each must be later than the one before.
    assert dates == sorted(set(dates))


def test_what_changed_while_merged_is_signed_anew_and_the_other_comes_back(
    warehouse, night
):
    a, b = people(2)
    night([a, b])
    before = texts(warehouse)
    night([joined(a, b)], {1: 0})
    grade(b, "A")
    night([joined(a, b)], {1: 0})
    changed = orjson.loads(text(warehouse, 0))
    result = night([a, b])
    assert (result.signed, result.restored) == (1, 1)
    after = texts(warehouse)
    assert after[ID(0)] == before[ID(0)]
    old, new = (orjson.loads(one[ID(1)]) for one in (before, after))
    assert new["validFrom"] > old["validFrom"]
    # The credential as the merged record told it last, not dated back.
    own = {one["id"]: one for one in nested(new)}
    told = {one["id"]: one for one in nested(changed) if one["id"] in own}
    assert own == told


def test_what_changed_and_changed_back_while_merged_does_not_come_back(
    warehouse, night
):
    a, b = people(2)
    night([a, b])
    before = texts(warehouse)
    for value in (None, "A", "C", "B+"):
        if value:
            grade(b, value)
        night([joined(a, b)], {1: 0})
    merged = orjson.loads(text(warehouse, 0))
    result = night([a, b])
    assert (result.signed, result.restored) == (1, 1)
    after = orjson.loads(text(warehouse, 1))
    assert after["validFrom"] > orjson.loads(before[ID(1)])["validFrom"]
    assert nested(after)[0] in nested(merged)


def test_without_a_split_old_bytes_never_come_back(warehouse, night):
    a, b, c = people(3)
    night([a, b, c])
    merged = joined(a, b)
    night([merged, c], {1: 0})
    seen = [text(warehouse, 0)]
    # The document of before the merge, while the merge stands.
    night([a, c], {1: 0})
    seen.append(text(warehouse, 0))
    night([merged, c], {1: 0})
    seen.append(text(warehouse, 0))
    dates = [orjson.loads(one)["validFrom"] for one in seen]
    assert dates == sorted(set(dates))


def test_a_chain_of_merges_is_undone_in_the_other_order(warehouse, night):
    a, b, c, d = people(4)
    night([a, b, c, d])
    first = texts(warehouse)
    night([joined(a, b), c, d], {1: 0})
    second = texts(warehouse)
    night([joined(c, a, b), d], {1: 2, 0: 2})
    assert text(warehouse, 1) == text(warehouse, 0) == text(warehouse, 2)
    assert night([joined(a, b), c, d], {1: 0}).restored == 2
    assert texts(warehouse) == second
    assert night([a, b, c, d]).restored == 2
    assert texts(warehouse) == first


def test_the_older_merge_can_be_undone_alone(warehouse, night):
    a, b, c = people(3)
    night([a, b, c])
    first = texts(warehouse)
    night([joined(a, b), c], {1: 0})
    night([joined(c, a, b)], {1: 2, 0: 2})
    whole = orjson.loads(text(warehouse, 2))
    assert night([joined(c, a), b], {0: 2}).restored == 1
    assert text(warehouse, 1) == first[ID(1)]
    assert orjson.loads(text(warehouse, 2))["validFrom"] > whole["validFrom"]
    assert night([a, b, c]).restored == 2
    assert texts(warehouse) == first


def test_two_merges_of_one_night_are_undone_one_by_one(warehouse, night):
    a, b, c = people(3)
    night([a, b, c])
    first = texts(warehouse)
    night([joined(c, a, b)], {1: 2, 0: 2})
    # Ana's record of two was never published: it is new, and later than her first.
    assert night([joined(a, b), c], {1: 0}).restored == 1
    assert text(warehouse, 2) == first[ID(2)]
    middle = orjson.loads(text(warehouse, 0))
    assert middle["validFrom"] > orjson.loads(first[ID(0)])["validFrom"]
    assert night([a, b, c]).restored == 2
    assert texts(warehouse) == first


def test_a_credential_that_moves_to_a_new_learner_is_not_dated_back(warehouse, night):
    a, b = people(2)
    both = joined(a, b)
    night([both])
    for value in ("A", "C"):
        grade(both, value, at=len(nested(a)))
        grade(b, value)
        night([both])
    moved = {one["id"]: one for one in nested(orjson.loads(text(warehouse, 0)))}
    night([a, b])
    for one in nested(orjson.loads(text(warehouse, 1))):
        assert one == moved[one["id"]]


def test_a_record_withheld_at_the_split_comes_back_later_not_earlier(warehouse, night):
    a, b = people(2)
    night([a, b])
    before = texts(warehouse)
    night([joined(a, b)], {1: 0})
    assert night([a], held=(b,)).restored == 1
    assert [learner for learner, _ in kept(warehouse)] == [ID(1)]
    with pytest.raises(OperatorError, match="no published record"):
        text(warehouse, 1)
    night([a, b])
    after = orjson.loads(text(warehouse, 1))
    assert after["validFrom"] > orjson.loads(before[ID(1)])["validFrom"]
    assert kept(warehouse) == []


def test_a_credential_withheld_while_merged_is_not_dated_back(warehouse, night):
    a, b = people(2)
    night([a, b])
    grade(b, "A")
    night([a, b])
    first = nested(orjson.loads(text(warehouse, 1)))[0]
    shown = copy.deepcopy(b)
    nested(shown).pop(0)
    night([joined(a, shown)], {1: 0}, held=(joined(a, b),))
    grade(b, "C")
    night([a, b])
    again = nested(orjson.loads(text(warehouse, 1)))[0]
    assert again["id"] == first["id"]
    assert again["validFrom"] > first["validFrom"]


def test_nothing_is_kept_of_a_learner_who_was_erased(warehouse, night):
    a, b, c, d, e = people(5)
    night([a, b, c, d, e])
    night([joined(a, b), joined(c, d), e], {1: 0, 3: 2})
    assert len(kept(warehouse)) == 4
    night([joined(c, d)], {1: 0, 3: 2}, erased=(0, 4))
    assert {learner for learner, _ in kept(warehouse)} == {ID(2), ID(3)}


def test_after_a_rotation_the_records_given_back_stand_and_verify(warehouse, night):
    a, b = people(2)
    night([a, b])
    before = texts(warehouse)
    night([joined(a, b)], {1: 0})
    keys.rotate_key(warehouse.keys, factory.DID)
    assert night([a, b]).restored == 2
    assert texts(warehouse) == before


@pytest.mark.parametrize("step", ["records written", "manifest written", "renamed"])
def test_a_run_killed_while_it_merges_or_parts_is_made_good(warehouse, build, step):
    a, b = people(2)
    build([a, b])
    publish(warehouse, None)
    before = texts(warehouse)

    def killed_then_again() -> PublishResult:
        child = os.fork()
        if not child:
            try:
                publish(warehouse, None, at=lambda name: name == step and os._exit(9))
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        return publish(warehouse, None)

    build([joined(a, b)], redirects={ID(1): ID(0)})
    assert killed_then_again().seq == 2
    build([a, b])
    assert killed_then_again().restored == 2
    assert texts(warehouse) == before
    assert verify_snapshot(warehouse, records=None).ok


def test_a_snapshot_of_before_redirects_is_built_upon(warehouse, night):
    a, b = people(2)
    night([a, b])
    before = texts(warehouse)
    path = reader.resolve(warehouse).path
    for name in (
        "analyst/learner_redirect.parquet",
        "steward/replaced_record.parquet",
        "steward/issued_later.parquet",
    ):
        (path / name).unlink()
    assert text(warehouse, 1) == before[ID(1)]
    night([joined(a, b)], {1: 0})
    assert night([a, b]).restored == 2
    assert texts(warehouse) == before


@pytest.mark.parametrize(
    "redirects",
    [{ID(1): ID(0)}, {ID(8): ID(9), ID(9): ID(0)}],
)
def test_a_redirect_beside_a_record_or_to_a_retired_id_is_not_published(
    warehouse, build, redirects
):
    build(people(2), redirects=redirects)
    with pytest.raises(OperatorError, match="does not verify: redirects"):
        publish(warehouse, None)
    assert not warehouse.current.exists()
