"""The log: added to under a lock, in a chain, and never quietly other than written."""

import fcntl
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import OperatorError
from pipelines.identity.log.schema import EVENT_SCHEMA, NEW_EVENT_SCHEMA
from pipelines.identity.log.store import LogError, segments, verify_log, writing
from pipelines.identity.log.views import register

NOW = datetime(2026, 9, 1, tzinfo=UTC)


def events(*rows: tuple[str, dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                **dict.fromkeys(NEW_EVENT_SCHEMA.names),
                "event_id": f"event-{kind}-{number}-{values}",
                "event_type": kind,
                "decided_by": "test/1",
                "reasons": ["A test says so."],
                "decided_at": NOW,
                **values,
            }
            for number, (kind, values) in enumerate(rows)
        ],
        NEW_EVENT_SCHEMA,
    )


def minted(*ids: str) -> pa.Table:
    return events(*(("mint", {"learner_id": one}) for one in ids))


def add(folder: Path, *tables: pa.Table) -> None:
    for table in tables:
        with writing(folder) as log:
            log.append(table)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault" / "identity_event"


def test_seq_is_dense_over_segments_and_names_them(folder):
    add(folder, minted("a", "b"), minted("c"), minted("d", "e"))
    assert [path.name for path in segments(folder)] == [
        "000000000001.parquet",
        "000000000003.parquet",
        "000000000004.parquet",
    ]
    with duckdb.connect() as con:
        register(con, folder)
        found = con.execute(
            "select seq, segment, learner_id from identity_event order by seq"
        ).fetchall()
    assert found == [(1, 1, "a"), (2, 1, "b"), (3, 3, "c"), (4, 4, "d"), (5, 4, "e")]
    assert verify_log(folder).last_seq == 5


def test_nothing_to_add_is_no_segment(folder):
    add(folder, NEW_EVENT_SCHEMA.empty_table())
    assert segments(folder) == []
    assert verify_log(folder).last_seq == 0


def test_a_log_that_never_was_is_an_empty_one(folder):
    with duckdb.connect() as con:
        register(con, folder)
        for view in ("identity_event", "identity_link", "learner", "override"):
            assert con.execute(f"from {view}").fetchall() == []
    assert not folder.exists()


def test_only_the_owner_may_read_it(folder):
    add(folder, minted("a"), minted("b"))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)


def _swap(path: Path) -> None:
    """The same rows written again with another learner: a valid Parquet file."""
    table = pq.read_table(path)
    ids = pa.array(["z"] * table.num_rows)
    place = EVENT_SCHEMA.get_field_index("learner_id")
    changed = table.set_column(place, table.schema.field(place), ids)
    pq.write_table(changed, path)


@pytest.mark.parametrize("damage", [Path.unlink, _truncate, _flip, _swap])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_segment_that_is_not_as_written_is_one_clear_error(folder, damage, number):
    add(folder, minted("a", "b"), minted("c"), minted("d"))
    damage(segments(folder)[number])
    for reads in (
        lambda: verify_log(folder),
        lambda: add(folder, minted("f")),
        lambda: register(duckdb.connect(), folder),
    ):
        with pytest.raises(
            LogError, match=r"identity log is damaged: .*backup"
        ) as told:
            reads()
        assert "\n" not in str(told.value)


def test_a_foreign_segment_is_refused(folder):
    add(folder, minted("a"))
    table = pq.read_table(segments(folder)[0])
    pq.write_table(table, folder / "000000000002.parquet")
    with pytest.raises(LogError, match="segment 000000000002"):
        verify_log(folder)


def test_a_segment_of_another_log_does_not_fit_the_chain(folder, tmp_path):
    add(folder, minted("a"), minted("b"))
    add(tmp_path / "other", minted("x"), minted("b"))
    shutil.copy(tmp_path / "other" / "000000000002.parquet", folder)
    with pytest.raises(LogError, match=r"segment 00000000000[12]"):
        verify_log(folder)


class _KilledError(Exception):
    pass


