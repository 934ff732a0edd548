"""Two colleges of sixty students, linked: what the commands of this folder work on.

``A0001`` is one person by the number, ``A0002`` agrees in name and birth date only, and
waits for a person; ``A0003`` shares a number with somebody of another name.
"""

from dataclasses import dataclass

from landing_warehouse import Warehouse
from package_builder import CONTRACTS, State, college_state, send

from pipelines.identity.log.store import segments
from pipelines.identity.night.link import LinkResult, link

DAY, NEXT = "2026-09-01", "2026-09-02"
HERE, THERE = "CACC", "BEVILL"
SURE, ASKED, SHARED = "A0001", "A0002", "A0003"
# Among fewer, no name is rare enough to be asked about.
STUDENTS = 60


@dataclass
class World(Warehouse):
    """A warehouse whose identity stage alone is run."""

    def night(self, day: str, **colleges: State) -> LinkResult:
        for code, state in colleges.items():
            send(self.inbox, code, day, state)
        self.land()
        return link(self.home, CONTRACTS)

    def again(self) -> LinkResult:
        """A night in which nothing comes."""
        return link(self.home, CONTRACTS)

    def segments(self) -> int:
        return len(segments(self.home.identity_events))


def two_colleges(world: World) -> None:
    """Deliver and link both."""
    world.night(DAY, CACC=this_college(), BEVILL=other_college())


def this_college() -> State:
    """Sixty students, of whom one tells where they went to school."""
    state = college_state(STUDENTS)
    school = {"high_school_code": "010001", "high_school_grad_year": "2018"}
    state["person"][1] |= school
    return state


def other_college() -> State:
    """The same at another college, less what links the second and third."""
    state = this_college()
    rows = {row["student_id"]: row for row in state["person"]}
    rows[SHARED] |= {"first_name": "Somebody", "last_name": "Else"}
    state["person_identifier"] = [
        row for row in state["person_identifier"] if row["student_id"] != ASKED
    ]
    return state
