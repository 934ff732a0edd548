"""What a person decides about identities: merge, split, same or different, erase.

Belongs here: checking what was asked and the events that say it. Does not belong here:
how a person asks (``review``, the command line), what a night does about it
(``night``).

Every decision names who made it and why, and outranks rules and models for ever.
"""

from pipelines.identity.log.schema import DIFFERENT, SAME
from pipelines.identity.steward.erase import erase
from pipelines.identity.steward.merge import Merged, merge
from pipelines.identity.steward.override import (
    PairDecision,
    override,
    override_all,
)
from pipelines.identity.steward.split import Parted, split

__all__ = [
    "DIFFERENT",
    "SAME",
    "Merged",
    "PairDecision",
    "Parted",
    "erase",
    "merge",
    "override",
    "override_all",
    "split",
]
