"""What a filled-in worklist comes to: checked as a whole before anything is applied.

Belongs here: which rows can be applied, and one clear line for each that cannot. Does
not belong here: writing to the log (``steward``), reading files (``filled``).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import duckdb

from pipelines.identity.log.schema import DIFFERENT, SAME, person
from pipelines.identity.review.filled import Filled
from pipelines.identity.review.words import DECISIONS, UNSURE
from pipelines.identity.steward import PairDecision, override_all
from pipelines.identity.steward.contradictions import Student, contradictions
from pipelines.returns.text import made_visible
from pipelines.settings import Home

_SHOWN = 40
_WRONG = {
    "changed": (
        "task_id",
        "what colleges say about these two changed since the list was made",
        "look at the pair in a new one: lrw identity review",
    ),
    "unlinked": (
        "task_id",
        "one of the two has no learner yet",
        "decide when a night has given it one",
    ),
    "reason": (
        "reason",
        "a decision needs a reason",
        "write one, or give --reason TEXT for all rows without",
    ),
}


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be applied, and what to do."""

    row: int
    column: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: {self.what}; {self.remedy}"


@dataclass(frozen=True)
class Decision:
    """One row to apply; ``a`` before ``b``.

    Attributes:
        takes_back: Whether an earlier "same" that no night acted on holds no more.
    """

    row: int
    a: Student
    b: Student
    verdict: str
    by: str
    reason: str
    evidence_hash: str
    takes_back: bool


@dataclass
class Plan:
    """All rows judged.

    Attributes:
        decisions: What to apply; nothing where there are problems.
        problems: In the order of the rows.
        unsure: Rows that say so, and stay open.
        empty: Rows without a decision.
        already: Rows that say what was decided on this evidence before.
    """

    decisions: list[Decision] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unsure: int = 0
    empty: int = 0
    already: int = 0


def plan(
    con: duckdb.DuckDBPyConnection,
    rows: Iterable[Filled],
    by: str,
    reason: str | None,
) -> Plan:
    """Judge every row against what is open now.

    Args:
        con: Has the views of ``register_tasks``.
        rows: As read from the file.
        by: Who gives the file back; decides where a row names nobody.
        reason: For rows without one.
    """
    made = Plan()
    tasks = _tasks(con)
    decided = _decided(con)
    seen: dict[str, Decision] = {}
    for filled in rows:
        verdict = _verdict(made, filled)
        if verdict is None:
            continue
        pair = filled.task_id.split(".")[0]
        task, told = tasks.get(pair), decided.get(pair)
        if task is not None and (wrong := _of_others(filled, task)):
            made.problems.append(wrong)
        elif task is None or not _is_open(task, told, verdict):
            _closed(made, filled, verdict, task, told)
        elif decision := _decision(made, filled, verdict, task, told, by, reason):
            _keep(made, decision, seen.setdefault(pair, decision))
    if not made.problems:
        made.problems.extend(_contradictions(con, made.decisions))
    made.problems.sort(key=lambda problem: problem.row)
    if made.problems:
        made.decisions = []
    return made


def _of_others(filled: Filled, task: dict[str, Any]) -> Problem | None:
    """A row whose ids are not those of its task: a column was sorted without others."""
    for column, text in filled.ids.items():
        if not _is_same_id(text, task[column]):
            what = "is not that task's " + (
                "student" if column.endswith("student_id") else "college"
            )
            remedy = "a column was moved without the others; start from a new worklist"
            return Problem(filled.row, column, what, remedy)
    return None


def _is_same_id(text: str, wanted: str) -> bool:
    """Whether a cell is an id, also without the zeros that a spreadsheet drops."""
    said = text.casefold()
    if said in (wanted.strip().casefold(), made_visible(wanted).strip().casefold()):
        return True
    number, digits = said.removesuffix(".0"), wanted.strip()
    return (
        number.isdecimal()
        and digits.isdecimal()
        and number.lstrip("0") == digits.lstrip("0")
    )


def _is_open(task: dict[str, Any], told: dict[str, Any] | None, verdict: str) -> bool:
    """Whether a row may decide: nobody has, or it takes back what no night acted on."""
    if task["is_one_learner"]:
        return False
    return not task["is_decided"] or _takes_back(told, verdict)


def _takes_back(told: dict[str, Any] | None, verdict: str) -> bool:
    return told is not None and (told["verdict"], verdict) == (SAME, DIFFERENT)


def _contradictions(
    con: duckdb.DuckDBPyConnection, decisions: list[Decision]
) -> list[Problem]:
    words = [(one.a, one.b, one.verdict) for one in decisions]
    names = [f"row {one.row}" for one in decisions]
    return [
        Problem(decisions[wrong.place].row, "decision", wrong.what, wrong.remedy)
        for wrong in contradictions(con, words, names)
    ]


