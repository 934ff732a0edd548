"""Everything the colleges ever sent about a person, normalised for comparison.

Belongs here: reading persons, identifiers, names and merges from landing's change log,
putting them into comparable form, and the rebuildable cache of the result. Does not
belong here: judging whether two representations are one person (``evidence``).

One row of ``representation`` is one distinct way in which a college described one of
its students. Columns, all varchar unless said, null where not known:

- ``institution_code``, ``student_id``: the college student. ``representation_id``: MD5
  of both and of what was said, the same on every machine. ``rid`` (bigint): 63 bits of
  it, for joins. ``student_no`` (bigint): 63 bits of a hash of the college student.
- ``first_as_of`` (timestamptz): the instant of the package that first said it.
  ``is_current`` (boolean): the college says it today. ``source``: ``person``, ``name``
  (a former or other name, with the rest of the newest person row) or ``merge`` (an id
  that is known only because the college gave it up: nothing else is known of it).
  ``last_seq`` (bigint): the newest package that says so.
- as sent: ``first_name`` .. ``high_school_grad_year`` (see ``columns.SENT``).
- the newest of each identifier: ``ssn``, ``itin``, ``pseudo_ssn``, ``state_ps_id``,
  ``state_k12_id``; numbers as landing's tokens.
- comparable: see ``normalise``.
- ``evidence_digest``: a hash of all representation ids and identifiers of the student;
  it changes when, and only when, something new is known of the student.
"""

from pipelines.identity.representation.collect import (
    REPRESENTATION,
    Collected,
    collect,
    settle,
)

__all__ = ["REPRESENTATION", "Collected", "collect", "settle"]
