"""A night of identity killed at any step decides the same when it runs again."""

import shutil
import signal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from identity_step import killed_merge, killed_night
from package_builder import CONTRACTS, college_state, send

from pipelines.errors import OperatorError
from pipelines.identity.log.store import verify_log
from pipelines.identity.log.views import register
from pipelines.identity.night.link import link
from pipelines.identity.steward import merge
from pipelines.landing.land import land
from pipelines.settings import Home

NIGHT = [
    "locked",
    "collected",
    "compared",
    "judged",
    "segment written",
    "segment in place",
    "head written",
    "compared kept",
    "views written",
    "settled",
]
DECISION = ["decided", "segment written", "segment in place", "head written"]
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


@pytest.mark.parametrize("step", NIGHT)
def test_a_night_killed_at_any_step_decides_the_same_when_run_again(
    before, expected, tmp_path, step
):
    root = _copy(before, tmp_path)
    assert killed_night(root, step) == -signal.SIGKILL
    verify_log(Home(root).identity_events)
    assert killed_night(root, step) == -signal.SIGKILL
    link(Home(root), CONTRACTS)
    assert _decided(root) == expected
    assert _minted_twice(root) == 0
    assert not list(root.rglob("identity_event/.*.tmp"))
    again = link(Home(root), CONTRACTS)
    assert (again.minted, again.linked, again.merged) == (0, 0, 0)


@pytest.mark.parametrize("step", DECISION)
def test_a_merge_killed_at_any_step_was_made_or_was_not(before, tmp_path, step):
    root = _copy(before, tmp_path)
    home = Home(root)
    link(home, CONTRACTS)
    (a, b) = [
        row[0]
        for row in _ask(
            root, "select learner_id from learner where status = 'active' order by 1"
        )[:2]
    ]
    assert killed_merge(root, step, a, b) == -signal.SIGKILL
    if step in DECISION[2:]:
        with pytest.raises(OperatorError, match="merged into"):
            merge(home, a, b, by="Ann Lee", reason="Again.")
    else:
        merge(home, a, b, by="Ann Lee", reason="Again.")
    assert len(_ask(root, "from merged where retired in ($a, $b)", a=a, b=b)) == 1
    assert link(home, CONTRACTS).merged == 0


def _copy(source: Path, folder: Path) -> Path:
    root = folder / "home"
    shutil.copytree(source, root)
    return root


def _decided(root: Path) -> dict[str, Any]:
    """The log and what it means, without ids and instants: no two nights share them."""
    events = _ask(
        root,
        "select seq, event_type, institution_code, student_id, other_institution_code, "
        "other_student_id, decided_by, score, reasons, evidence_hash "
        "from identity_event order by seq",
    )
    groups: dict[str, set[tuple[str, str]]] = {}
    for college, student, learner in _ask(
        root, "select institution_code, student_id, learner_id from identity_link"
    ):
        groups.setdefault(learner, set()).add((college, student))
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
        "groups": {frozenset(group) for group in groups.values()},
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
