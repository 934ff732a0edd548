"""A steward joins two learners.

Belongs here: which id stays and what is written. Does not belong here: what happens to
the published records (``publishing``).
"""

from dataclasses import dataclass

from pipelines.errors import OperatorError
from pipelines.identity.log.schema import MERGE, SAME
from pipelines.identity.log.store import At
from pipelines.identity.steward.desk import Desk, deciding
from pipelines.settings import Home


@dataclass(frozen=True)
class Merged:
    """What a merge did.

    Attributes:
        survivor: The id that stays.
        retired: The id that leads there from now on.
        event_id: Name of the merge, for a split that undoes it.
    """

    survivor: str
    retired: str
    event_id: str


def merge(
    home: Home, a: str, b: str, by: str, reason: str, *, at: At = lambda _: None
) -> Merged:
    """Say that two learners are one person.

    The longest-standing id stays, then the one with more students, as in a night. The
    decision holds for every pair of their students, and lifts an earlier "different".

    Args:
        home: The warehouse.
        a: A learner.
        b: Another.
        by: Name of the steward.
        reason: Why they are one.
        at: Called at every step with its name; for crash tests.

    Raises:
        OperatorError: An id is unknown, merged already or erased, both are the same, or
            the name or the reason is missing.
    """
    with deciding(home, by, reason, at) as desk:
        if desk.active(a) == desk.active(b):
            raise OperatorError(f"{a} is one learner already; name two.")
        survivor, retired = sorted((a, b), key=lambda each: _standing(desk, each))
        kept, gone = desk.students(survivor), desk.students(retired)
        event_id = desk.say(MERGE, survivor, other_learner_id=retired)
        desk.say_of_all(SAME, (survivor, retired), kept, gone)
    return Merged(survivor, retired, event_id)


def _standing(desk: Desk, learner_id: str) -> tuple[int, int, str, str]:
    minted_in = desk.one(
        "select minted_in from learner where learner_id = $id", id=learner_id
    )[0]
    students = desk.students(learner_id)
    college, student = students[0] if students else ("", "")
    return minted_in, -len(students), college, student