@pytest.mark.parametrize(("step", "last"), [("announced", 2), ("in place", 3)])
def test_a_segment_whose_writer_died_is_in_the_log_or_never_was(folder, step, last):
    add(folder, minted("a"), minted("b"))

    def die(name):
        if name == step:
            raise _KilledError

    with pytest.raises(_KilledError), writing(folder) as log:
        log.append(minted("c"), die)
    assert verify_log(folder).last_seq == last
    add(folder, minted("d"))
    assert verify_log(folder).last_seq == last + 1


def test_the_last_segment_cannot_be_changed_by_setting_the_head_back(folder):
    add(folder, minted("a"), minted("b"))
    head = folder / "head.json"
    before = head.read_bytes()
    add(folder, minted("c"))
    _swap(segments(folder)[-1])
    head.write_bytes(before)
    with pytest.raises(LogError, match="not as it was written"):
        verify_log(folder)


def test_the_head_may_not_be_lost(folder):
    add(folder, minted("a"))
    (folder / "head.json").unlink()
    with pytest.raises(LogError, match="head"):
        verify_log(folder)


def test_an_id_is_minted_once(folder):
    add(folder, minted("a", "b"))
    for again in (minted("b"), minted("c", "c")):
        with pytest.raises(LogError, match="minted twice"):
            add(folder, again)
    assert verify_log(folder).last_seq == 2


def test_nothing_is_said_of_an_id_that_was_never_minted(folder):
    add(folder, minted("a"))
    stray = events(("merge", {"learner_id": "a", "other_learner_id": "b"}))
    with pytest.raises(LogError, match="never minted"):
        add(folder, stray)


def test_two_do_not_write_at_once(folder):
    add(folder, minted("a"))
    held = os.open(folder / ".lock", os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    with (
        pytest.raises(OperatorError, match="Another run"),
        writing(folder, wait=0.1),
    ):
        pass
    os.close(held)
    add(folder, minted("b"))


def test_links_follow_merges_and_an_undone_merge_never_was(folder):
    def link(learner: str, student: str) -> tuple[str, dict[str, Any]]:
        return "link", {
            "learner_id": learner,
            "institution_code": "CACC",
            "student_id": student,
        }

    def merge(survivor: str, retired: str) -> tuple[str, dict[str, Any]]:
        return "merge", {
            "event_id": f"{retired}-to-{survivor}",
            "learner_id": survivor,
            "other_learner_id": retired,
        }

    add(
        folder,
        minted("a", "b", "c"),
        events(link("a", "1"), link("b", "2"), link("c", "3")),
        events(merge("b", "c")),
        events(merge("a", "b")),
    )
    assert _links(folder) == {"1": "a", "2": "a", "3": "a"}
    undo = {"learner_id": "a", "other_learner_id": "c", "undoes": "c-to-b"}
    add(folder, events(("split", undo)))
    assert _links(folder) == {"1": "a", "2": "a", "3": "c"}
    with duckdb.connect() as con:
        register(con, folder)
        assert con.execute(
            "select learner_id, status, merged_into_learner_id from learner order by 1"
        ).fetchall() == [
            ("a", "active", None),
            ("b", "merged_into", "a"),
            ("c", "active", None),
        ]


def test_the_newest_word_on_a_pair_counts_whichever_way_it_is_said(folder):
    def said(verdict: str, one: str, other: str) -> tuple[str, dict[str, Any]]:
        return f"override_{verdict}", {
            "learner_id": "a",
            "other_learner_id": "b",
            "institution_code": "CACC",
            "student_id": one,
            "other_institution_code": "CACC",
            "other_student_id": other,
        }

    add(
        folder,
        minted("a", "b"),
        events(said("same", "1", "2")),
        events(said("different", "2", "1")),
    )
    with duckdb.connect() as con:
        register(con, folder)
        assert con.execute(
            "select a_student_id, b_student_id, verdict from override"
        ).fetchall() == [("1", "2", "different")]


def _links(folder: Path) -> dict[str, str]:
    with duckdb.connect() as con:
        register(con, folder)
        return dict(
            con.execute("select student_id, learner_id from identity_link").fetchall()
        )
