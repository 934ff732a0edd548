"""What one event of the identity log says.

Belongs here: the columns and the kinds of event. Does not belong here: how events are
kept (``store``) and what they mean together (``views``).

What each kind says:

``mint``
    ``learner_id`` begins. An id begins once and is never used for another person.
``link``, ``unlink``
    The college student is ``learner_id`` from now on; or is nobody. The newest counts.
    ``other_institution_code`` and ``other_student_id`` name the student that the
    evidence joins it to, where there is one.
``merge``
    Who was ``other_learner_id`` is ``learner_id`` from now on. The two students are
    those whose evidence joined them, where evidence did.
``split``
    ``other_learner_id`` is parted from ``learner_id``. ``undoes`` names the merge that
    no longer counts, where one does: all it moved is as it was.
``override_same``, ``override_different``
    A steward decided about two students; the newest word on a pair counts.
``erase``
    ``learner_id`` is given up at a person's demand; its students were unlinked.
"""

import pyarrow as pa

MINT = "mint"
LINK = "link"
UNLINK = "unlink"
MERGE = "merge"
SPLIT = "split"
ERASE = "erase"

SAME, DIFFERENT = "same", "different"
OVERRIDE = {SAME: "override_same", DIFFERENT: "override_different"}
"""The kind of event by what a steward said of two students."""

NEW_EVENT_SCHEMA = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("event_type", pa.string(), nullable=False),
        pa.field("learner_id", pa.string(), nullable=False),
        pa.field("other_learner_id", pa.string()),
        pa.field("institution_code", pa.string()),
        pa.field("student_id", pa.string()),
        pa.field("other_institution_code", pa.string()),
        pa.field("other_student_id", pa.string()),
        # A rule or model with its version, or "steward:" and a person's name.
        pa.field("decided_by", pa.string(), nullable=False),
        pa.field("score", pa.float64()),
        pa.field("reasons", pa.list_(pa.string()), nullable=False),
        pa.field("evidence_hash", pa.string()),
        pa.field("undoes", pa.string()),
        pa.field("decided_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)
"""An event before it has its place in the log."""

EVENT_SCHEMA = pa.schema(
    [pa.field("seq", pa.int64(), nullable=False), *NEW_EVENT_SCHEMA]
)
"""An event in the log; ``seq`` is its place, dense from 1."""

STEWARD = "steward:"
"""What ``decided_by`` begins with where a person decided."""


def person(decided_by: str) -> str:
    """Who decided, as people say it: a steward by name, a rule or model as it is."""
    return decided_by.removeprefix(STEWARD)
