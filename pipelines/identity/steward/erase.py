"""A learner is given up at a person's demand.

Belongs here: what the log says of it, and what follows. Does not belong here: removing
what the colleges sent from landing, which is theirs and not identity's to decide.

FERPA gives no right to erasure; a state's law or a contract may. What the warehouse
does then:

- the learner's college students are nobody from the next night on, for ever, whatever
  their colleges send of them later; their facts are counted as held;
- the learner's record, redirects and kept versions leave the published snapshot;
- nobody finds, explains or reviews them any more: the vault holds no name, date or
  number of anybody, only college student ids and hashes.

Another student id of the same person, at this or another college, is a new person. What
the colleges sent stays in landing, and in the caches made from it; old snapshots stay
until ``lrw gc``; a record that somebody holds still verifies.
"""

from dataclasses import dataclass

from pipelines.errors import UsageError
from pipelines.identity.log.schema import ERASE, UNLINK
from pipelines.identity.log.store import At
from pipelines.identity.steward.contradictions import Student
from pipelines.identity.steward.desk import deciding
from pipelines.settings import Home


@dataclass(frozen=True)
class Erased:
    """What an erasure did.

    Attributes:
        learner: The id; it is never used again.
        students: The college students that it was.
    """

    learner: str
    students: tuple[Student, ...]


def erase(
    home: Home,
    learner: str,
    by: str,
    reason: str,
    *,
    confirmed: bool,
    at: At = lambda _: None,
) -> Erased:
    """Give up a learner: its students are nobody, and no night makes them somebody.

    Args:
        home: The warehouse.
        learner: The learner.
        by: Name of the steward.
        reason: Why: the law or the contract, and whose demand.
        confirmed: That it is meant; it cannot be taken back.
        at: Called at every step with its name; for crash tests.

    Raises:
        UsageError: It is not confirmed, or the name or the reason is missing.
        OperatorError: The learner is unknown, merged or erased.
    """
    with deciding(home, by, reason, at) as desk:
        students = desk.students(desk.active(learner))
        if not confirmed:
            who = ", ".join(f"{college}:{student}" for college, student in students)
            raise UsageError(
                f"{learner} is {who}; erasing it cannot be taken back: give --yes."
            )
        for college, student in students:
            desk.say(UNLINK, learner, institution_code=college, student_id=student)
        desk.say(ERASE, learner)
    return Erased(learner, tuple(students))
