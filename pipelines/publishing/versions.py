"""A changed credential must be later than every version of it that was issued.

Source: Open Badges 3.0 §"Equality and comparison": of two credentials with the same
issuer and id, the one with the later ``validFrom`` holds.

Belongs here: moving ``validFrom`` of changed content. Does not belong here: deciding
that a record changed (``records.py``, by content hash), or which versions were issued
(``replaced.py``).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

_FORM = "%Y-%m-%dT%H:%M:%SZ"


def supersede(
    record: dict[str, Any],
    issued: Sequence[dict[str, Any]],
    as_of: str,
    not_before: str | None = None,
    void: frozenset[str] = frozenset(),
) -> None:
    """Give changed credentials of ``record``, and itself, a later ``validFrom``.

    Args:
        record: a pruned, unsigned CLR; changed in place.
        issued: signed CLRs that hold an earlier version of it or of a credential in
            it: the one it replaces, and those of learners whose credentials it took
            over.
        as_of: the snapshot's as-of, ISO 8601 with ``Z``.
        not_before: latest ``validFrom`` under the record's id where no CLR of
            ``issued`` has it.
        void: verification methods that are published no more: what they signed changes
            by being signed anew.
    """
    known: dict[str, dict[str, Any]] = {}
    for one in issued:
        for credential in one["credentialSubject"]["verifiableCredential"]:
            held = known.setdefault(credential["id"], credential)
            if _moment(credential["validFrom"]) > _moment(held["validFrom"]):
                known[credential["id"]] = credential
    for credential in record["credentialSubject"]["verifiableCredential"]:
        old = known.get(credential["id"])
        if old is not None:
            _supersede_one(credential, old, as_of, void)
    dates = [one["validFrom"] for one in issued if one["id"] == record["id"]]
    if not_before is not None:
        dates.append(not_before)
    if dates:
        latest = max(dates, key=_moment)
        record["validFrom"] = later(record["validFrom"], latest, as_of)


def _supersede_one(
    new: dict[str, Any], old: dict[str, Any], as_of: str, void: frozenset[str]
) -> None:
    skipped = {"proof", "validFrom"}
    stands = not any(one["verificationMethod"] in void for one in old["proof"])
    if stands and {k: v for k, v in new.items() if k not in skipped} == {
        k: v for k, v in old.items() if k not in skipped
    }:
        # What did not change keeps its date, and with it its bytes.
        new["validFrom"] = max(new["validFrom"], old["validFrom"], key=_moment)
    else:
        new["validFrom"] = later(new["validFrom"], old["validFrom"], as_of)


def later(proposed: str, previous: str, as_of: str) -> str:
    """``proposed`` when it is later than ``previous``, else the as-of or just after."""
    if _moment(proposed) > _moment(previous):
        return proposed
    if _moment(as_of) > _moment(previous):
        return as_of
    return (_moment(previous) + timedelta(seconds=1)).strftime(_FORM)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
