"""``lrw identity merge``, ``split``, ``accept`` and ``erase``: a person's word.

Belongs here: parsing, calling and printing. Does not belong here: what may be decided
(``pipelines.identity.steward``, ``pipelines.identity.night.guard``).
"""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from pipelines.commands.shared import Told, ToldOption, out, write_json
from pipelines.errors import OperatorError, UsageError
from pipelines.settings import home

ByOption = Annotated[str, typer.Option("--by", help="Name of the person who decides.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept.")]


def merge(
    a: Annotated[str, typer.Argument(help="A learner_id.")],
    b: Annotated[str, typer.Argument(help="Another; the longest-standing one stays.")],
    by: ByOption,
    reason: ReasonOption,
    form: ToldOption = Told.TABLE,
) -> None:
    """Join two learners; the next night republishes."""
    from pipelines.identity import steward

    done = steward.merge(home(), a.strip(), b.strip(), by, reason)
    _say(
        form,
        asdict(done),
        f"{done.retired} is {done.survivor} from now on; the next night republishes. "
        f"To undo: lrw identity split {done.survivor} --undo {done.event_id}",
    )


def split(
    learner: Annotated[str, typer.Argument(help="The learner that is two people.")],
    by: ByOption,
    reason: ReasonOption,
    undo: Annotated[
        str | None, typer.Option("--undo", help="The merge or link that was wrong.")
    ] = None,
    students: Annotated[
        list[str] | None,
        typer.Option("--student", help="COLLEGE:STUDENT that leaves; repeat it."),
    ] = None,
    form: ToldOption = Told.TABLE,
) -> None:
    """Part a learner in two, by undoing a merge or naming who leaves."""
    from pipelines.identity import steward

    leaving = [_student(text) for text in students or []]
    if not undo and not leaving:
        raise UsageError("Name what to undo (--undo EVENT) or who leaves (--student).")
    done = steward.split(
        home(), learner.strip(), undo=undo, students=leaving, by=by, reason=reason
    )
    own = "the new id" if done.is_new else "their own id"
    # Who of the two allowed an application to read is not known: neither did.
    ended = _end_access(done.learner, done.parted)
    _say(
        form,
        {**asdict(done), **ended},
        f"{done.parted} is {own} of those who left {done.learner}; the next night "
        f"republishes both.  ({done.event_id}){_ended(ended)}",
    )


def accept(by: ByOption, reason: ReasonOption, form: ToldOption = Told.TABLE) -> None:
    """Let the night that the guard refused through, once."""
    from pipelines.identity.night.guard import accept as let_through
    from pipelines.identity.night.guard import in_words

    figures = let_through(home(), by, reason)
    line = f"The next night may go as far as this one did: {in_words(figures)}"
    _say(form, figures, line)


def erase(
    learner: Annotated[str, typer.Argument(help="The learner to give up.")],
    by: ByOption,
    reason: ReasonOption,
    yes: Annotated[
        bool, typer.Option("--yes", help="It is meant; it cannot be taken back.")
    ] = False,
    form: ToldOption = Told.TABLE,
) -> None:
    """Give a learner up where a law or a contract demands it; for ever."""
    from pipelines.identity import steward

    done = steward.erase(home(), learner.strip(), by, reason, confirmed=yes)
    ended = _end_access(done.learner)
    _say(
        form,
        {**asdict(done), **ended},
        f"{done.learner} is given up; its {len(done.students):,} college students are "
        "nobody from the next night on. What the colleges sent stays in landing, old "
        f"snapshots until lrw gc.{_ended(ended)}",
    )


def _end_access(*learners: str) -> dict[str, int]:
    """End the record service's access to persons, at once: a night is hours away.

    Raises:
        OperatorError: it could not be ended; what was decided stands.
    """
    from pipelines.identity.same import ids_of_person
    from pipelines.service.access import end_access

    ids = [one for learner in learners for one in ids_of_person(home(), learner)]
    try:
        ended = end_access(home(), ids)
    except OperatorError as error:
        raise OperatorError(
            f"decided, but the record service still lets applications in: {error}; "
            f"then lrw service end for each of {', '.join(learners)}"
        ) from None
    return {
        "consents_ended": ended.consents,
        "invitations_ended": ended.invitations,
    }


def _ended(ended: dict[str, int]) -> str:
    if not any(ended.values()):
        return ""
    return (
        f" Ended in the record service: {ended['consents_ended']} consents, "
        f"{ended['invitations_ended']} invitations."
    )


def _student(text: str) -> tuple[str, str]:
    college, colon, student = text.strip().partition(":")
    if not (college and colon and student):
        raise UsageError("A student is COLLEGE:STUDENT, for example CACC:0012345.")
    return college, student


def _say(form: Told, told: dict[str, Any], line: str) -> None:
    if form is Told.JSON:
        write_json(told)
    else:
        out.print(line, markup=False, highlight=False)
