"""Looking a person up: the answer words of the UK Learning Records Service."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from linked_world import HERE, NEXT, SHARED, World, this_college
from lrw_calls import Lrw

from pipelines.identity.find import _answer
from pipelines.identity.review.words import Answer

WHO = ("--by", "Ann Clerk", "--reason", "Confirmed")


def look(lrw: Lrw, *arguments: str) -> dict[str, Any]:
    said = lrw("identity", "find", *arguments, "--format", "json")
    assert said.code == 0, said.err
    return said.json()  # type: ignore[no-any-return]


def given(number: int, *more: str) -> tuple[str, ...]:
    day = f"2000-01-{number + 1:02d}"
    names = ("--given", f"Given{number}", "--family", f"Learner{number}")
    return (*names, "--birth-date", day, *more)


def with_an_email(world: World) -> None:
    state = this_college()
    for number, row in enumerate(state["person"]):
        row["email_personal"] = f"given{number}@example.org"
    world.night(NEXT, CACC=state)


def test_name_and_birth_date_are_possible(world: World, lrw: Lrw) -> None:
    told = look(lrw, *given(0))
    assert told["answer"] == "possible"
    assert told["count"] == 1
    (one,) = told["candidates"]
    assert {row["institution_code"] for row in one["students"]} == {"BEVILL", "CACC"}
    assert "2000-01-01" not in str(told)


def test_with_a_persons_own_evidence_it_is_exact(world: World, lrw: Lrw) -> None:
    with_an_email(world)
    told = look(lrw, *given(0, "--email", "Given0@example.org"))
    assert told["answer"] == "exact"
    text = lrw("identity", "find", *given(0, "--email", "given0@example.org")).out
    assert text.startswith("exact  Exact: one learner")
    assert "given0@example.org" not in text


def test_a_merged_id_is_linked_and_answers_the_survivor(world: World, lrw: Lrw) -> None:
    with_an_email(world)
    students = (f"{code}:{SHARED}" for code in (HERE, "BEVILL"))
    ids = [
        lrw("identity", "explain", one, "--format", "json").json()["learner_id"]
        for one in students
    ]
    merged = lrw("identity", "merge", *ids, *WHO, "--format", "json").json()
    told = look(lrw, *given(2, "--email", "given2@example.org"))
    (one,) = told["candidates"]
    assert one["learner_id"] == merged["survivor"]
    was_retired = merged["retired"] == ids[0]
    assert told["answer"] == ("linked" if was_retired else "exact")
    assert one["merged_from"] == ([merged["retired"]] if was_retired else [])


def test_nobody(world: World, lrw: Lrw) -> None:
    told = look(lrw, "--family", "Nobody", "--birth-date", "1950-05-05")
    assert (told["answer"], told["candidates"]) == ("none", [])


def test_only_at_a_college(world: World, lrw: Lrw) -> None:
    assert look(lrw, *given(2), "--college", "CACC")["answer"] == "possible"
    assert look(lrw, *given(2), "--college", "BEVILL")["answer"] == "none"


def test_looking_leaves_nothing_behind(world: World, lrw: Lrw) -> None:
    def everything(root: Path) -> dict[str, str]:
        return {
            str(path): sha256(path.read_bytes()).hexdigest()
            for path in root.rglob("*")
            if path.is_file()
        }

    before = everything(world.home.root)
    look(lrw, *given(0, "--phone", "2055550188", "--state-id", "1234567890"))
    lrw("identity", "explain", f"{HERE}:{SHARED}")
    assert everything(world.home.root) == before


def candidate(*, sure: bool, retired: bool = False) -> dict[str, Any]:
    return {"is_sure": sure, "is_retired": retired}


def test_the_answer_words() -> None:
    sure, maybe = candidate(sure=True), candidate(sure=False)
    assert _answer([]) is Answer.NONE
    assert _answer([sure]) is Answer.EXACT
    assert _answer([sure, maybe]) is Answer.EXACT
    assert _answer([candidate(sure=True, retired=True)]) is Answer.LINKED
    assert _answer([sure, sure]) is Answer.POSSIBLE
    assert _answer([maybe]) is Answer.POSSIBLE
    assert _answer([maybe] * 11) is Answer.TOO_MANY
