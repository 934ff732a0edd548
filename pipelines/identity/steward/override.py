"""A steward says of two college students that they are one person, or are not.

Belongs here: single pairs and lists of them. Does not belong here: the worklist they
come from (``review``). The next night joins whom a steward called the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.errors import OperatorError
from pipelines.identity.log.schema import OVERRIDE_DIFFERENT, OVERRIDE_SAME
from pipelines.identity.log.store import At
from pipelines.identity.steward.desk import Desk, Student, deciding
from pipelines.settings import Home

SAME = "same"
DIFFERENT = "different"


@dataclass(frozen=True)
class PairDecision:
    """One word about two college students.

    Attributes:
        a: One student.
        b: The other.
        verdict: ``SAME`` or ``DIFFERENT``.
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
        OperatorError: A name or a reason is missing, a student has no learner, two that
            are one learner are called different (that is a split), or two are called
            the same of whose learners a steward called others different.
    """
    every = list(decisions)
    if not every:
        return 0
    for decision in every:
        if decision.verdict not in (SAME, DIFFERENT):
            raise OperatorError(f"A verdict is {SAME} or {DIFFERENT}.")
        if not decision.by.strip() or not decision.reason.strip():
            raise OperatorError(
                f"The decision on {_name(decision.a)} and {_name(decision.b)} needs "
                "the name of a person and a reason."
            )
    with deciding(home, every[0].by, every[0].reason, at) as desk:
        for decision in every:
            _say(desk, decision)
        return len(desk.events)


def _say(desk: Desk, decision: PairDecision) -> None:
    a, b = decision.a, decision.b
    if a == b:
        raise OperatorError(f"{_name(a)} is one student; name two.")
    learners = desk.learner_of(a), desk.learner_of(b)
    waiting = decision.evidence_hash or desk.evidence(*sorted((a, b)))
    told_on = desk.told_on(a, b)
    if desk.verdict(a, b) == decision.verdict and waiting in (None, told_on):
        return
    if decision.verdict == DIFFERENT and learners[0] == learners[1]:
        raise OperatorError(
            f"{_name(a)} and {_name(b)} are one learner, {learners[0]}; "
            "part them with a split."
        )
    if decision.verdict == SAME and learners[0] != learners[1]:
        _refuse_contradiction(desk, decision, learners)
    desk.by, desk.reason = decision.by.strip(), decision.reason.strip()
    desk.say_of_pair(
        OVERRIDE_SAME if decision.verdict == SAME else OVERRIDE_DIFFERENT,
        learners,
        (a, b),
        waiting,
    )


def _refuse_contradiction(
    desk: Desk, decision: PairDecision, learners: tuple[str, str]
) -> None:
    asked = {decision.a, decision.b}
    for mine in desk.students(learners[0]):
        for theirs in desk.students(learners[1]):
            if {mine, theirs} != asked and desk.verdict(mine, theirs) == DIFFERENT:
                raise OperatorError(
                    f"{_name(mine)} and {_name(theirs)} were decided to be different, "
                    f"and are the learners of {_name(decision.a)} and "
                    f"{_name(decision.b)}; decide about those first, or merge."
                )


def _name(student: Student) -> str:
    return f"{student[0]}:{student[1]}"
