"""The end of what learners allowed, where a server is not needed for it.

Belongs here: ending, by every id of a person. Does not belong here: granting
(``grants.py``), which ids a person has (``pipelines.identity.same``).
"""

from collections.abc import Iterable
from typing import NamedTuple

from pipelines.service.grants import Grants
from pipelines.service.state import State
from pipelines.settings import Home


class Ended(NamedTuple):
    """How many consents and how many invitations ended."""

    consents: int
    invitations: int


def end_access(home: Home, learner_ids: Iterable[str]) -> Ended:
    """End every application's access to some learners, and their invitations.

    A warehouse that never served anybody stays without a state.

    Raises:
        OperatorError: the state cannot be read or written.
    """
    if not (home.service / "state.db").exists():
        return Ended(0, 0)
    grants = Grants(State.at(home.service))
    ended = [Ended(*grants.end(one)) for one in dict.fromkeys(learner_ids)]
    return Ended(
        sum(one.consents for one in ended), sum(one.invitations for one in ended)
    )
