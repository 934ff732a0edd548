"""A steward parts a learner: undoes a merge, or takes students out.

Belongs here: which id the parted students get and what is written. Does not belong
here: what happens to the published records (``publishing``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.errors import OperatorError
from pipelines.identity.log.schema import DIFFERENT, LINK, MINT, SPLIT
from pipelines.identity.log.store import At
from pipelines.identity.steward.desk import Desk, Student, deciding
from pipelines.settings import Home


@dataclass(frozen=True)
class Parted:
    """What a split did.

    Attributes:
        learner: The id that was parted.
        parted: The id of those that left it.
        is_new: Whether that id was minted for it; otherwise it is the one they had.
        event_id: Name of the split.
    """

    learner: str
    parted: str
    is_new: bool
    event_id: str


def split(
    home: Home,
    learner: str,
    *,
    undo: str | None = None,
    students: Sequence[Student] = (),
    by: str,
    reason: str,
    at: At = lambda _: None,
) -> Parted:
    """Say that one learner is two persons.

    With ``undo`` a merge no longer counts: everyone it moved is as before, under the id
    and by the link they had. Who came to the learner later stays, unless named in
    ``students``. Without it the named students leave: for the id they had before a
    merge, if it was theirs, or else for a new one. Either way their pairs are different
    from now on, until a steward says otherwise.

    Args:
        home: The warehouse.
        learner: The learner to part.
        undo: Event id of a merge that led to the learner, or of one student's link.
        students: Who leaves.
        by: Name of the steward.
        reason: Why they are two.
        at: Called at every step with its name; for crash tests.

    Raises:
        OperatorError: The learner is unknown, merged or erased; the event is no merge
            into it or was undone; a student is not of it; nobody would leave or stay;
            or the name or the reason is missing.
    """
    with deciding(home, by, reason, at) as desk:
        desk.active(learner)
        named = list(dict.fromkeys(students))
        if undo is not None and (linked := _linked_by(desk, learner, undo)):
            undo, named = None, [linked, *named]
        if undo is None and not named:
            raise OperatorError("Name the merge to undo, or the students that leave.")
        for student in named:
            if desk.learner_of(student) != learner:
                raise OperatorError(
                    f"{student[0]}:{student[1]} is not of learner {learner}."
                )
        if undo is None:
            undo = _merge_of(desk, learner, named)
            exactly = True
        else:
            exactly = False
        return _part(desk, learner, undo, named, exactly=exactly)


def _part(
    desk: Desk, learner: str, undo: str | None, named: list[Student], *, exactly: bool
) -> Parted:
    everyone = desk.students(learner)
    moved: list[Student] = []
    if undo is None:
        parted = desk.new_id()
    else:
        parted = _undone(desk, learner, undo)
        moved = _moved_by(desk, undo)
    leaving = named if exactly else sorted({*moved, *named})
    staying = [student for student in everyone if student not in set(leaving)]
    if not leaving:
        raise OperatorError(f"Nobody whom that merge moved is of {learner} any more.")
    if not staying:
        raise OperatorError(f"Nobody would be left of {learner}; name fewer students.")
    if undo is None:
        desk.say(MINT, parted)
    event_id = desk.say(SPLIT, learner, other_learner_id=parted, undoes=undo)
    for student in leaving:
        if student not in moved:
            desk.say(LINK, parted, institution_code=student[0], student_id=student[1])
    for student in staying:
        if student in moved:
            desk.say(LINK, learner, institution_code=student[0], student_id=student[1])
    desk.say_of_all(DIFFERENT, (learner, parted), staying, leaving)
    return Parted(learner, parted, undo is None, event_id)


def _linked_by(desk: Desk, learner: str, event_id: str) -> Student | None:
    """The student of a learner whose current link an event is."""
    found = desk.rows(
        "select institution_code, student_id from identity_link "
        "where since_event = $event and learner_id = $learner",
        event=event_id,
        learner=learner,
    )
    return found[0] if found else None


def _undone(desk: Desk, learner: str, event_id: str) -> str:
    """The id that a merge retired, when the merge counts and led to the learner."""
    found = desk.rows(
        "select event.other_learner_id, merged.survivor, "
        "merged.merged_by_event = $event from identity_event as event "
        "left join merged on merged.retired = event.other_learner_id "
        "where event.event_id = $event and event.event_type = 'merge'",
        event=event_id,
    )
    if not found:
        raise OperatorError(f"{event_id} is no merge, and no link that stands.")
    retired, survivor, counts = found[0]
    if not counts:
        raise OperatorError(f"The merge {event_id} was undone already.")
    if survivor != learner:
        raise OperatorError(f"The merge {event_id} led to {survivor}, not {learner}.")
    return str(retired)


def _moved_by(desk: Desk, event_id: str) -> list[Student]:
    """Students who are what they are by a merge: all would follow if it were undone."""
    return desk.rows(
        """
        with recursive beyond as (
            select other_learner_id as learner_id from identity_event
            where event_id = $event
            union
            select event.other_learner_id
            from identity_event as event
            inner join merged on merged.merged_by_event = event.event_id
            inner join beyond on beyond.learner_id = event.learner_id
        )
        select institution_code, student_id
        from identity_link
        where linked_to in (from beyond)
        order by all
        """,
        event=event_id,
    )


def _merge_of(desk: Desk, learner: str, named: list[Student]) -> str | None:
    """The merge to undo so that students get back the id that was theirs alone."""
    found = desk.rows(
        """
        select distinct identity_link.linked_to, merged.merged_by_event
        from identity_link
        left join merged on merged.retired = identity_link.linked_to
        where list_contains($named, identity_link.institution_code || chr(31)
            || identity_link.student_id)
        """,
        named=[f"{college}\x1f{student}" for college, student in named],
    )
    if len(found) != 1 or found[0][0] == learner:
        return None
    return str(found[0][1])
