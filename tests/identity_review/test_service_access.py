"""What applications may do ends with a split and an erasure, as the runbooks say."""

import shlex
from pathlib import Path

import pytest
from linked_world import ASKED, HERE, SURE, THERE, World
from lrw_calls import Lrw

from pipelines.service.grants import Grants
from pipelines.service.sign_in import Invitations
from pipelines.service.state import State, hashed, now

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
WHO = ("--by", "Ann Clerk", "--reason", "Both colleges confirmed it")


def step(runbook: str, begins: str, **names: str) -> tuple[str, ...]:
    """A command of a runbook's code block, as it stands there, with real ids."""
    lines = (RUNBOOKS / runbook).read_text().splitlines()
    (line,) = (one for one in lines if one.strip().startswith(begins))
    words = shlex.split(line, comments=True)
    return tuple(names.get(word, word) for word in words[1:])


class Service:
    """A state as the running service leaves it: one consent a learner."""

    def __init__(self, world: World) -> None:
        self.state = State.at(world.home.service)
        self.grants = Grants(self.state)
        with self.state.change() as con:
            metadata = '{"scope": "x", "grant_types": []}'
            con.execute("INSERT INTO client VALUES ('app', '', ?, 0)", [metadata])

    def allow(self, learner: str) -> None:
        Invitations(self.state).invite(learner)
        later = now() + 3600
        with self.state.change() as con:
            (consent,) = con.execute(
                "INSERT INTO consent VALUES (NULL, 'app', ?, 'x', ?, ?, NULL) "
                "RETURNING consent_id",
                [learner, now(), later],
            ).fetchone()
            con.execute(
                "INSERT INTO token VALUES (?, ?, 'access', 'x', ?, NULL)",
                [hashed(learner), consent, later],
            )
            con.execute(
                "INSERT INTO visit VALUES (?, '', '', ?, ?)", [learner, learner, later]
            )

    def lets_in(self, learner: str) -> bool:
        """Whether anything of an id still opens a door."""
        with self.state.read() as con:
            open_ = con.execute(
                "SELECT (SELECT count(*) FROM invitation WHERE learner_id = $id) "
                "+ (SELECT count(*) FROM visit WHERE learner_id = $id)",
                {"id": learner},
            ).fetchone()[0]
        return self.grants.bearer(learner) is not None or open_ > 0


@pytest.fixture
def service(world: World) -> Service:
    return Service(world)


def learner_of(lrw: Lrw, student: str, college: str = HERE) -> str:
    said = lrw("identity", "explain", f"{college}:{student}", "--format", "json")
    return str(said.json()["learner_id"])


def test_an_undone_merge_ends_the_access_to_both(
    world: World, lrw: Lrw, service: Service
) -> None:
    a, b, other = (
        learner_of(lrw, ASKED), learner_of(lrw, ASKED, THERE), learner_of(lrw, SURE)
    )  # fmt: skip
    for learner in (a, b, other):
        service.allow(learner)
    named = {"LEARNER_A": a, "LEARNER_B": b}
    merge = step("wrong-merge.md", "lrw identity merge", **named)
    merged = lrw(*merge, "--format", "json").json()
    # One person, who allowed both.
    assert service.lets_in(a)
    assert service.lets_in(b)
    named = {"LEARNER": merged["survivor"], "EVENT": merged["event_id"]}
    split = step("wrong-merge.md", "lrw identity split LEARNER --undo", **named)
    said = lrw(*split)
    assert said.code == 0, said.err
    assert "Ended in the record service: 2 consents, 2 invitations" in said.out
    assert not service.lets_in(a)
    assert not service.lets_in(b)
    assert service.lets_in(other)


def test_a_student_that_leaves_ends_the_access_to_who_stays(
    world: World, lrw: Lrw, service: Service
) -> None:
    learner = learner_of(lrw, SURE)
    service.allow(learner)
    named = {"LEARNER": learner, "CACC:A0012345": f"{HERE}:{SURE}"}
    split = step("wrong-merge.md", "lrw identity split LEARNER --student", **named)
    told = lrw(*split, "--format", "json").json()
    assert (told["consents_ended"], told["invitations_ended"]) == (1, 1)
    assert not service.lets_in(learner)


def test_an_erasure_ends_the_access_under_every_id(
    world: World, lrw: Lrw, service: Service
) -> None:
    a, b = learner_of(lrw, ASKED), learner_of(lrw, ASKED, THERE)
    for learner in (a, b):
        service.allow(learner)
    survivor = lrw("identity", "merge", a, b, *WHO, "--format", "json").json()[
        "survivor"
    ]
    erase = step("erase-a-learner.md", "lrw identity erase", LEARNER=survivor)
    # Without --yes it does nothing, here either.
    assert lrw(*(word for word in erase if word != "--yes")).code == 2
    assert service.lets_in(a)
    said = lrw(*erase)
    assert said.code == 0, said.err
    assert "2 consents, 2 invitations" in said.out
    assert not service.lets_in(a)
    assert not service.lets_in(b)


def test_service_end_is_of_the_person_not_of_the_id(
    world: World, lrw: Lrw, service: Service
) -> None:
    a, b = learner_of(lrw, ASKED), learner_of(lrw, ASKED, THERE)
    merged = lrw("identity", "merge", a, b, *WHO, "--format", "json").json()
    service.allow(merged["retired"])
    said = lrw("service", "end", merged["survivor"])
    assert "1 consents and 1 invitations ended" in said.out
    assert not service.lets_in(merged["retired"])


def test_without_a_service_a_split_leaves_none(world: World, lrw: Lrw) -> None:
    learner = learner_of(lrw, SURE)
    said = lrw("identity", "split", learner, "--student", f"{HERE}:{SURE}", *WHO)
    assert said.code == 0
    assert "record service" not in said.out
    assert not world.home.service.exists()


def test_a_service_that_cannot_be_ended_is_said_and_the_split_stands(
    world: World, lrw: Lrw, service: Service
) -> None:
    learner = learner_of(lrw, SURE)
    (world.home.service / "state.db").chmod(0o644)
    said = lrw("identity", "split", learner, "--student", f"{HERE}:{SURE}", *WHO)
    assert said.code == 1
    assert "decided, but" in said.line
    assert f"lrw service end for each of {learner}" in said.line
    assert learner_of(lrw, SURE) != learner
