"""Which edits a person may turn into a warning for a time, and for which packages.

Belongs here: the rule of what can never be overridden, with its reason in a sentence.
Does not belong here: the decision itself (``decisions``), or its effect on a row
(``findings``) and on a package (``parcel``).

The feed specification 1.0 gives each edit an action; only what stands for a judgement
(a row rule, or a file held for a human) can be judged otherwise by a human.
"""

from collections.abc import Iterable

from pipelines.contracts.model import Contracts, Edit
from pipelines.landing.decided.decisions import Decisions
from pipelines.landing.package.parcel import Parcel

# Who a learner is, and what may be told of them.
_PROTECTED_FEEDS = {
    "person",
    "person_identifier",
    "person_merge",
    "person_name",
    "disclosure",
}
_PROTECTED = {"X01", "X07"}
# The order of packages is mended by a release or a resend, whole rows by the sender.
_ORDER = {"F09", "F10"}
_NEVER_RIGHT = {"D04"}


def why_not(edit: Edit) -> str | None:
    """Why no person may override an edit; None when one may.

    Args:
        edit: Any edit of the contracts.
    """
    if edit.severity == "W":
        return f"{edit.id} only warns"
    if edit.action in ("reject_package", "reject_file", "repeat"):
        return f"{edit.id} says that the file itself cannot be used"
    if edit.id in _PROTECTED | {"DSC-F01"} or edit.action == "stop_publication":
        return f"{edit.id} protects learners"
    if _PROTECTED & set(edit.implements) or edit.feed in _PROTECTED_FEEDS:
        return f"{edit.id} protects learners"
    if edit.id in _ORDER:
        return f"{edit.id} is about the order of packages; release the package instead"
    if edit.id in _NEVER_RIGHT:
        return f"{edit.id} says that rows were lost or doubled"
    if edit.feed is None and edit.action != "hold":
        return f"{edit.id} leaves no row that could be loaded"
    if "F16" in edit.implements:
        return f"{edit.id} lets rows in by itself when what they refer to is sent"
    if edit.scope == "column" and not edit.id.endswith("-LENGTH"):
        return f"{edit.id} leaves no value that could be loaded"
    return None


def set_overrides(
    parcels: Iterable[Parcel], contracts: Contracts, decisions: Decisions
) -> None:
    """Tell each package of a wave which edits were overridden for it.

    An edit that may not be overridden any more, because the contracts changed since,
    counts again.
    """
    known = {edit.id: edit for edit in contracts.all_edits()}
    for parcel in parcels:
        found = decisions.overrides_for(
            parcel.institution_code, parcel.manifest.as_of, parcel.as_of_date
        )
        parcel.overrides = {
            (feed, edit_id): decision_id
            for (feed, edit_id), decision_id in found.items()
            if edit_id in known and why_not(known[edit_id]) is None
        }
