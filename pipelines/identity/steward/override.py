"""A steward says of two college students that they are one person, or are not.

Belongs here: single pairs and lists of them. Does not belong here: the worklist they
come from (``review``). The next night joins whom a steward called the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pyarrow as pa

from pipelines.decider import who_and_why
from pipelines.errors import OperatorError
from pipelines.identity.log.schema import DIFFERENT, OVERRIDE
from pipelines.identity.log.store import At
from pipelines.identity.steward.contradictions import Student, contradictions
from pipelines.identity.steward.desk import Desk, deciding
from pipelines.settings import Home


@dataclass(frozen=True)
class PairDecision:
    """One word about two college students.

    Attributes:
        a: One student.
        b: The other.
        verdict: ``same`` or ``different``.
        by: Name of the steward.
        reason: Why.
        evidence_hash: The evidence it is about; when left out, what waits for review.
    """

    a: Student
    b: Student
    verdict: str
    by: str
    reason: str
    evidence_hash: str | None = None


def override(
    home: Home,
    a: Student,
    b: Student,
    verdict: str,
    by: str,
    reason: str,
    *,
    evidence_hash: str | None = None,
    at: At = lambda _: None,
) -> bool:
    """Decide about one pair; see ``override_all``.

    Returns:
        Whether anything was written: saying the same again about the same evidence is
        not.
    """
    decision = PairDecision(a, b, verdict, by, reason, evidence_hash)
    return override_all(home, [decision], at=at) == 1


def override_all(
    home: Home, decisions: Iterable[PairDecision], *, at: At = lambda _: None
) -> int:
    """Write decisions about pairs, all of them or none.

    Args:
        home: The warehouse.
        decisions: What was decided.
        at: Called at every step with its name; for crash tests.

    Returns:
        How many were written: what was said before, about the same evidence, is not.

    Raises:
        UsageError: A name or a reason is missing.
        OperatorError: A student has no learner, two that are one learner are called
            different (that is a split), or what is said cannot hold together with the
            rest or with what was said before.
    """
    every = [_in_order(decision) for decision in decisions]
    if not every:
        return 0
    for decision in every:
        if decision.verdict not in OVERRIDE:
            raise OperatorError(f"A verdict is {' or '.join(OVERRIDE)}.")
        who_and_why(decision.by, decision.reason)
    with deciding(home, every[0].by, every[0].reason, at) as desk:
        _say_all(desk, every)
        return len(desk.events)


def _in_order(decision: PairDecision) -> PairDecision:
    if decision.a == decision.b:
        raise OperatorError(f"{_name(decision.a)} is one student; name two.")
    a, b = sorted((decision.a, decision.b))
    return replace(decision, a=a, b=b)


def _say_all(desk: Desk, decisions: list[PairDecision]) -> None:
    new = []
    for decision, known in zip(decisions, _known(desk, decisions), strict=True):
        learners = known.learner(decision.a, 0), known.learner(decision.b, 1)
        waiting = decision.evidence_hash or known.waiting
        if known.verdict == decision.verdict and waiting in (None, known.told_on):
            continue
        if decision.verdict == DIFFERENT and learners[0] == learners[1]:
            raise OperatorError(
                f"{_name(decision.a)} and {_name(decision.b)} are one learner, "
                f"{learners[0]}; part them with lrw identity split."
            )
        new.append(decision)
        desk.by, desk.reason = decision.by.strip(), decision.reason.strip()
        desk.say_of_pair(
            OVERRIDE[decision.verdict], learners, (decision.a, decision.b), waiting
        )
    names = [f"{_name(one.a)} and {_name(one.b)}" for one in new]
    words = [(one.a, one.b, one.verdict) for one in new]
    for wrong in contradictions(desk.con, words, names):
        raise OperatorError(f"{names[wrong.place]}: {wrong}.")


@dataclass(frozen=True)
class _Known:
    """What the log and the list of open pairs say of one pair."""

    learners: tuple[str | None, str | None]
    verdict: str | None
    told_on: str | None
    waiting: str | None

    def learner(self, student: Student, side: int) -> str:
        found = self.learners[side]
        if found is None:
            raise OperatorError(f"{_name(student)} has no learner.")
        return found


def _known(desk: Desk, decisions: list[PairDecision]) -> list[_Known]:
    """One query for all of them, in their order."""
    desk.con.register(
        "_asked",
        pa.table(
            {
                "place": range(len(decisions)),
                "a_institution_code": [one.a[0] for one in decisions],
                "a_student_id": [one.a[1] for one in decisions],
                "b_institution_code": [one.b[0] for one in decisions],
                "b_student_id": [one.b[1] for one in decisions],
            }
        ),
    )
    rows = desk.rows(
        """
        select a.learner_id, b.learner_id, told.verdict, told.evidence_hash,
            any_value(waiting.evidence_hash)
        from _asked as asked
        left join identity_link as a
            on a.institution_code = asked.a_institution_code
            and a.student_id = asked.a_student_id
        left join identity_link as b
            on b.institution_code = asked.b_institution_code
            and b.student_id = asked.b_student_id
        left join override as told using (
            a_institution_code, a_student_id, b_institution_code, b_student_id
        )
        left join waiting using (
            a_institution_code, a_student_id, b_institution_code, b_student_id
        )
        group by asked.place, a.learner_id, b.learner_id, told.verdict,
            told.evidence_hash
        order by asked.place
        """
    )
    desk.con.unregister("_asked")
    return [_Known((row[0], row[1]), *row[2:]) for row in rows]


def _name(student: Student) -> str:
    return f"{student[0]}:{student[1]}"
