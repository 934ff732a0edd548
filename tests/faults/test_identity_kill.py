"""A night of identity killed at any step decides the same when it runs again."""

import shutil
import signal
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from identity_step import (
    erased,
    joined,
    killed_decision,
    killed_night,
    let_through,
    parted,
    told,
)
from package_builder import CONTRACTS, college_state, send
from sweeps import few_of

from pipelines.errors import OperatorError
from pipelines.identity.log.store import verify_log
from pipelines.identity.log.views import register
from pipelines.identity.night.link import link
from pipelines.identity.night.places import accepted_folder, guard_file
from pipelines.identity.steward import DIFFERENT, PairDecision, merge
from pipelines.landing.land import land
from pipelines.settings import Home

NIGHT = [
    "locked",
    "collected",
    "compared",
    "judged",
    "segment written",
    "announced",
    "in place",
    "head written",
    "compared kept",
    "views written",
    "settled",
]
DECISION = ["decided", "segment written", "announced", "in place", "head written"]
WRITTEN = DECISION[3:]
# Between these the log is written and not yet told of.
IN_DOUBT = ["announced", "in place"]
DAY, NEXT = "2026-09-01", "2026-09-02"


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two colleges are linked; a third has landed, and a number was put right.

    The night that is due mints for who is new, links who is known, and merges.
    """
    root = tmp_path_factory.mktemp("before") / "home"
    home = Home(root)
    wrong = college_state(8)
    wrong["person_identifier"][0]["id_value"] = "412399999"
    first = send(home.inbox, "CACC", DAY, college_state(8))
    other = send(home.inbox, "CVCC", DAY, wrong)
    assert first != other
    land(home, CONTRACTS)
    link(home, CONTRACTS)
    send(home.inbox, "CVCC", NEXT, college_state(8))
    send(home.inbox, "BEVILL", NEXT, college_state(12))
    land(home, CONTRACTS)
    return root


@pytest.fixture(scope="module")
def expected(before: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the night decides when nobody disturbs it, and its steps."""
    root = _copy(before, tmp_path_factory.mktemp("expected"))
    steps: list[str] = []
    result = link(Home(root), CONTRACTS, at=steps.append)
    assert steps == NIGHT
    assert (result.minted, result.linked, result.merged) == (4, 12, 1)
    return _decided(root)


@pytest.mark.parametrize("step", few_of(NIGHT, [*IN_DOUBT, "views written"]))
def test_a_night_killed_at_any_step_decides_the_same_when_run_again(
    before, expected, tmp_path, step
):
    root = _copy(before, tmp_path)
    assert killed_night(root, step) == -signal.SIGKILL
    verify_log(Home(root).identity_events)
    # Once the segment is in place the second run has nothing to append.
    assert killed_night(root, step) in (-signal.SIGKILL, 0)
    link(Home(root), CONTRACTS)
    assert _decided(root) == expected
    assert _minted_twice(root) == 0
    assert not list(root.rglob("identity_event/.*.tmp"))
    again = link(Home(root), CONTRACTS)
    assert (again.minted, again.linked, again.merged) == (0, 0, 0)


