"""Requests to correct a claim, each with the line of the college that it stands on.

Source: 34 CFR 99.20 (a learner may ask to amend a record, and gets a decision within a
reasonable time), 99.21(b)(2) and (c) (a refused learner's statement is kept with the
record as long as the contested part is).

Belongs here: the log of requests, answers and statements, and their state. Does not
belong here: where a college reads them (``outbox.py``).
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipelines.entry_log import EntryLog, checked
from pipelines.errors import OperatorError
from pipelines.explain import explain
from pipelines.settings import Home

LONGEST = 2_000
"""Characters of what a learner says, or a college answers."""
_LONGEST_NAME = 200


class Answer(StrEnum):
    """What became of a request."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True)
class Correction:
    """A request with what became of it.

    Attributes:
        number: of the request; answers name it.
        at: when it was asked, UTC, ISO 8601.
        by: who wrote it down.
        says: the learner's words.
        credential_id: the claim.
        learner_id: whose it is.
        claim: what it says, in short.
        institution_code: the college that owns the line.
        feed, package_id, file, line: where the college said it.
        answer: None while it is open.
        reason: the college's words.
        answered_at: UTC, ISO 8601.
        statement: what a refused learner put beside the claim; the newest words.
        stated_at: UTC, ISO 8601.
    """

    number: int
    at: str
    by: str
    says: str
    credential_id: str
    learner_id: str
    claim: str
    institution_code: str
    feed: str
    package_id: str
    file: str
    line: int
    answer: Answer | None = None
    reason: str | None = None
    answered_at: str | None = None
    statement: str | None = None
    stated_at: str | None = None


def ask(home: Home, credential: str, says: str, by: str) -> Correction:
    """Log what a learner wants corrected.

    Args:
        home: the warehouse.
        credential: id of a published claim, as in ``explain``.
        says: the learner's words.
        by: who writes it down.

    Raises:
        UsageError: a text is empty, too long, or holds a control character.
        OperatorError: no claim has this id, or the log cannot be written.
    """
    checked("--says", says, LONGEST)
    checked("--by", by, _LONGEST_NAME)
    told = explain(home, credential)
    claim, line = told["credential"], told["line"]
    number = _log(home).append(
        {
            "asked": {
                "by": by,
                "says": says,
                "credential_id": f"urn:uuid:{claim['assertion_id']}",
                "learner_id": claim["learner_id"],
                "claim": _in_short(told),
                "institution_code": line["institution_code"],
                "feed": line["feed"],
                "package_id": claim["package_id"],
                "file": line["file"],
                "line": line["line"],
            }
        }
    )
    return _by_number(home)[number]


def answer(
    home: Home, number: int, decided: Answer, reason: str, by: str
) -> Correction:
    """Log what the college decided; an answer is final, another request is not barred.

    Raises:
        UsageError: a text is empty, too long, or holds a control character.
        OperatorError: no request has this number, it is answered, or the log cannot be
            written.
    """
    checked("--reason", reason, LONGEST)
    checked("--by", by, _LONGEST_NAME)
    request = _by_number(home).get(number)
    if request is None:
        raise OperatorError(f"no correction request has the number {number}")
    if request.answer is not None:
        raise OperatorError(
            f"correction request {number} was {request.answer} on "
            f"{(request.answered_at or '')[:10]}: a new request can be made"
        )
    _log(home).append(
        {
            "answered": {
                "request": number,
                "answer": decided.value,
                "reason": reason,
                "by": by,
            }
        }
    )
    return _by_number(home)[number]


def state(home: Home, number: int, says: str, by: str) -> Correction:
    """Log the statement that a refused learner puts beside the claim.

    A later one takes the place of the one before, which the log keeps.

    Args:
        home: the warehouse.
        number: of the request.
        says: the learner's words.
        by: who writes it down.

    Raises:
        UsageError: a text is empty, too long, or holds a control character.
        OperatorError: no request has this number, it is not refused, or the log cannot
            be written.
    """
    checked("--says", says, LONGEST)
    checked("--by", by, _LONGEST_NAME)
    request = _by_number(home).get(number)
    if request is None:
        raise OperatorError(f"no correction request has the number {number}")
    if request.answer is not Answer.REFUSED:
        raise OperatorError(
            f"correction request {number} is {request.answer or 'open'}: a statement "
            "is put beside what a college refused to correct"
        )
    _log(home).append({"stated": {"request": number, "says": says, "by": by}})
    return _by_number(home)[number]


def statements(home: Home, claims: Collection[str] | None = None) -> list[Correction]:
    """Requests whose learner's statement belongs beside one of some claims.

    Args:
        home: the warehouse.
        claims: ids of credentials, URNs; None is of all.

    Raises:
        OperatorError: the log is not as it was written, or cannot be read.
    """
    return [
        one
        for one in _by_number(home).values()
        if one.statement is not None and (claims is None or one.credential_id in claims)
    ]


def requests(
    home: Home,
    college: str | None = None,
    learner_id: str | Collection[str] | None = None,
    *,
    answered: bool = True,
) -> list[Correction]:
    """Requests in the order in which they came.

    Args:
        home: the warehouse.
        college: of this college alone.
        learner_id: of this learner alone; or all ids of one person.
        answered: also those that are answered.

    Raises:
        OperatorError: the log is not as it was written, or cannot be read.
    """
    ids = {learner_id} if isinstance(learner_id, str) else learner_id
    return [
        one
        for one in _by_number(home).values()
        if college in (None, one.institution_code)
        and (ids is None or one.learner_id in ids)
        and (answered or one.answer is None)
    ]


def _by_number(home: Home) -> dict[int, Correction]:
    asked: dict[int, dict[str, Any]] = {}
    for entry in _log(home).read():
        if "asked" in entry:
            about = {"number": entry["number"], "at": entry["at"], **entry["asked"]}
            asked[entry["number"]] = about
        elif "stated" in entry:
            said = entry["stated"]
            words = {"statement": said["says"], "stated_at": entry["at"]}
            asked[said["request"]] |= words
        else:
            said = entry["answered"]
            asked[said["request"]] |= {
                "answer": Answer(said["answer"]),
                "reason": said["reason"],
                "answered_at": entry["at"],
            }
    return {number: Correction(**about) for number, about in asked.items()}


def _in_short(told: dict[str, Any]) -> str:
    claim, achievement = told["credential"], told["achievement"] or {}
    earned, unit = claim["credits_earned"], claim["credit_unit"] or ""
    names = achievement.get("human_code"), achievement.get("name")
    parts = [
        claim["kind"],
        " ".join(filter(None, names)),
        *(one["value"] or one["status"] or "" for one in told["results"]),
        f"{earned} {unit}".strip() if earned is not None else "",
        str(claim["awarded_on"] or ""),
    ]
    return ", ".join(filter(None, parts))


def _log(home: Home) -> EntryLog:
    return EntryLog(home.corrections, "the log of corrections")
