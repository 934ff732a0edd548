"""A learner is given up at a person's demand.

Belongs here: what the log says of it. Does not belong here: removing what the colleges
sent from landing and the vault's caches, which is not identity's to decide.
"""

from pipelines.identity.log.schema import ERASE, UNLINK
from pipelines.identity.log.store import At
from pipelines.identity.steward.desk import deciding
from pipelines.settings import Home


def erase(
    home: Home, learner: str, by: str, reason: str, *, at: At = lambda _: None
) -> int:
    """Give up a learner: its students are nobody, and no night makes them somebody.

    Args:
        home: The warehouse.
        learner: The learner.
        by: Name of the steward.
        reason: Why.
        at: Called at every step with its name; for crash tests.

    Returns:
        How many college students it was.

    Raises:
        OperatorError: The learner is unknown, merged or erased, or the name or the
            reason is missing.
    """
    with deciding(home, by, reason, at) as desk:
        students = desk.students(desk.active(learner))
        for college, student in students:
            desk.say(UNLINK, learner, institution_code=college, student_id=student)
        desk.say(ERASE, learner)
    return len(students)