@pytest.fixture(scope="module")
def decided(before: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The night is over; two learners of it may be decided about."""
    root = _copy(before, tmp_path_factory.mktemp("decided"))
    link(Home(root), CONTRACTS)
    return root


@pytest.mark.parametrize("step", few_of(DECISION, IN_DOUBT))
def test_a_merge_killed_at_any_step_was_made_or_was_not(decided, tmp_path, step):
    root = _copy(decided, tmp_path)
    home = Home(root)
    a, b = _two_learners(root)
    assert killed_decision(joined, root, step, a, b) == -signal.SIGKILL
    if step in WRITTEN:
        with pytest.raises(OperatorError, match="merged into"):
            joined(home, a, b)
    else:
        joined(home, a, b)
    assert len(_ask(root, "from merged where retired in ($a, $b)", a=a, b=b)) == 1
    assert link(home, CONTRACTS).merged == 0


@pytest.mark.parametrize("step", few_of(DECISION, IN_DOUBT))
def test_a_split_killed_at_any_step_was_made_or_was_not(decided, tmp_path, step):
    root = _copy(decided, tmp_path)
    home = Home(root)
    apart = _groups(root)
    done = merge(home, *_two_learners(root), by="Ann Lee", reason="A slip.")
    undo = done.survivor, done.event_id
    assert killed_decision(parted, root, step, *undo) == -signal.SIGKILL
    if step in WRITTEN:
        with pytest.raises(OperatorError, match="undone already"):
            parted(home, *undo)
    else:
        parted(home, *undo)
    assert _groups(root) == apart
    assert link(home, CONTRACTS).merged == 0
    assert _groups(root) == apart


@pytest.mark.parametrize("step", few_of(DECISION, IN_DOUBT))
def test_a_worklist_killed_at_any_step_is_decided_whole_or_not(decided, tmp_path, step):
    root = _copy(decided, tmp_path)
    home = Home(root)
    a, b = (
        _ask(
            root,
            "select institution_code, student_id from identity_link "
            "where learner_id = $id order by all limit 1",
            id=learner,
        )[0]
        for learner in _two_learners(root)
    )
    (c, *_) = _ask(
        root,
        "select institution_code, student_id from identity_link "
        "where learner_id not in ($x, $y) order by all",
        **dict(zip("xy", _two_learners(root), strict=True)),
    )
    pairs = [
        PairDecision(a, b, DIFFERENT, "Ann Lee", "Twins."),
        PairDecision(a, c, DIFFERENT, "Ann Lee", "Twins."),
    ]
    assert killed_decision(told, root, step, pairs) == -signal.SIGKILL
    assert len(_ask(root, "from override")) == (2 if step in WRITTEN else 0)
    assert told(home, pairs) == (0 if step in WRITTEN else 2)
    assert len(_ask(root, "from override where verdict = 'different'")) == 2


@pytest.mark.parametrize("step", few_of(DECISION, IN_DOUBT))
def test_an_erasure_killed_at_any_step_is_whole_or_nothing(decided, tmp_path, step):
    root = _copy(decided, tmp_path)
    home = Home(root)
    learner, _ = _two_learners(root)
    count = "select count(*) from identity_link where learner_id = $id"
    ((students,),) = _ask(root, count, id=learner)
    assert killed_decision(erased, root, step, learner) == -signal.SIGKILL
    left = 0 if step in WRITTEN else students
    assert _ask(root, count, id=learner) == [(left,)]
    if step in WRITTEN:
        with pytest.raises(OperatorError, match="is erased"):
            erased(home, learner)
    else:
        erased(home, learner)
    result = link(home, CONTRACTS)
    assert (result.minted, result.linked, result.held) == (0, 0, students)


@pytest.mark.parametrize("step", ["decided", "leave written"])
def test_a_leave_killed_at_any_step_is_given_once(decided, tmp_path, step):
    root = _copy(decided, tmp_path)
    home = Home(root)
    said = orjson.loads(guard_file(home).read_bytes())
    said |= {"verdict": "refused", "reasons": ["too much"]}
    guard_file(home).write_bytes(orjson.dumps(said))
    assert killed_decision(let_through, root, step) == -signal.SIGKILL
    let_through(home)
    assert [path.suffix for path in accepted_folder(home).iterdir()] == [".json"]


def _copy(source: Path, folder: Path) -> Path:
    root = folder / "home"
    shutil.copytree(source, root)
    return root


def _two_learners(root: Path) -> list[str]:
    rows = _ask(
        root, "select learner_id from learner where status = 'active' order by 1"
    )
    return [row[0] for row in rows[:2]]


def _groups(root: Path) -> set[frozenset[tuple[str, str]]]:
    groups: dict[str, set[tuple[str, str]]] = {}
    for college, student, learner in _ask(
        root, "select institution_code, student_id, learner_id from identity_link"
    ):
        groups.setdefault(learner, set()).add((college, student))
    return {frozenset(group) for group in groups.values()}


def _decided(root: Path) -> dict[str, Any]:
    """The log and what it means, without ids and instants: no two nights share them."""
    events = _ask(
        root,
        "select seq, event_type, institution_code, student_id, other_institution_code, "
        "other_student_id, decided_by, score, reasons, evidence_hash "
        "from identity_event order by seq",
    )
    known = _ask(
        root,
        "select learner_id, status, merged_into_learner_id from learner "
        "where minted_in = 1 order by 1",
    )
    written = duckdb.sql(
        f"select count(*) from read_parquet('{root}/warehouse/identity_link.parquet')"
    ).fetchall()
    return {
        "events": events,
        "groups": _groups(root),
        "known": known,
        "written": written,
    }


def _minted_twice(root: Path) -> int:
    return len(
        _ask(
            root,
            "select learner_id from identity_event where event_type = 'mint' "
            "group by learner_id having count(*) > 1",
        )
    )


def _ask(root: Path, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        register(con, Home(root).identity_events)
        return con.execute(sql, values).fetchall()