def _keep(made: Plan, decision: Decision, before: Decision) -> None:
    """Take a row's decision in, unless another row spoke of the pair before."""
    if before is decision:
        made.decisions.append(decision)
    elif before.verdict != decision.verdict:
        what = f"row {before.row} says {before.verdict} of the same two"
        remedy = "keep one of the two rows"
        made.problems.append(Problem(decision.row, "decision", what, remedy))


def _verdict(made: Plan, filled: Filled) -> str | None:
    """The row's decision where there is something to apply; counts the others."""
    if not filled.decision:
        made.empty += 1
        return None
    if filled.decision not in DECISIONS:
        what = f"{filled.decision[:_SHOWN]!r} is no decision"
        remedy = "write same, different or unsure, or leave it empty"
        made.problems.append(Problem(filled.row, "decision", what, remedy))
        return None
    if filled.decision == UNSURE:
        made.unsure += 1
        return None
    if not filled.task_id:
        remedy = "copy the whole row from the worklist"
        made.problems.append(Problem(filled.row, "task_id", "it is empty", remedy))
        return None
    return filled.decision


def _decision(
    made: Plan,
    filled: Filled,
    verdict: str,
    task: dict[str, Any],
    told: dict[str, Any] | None,
    by: str,
    reason: str | None,
) -> Decision | None:
    why = filled.reason or (reason or "").strip()
    column, what, remedy = _WRONG["reason"]
    if task["task_id"] != filled.task_id:
        column, what, remedy = _WRONG["changed"]
    elif task["is_unlinked"]:
        column, what, remedy = _WRONG["unlinked"]
    elif why:
        column = ""
    if column:
        made.problems.append(Problem(filled.row, column, what, remedy))
        return None
    who = filled.by or by
    # Whoever hands a file in for others stands for that, too.
    entered = who if who.casefold() == by.casefold() else f"{who} (entered by {by})"
    return Decision(
        filled.row,
        (task["a_institution_code"], task["a_student_id"]),
        (task["b_institution_code"], task["b_student_id"]),
        verdict,
        entered,
        why,
        task["evidence_hash"],
        _takes_back(told, verdict),
    )


def _closed(
    made: Plan,
    filled: Filled,
    verdict: str,
    task: dict[str, Any] | None,
    told: dict[str, Any] | None,
) -> None:
    """A row about a pair that is not open: harmless when it says what holds."""
    if told is not None and told["verdict"] == verdict:
        made.already += 1
        return
    one_learner = (task or told or {}).get("is_one_learner")
    if one_learner:
        if verdict == SAME:
            made.already += 1
            return
        what = "the two have become one learner since"
        remedy = "take the row out, or part them with lrw identity split"
        if told is not None:
            who, when = person(told["decided_by"]), f"{told['decided_at']:%Y-%m-%d}"
            what = f"{who} decided same on {when}, and a night has joined the two"
            remedy = "part them with lrw identity split"
    elif told is not None:
        when = f"{told['decided_at']:%Y-%m-%d}"
        what = f"{person(told['decided_by'])} decided {told['verdict']} on {when}"
        remedy = (
            "to change that use lrw identity merge"
            if told["verdict"] == DIFFERENT
            else "take a new worklist after the next night"
        )
    else:
        what = f"{filled.task_id[:_SHOWN]!r} names no open question"
        remedy = "copy the task_id from the worklist, or take a new one"
    made.problems.append(Problem(filled.row, "task_id", what, remedy))


def _tasks(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """Every pair of the last night by the pair's part of its id."""
    rows = con.sql(
        """
        select
            'P' || pair_hash as pair,
            task_id,
            a_institution_code, a_student_id, b_institution_code, b_student_id,
            evidence_hash, is_one_learner, is_decided,
            a_learner_id is null or b_learner_id is null as is_unlinked
        from review_pair_task
        """
    ).to_arrow_table()
    return {row["pair"]: row for row in rows.to_pylist()}


def _decided(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    rows = con.sql(
        """
        select 'P' || pair_hash as pair, verdict, decided_by, decided_at,
            coalesce(a.learner_id = b.learner_id, false) as is_one_learner
        from review_decided
        left join identity_link as a
            on a.institution_code = a_institution_code and a.student_id = a_student_id
        left join identity_link as b
            on b.institution_code = b_institution_code and b.student_id = b_student_id
        """
    ).to_arrow_table()
    return {row["pair"]: row for row in rows.to_pylist()}


def apply(home: Home, planned: Plan) -> int:
    """Write a plan's decisions to the log, all of them or none.

    Args:
        home: The warehouse.
        planned: A plan without problems.

    Returns:
        How many were written.

    Raises:
        OperatorError: Another decided meanwhile, so that the plan no longer holds.
    """
    return override_all(
        home,
        [
            PairDecision(
                one.a, one.b, one.verdict, one.by, one.reason, one.evidence_hash
            )
            for one in planned.decisions
        ],
    )
