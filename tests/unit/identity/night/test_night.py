"""One night after another: who is one learner, and ids that do not move."""

import pytest
from night_world import COLLEGE, MODEL, REVIEW, Colleges

from pipelines.identity.night.conflicts import MOST_NODES
from pipelines.identity.steward import SAME, override


def test_the_same_evidence_at_two_colleges_is_one_learner(colleges):
    ana = colleges.add("CACC", "1", "ssn-a")
    same = colleges.add("SNEAD", "1", "ssn-a")
    other = colleges.add("SNEAD", "2", "ssn-b")
    links = colleges.tonight()
    assert links[ana] == links[same] != links[other]
    rows = colleges.ask(
        "select linked_by, reasons, score from identity_link "
        "order by institution_code, student_id"
    )
    assert rows[0] == (
        "tax-id-and-birth-date/2",
        ["They share what a test planted."],
        1.0,
    )
    assert rows[2][0] == "first-seen/1"


def test_every_link_names_whom_it_joins(colleges):
    colleges.add("CACC", "1", "ssn-a")
    colleges.add("SNEAD", "1", "ssn-a")
    colleges.tonight()
    assert colleges.ask(
        "select institution_code, other_institution_code, other_student_id "
        "from identity_event where event_type = 'link' order by 1"
    ) == [("CACC", "SNEAD", "1"), ("SNEAD", "CACC", "1")]


def test_evidence_chains_across_colleges(colleges):
    colleges.add("CACC", "1", "ssn-a")
    colleges.add("SNEAD", "1", "ssn-a", "k12-1")
    colleges.add("REID", "1", "k12-1")
    assert len(set(colleges.tonight().values())) == 1


def test_a_second_night_with_nothing_new_adds_no_event_and_moves_no_id(colleges):
    colleges.add("CACC", "1", "ssn-a")
    colleges.add("SNEAD", "1", "ssn-a")
    first, events = colleges.tonight(), colleges.events()
    assert colleges.tonight() == first
    assert colleges.events() == events


def test_a_link_stays_when_its_evidence_and_its_person_disappear(colleges):
    colleges.add("CACC", "1", "ssn-a")
    colleges.add("SNEAD", "1", "ssn-a")
    first = colleges.tonight()
    colleges.people = {("CACC", "1"): set()}
    assert colleges.tonight() == first


def test_a_link_stays_whatever_a_new_model_says(colleges):
    colleges.add("CACC", "1", "alike")
    colleges.add("SNEAD", "1", "alike")
    colleges.means("alike", MODEL)
    first = colleges.tonight()
    colleges.means("alike", REVIEW)
    colleges.model = "2"
    colleges.add("SNEAD", "1", "a new phone")
    assert colleges.tonight() == first
    assert colleges.waiting() == set()


def test_new_evidence_joins_two_learners_under_the_longest_standing_id(colleges):
    colleges.add("SNEAD", "1")
    old = colleges.tonight()["SNEAD", "1"]
    colleges.add("CACC", "1", "ssn-a")
    colleges.add("REID", "1", "ssn-a")
    assert colleges.tonight()["CACC", "1"] != old
    colleges.add("SNEAD", "1", "ssn-a")
    assert set(colleges.tonight().values()) == {old}
    assert colleges.result.merged == 1
    (merge,) = colleges.ask(
        "select learner_id, institution_code, other_institution_code, decided_by "
        "from identity_event where event_type = 'merge'"
    )
    assert merge == (old, "CACC", "SNEAD", "tax-id-and-birth-date/2")


def test_of_ids_minted_in_one_night_the_one_with_more_students_stays(colleges):
    colleges.add("CACC", "1", "ssn-a")
    colleges.add("REID", "1", "ssn-b")
    colleges.add("SNEAD", "1", "ssn-b")
    before = colleges.tonight()
    colleges.add("CACC", "1", "ssn-b")
    assert set(colleges.tonight().values()) == {before["REID", "1"]}


def test_what_was_compared_once_is_not_decided_again(colleges):
    colleges.add("CACC", "1", "alike")
    colleges.add("SNEAD", "1", "alike")
    colleges.means("alike", REVIEW)
    colleges.tonight()
    assert len(colleges.waiting()) == 1
    # The same evidence under a model that thinks more of it.
    colleges.means("alike", MODEL)
    assert len(set(colleges.tonight().values())) == 2
    assert len(colleges.waiting()) == 1
    colleges.add("SNEAD", "1", "the same phone")
    assert len(set(colleges.tonight().values())) == 1
    assert colleges.waiting() == set()


def test_ids_are_those_of_the_vault_in_a_warehouse_built_anew(colleges, tmp_path):
    for student in range(30):
        colleges.add("CACC", str(student), f"ssn-{student}", f"alike-{student}")
        colleges.add("SNEAD", str(student), f"ssn-{student}")
        colleges.add("REID", str(student), f"alike-{student}")
        colleges.means(f"alike-{student}", REVIEW)
    first, waiting, events = colleges.tonight(), colleges.waiting(), colleges.events()
    _forget(colleges)
    assert colleges.tonight() == first
    assert colleges.events() == events
    assert colleges.waiting() == waiting


def test_nights_in_another_order_on_the_same_vault_decide_nothing_anew(colleges):
    """Half of what was known may look like more than all of it did."""
    colleges.add("CACC", "1", "alike")
    colleges.add("SNEAD", "1", "alike", "ssn-b")
    colleges.means("alike", REVIEW)
    first, events = colleges.tonight(), colleges.events()
    _forget(colleges)
    colleges.means("alike", MODEL)
    colleges.people["SNEAD", "1"].remove("ssn-b")
    assert colleges.tonight() == first
    colleges.people["SNEAD", "1"].add("ssn-b")
    assert colleges.tonight() == first
    assert colleges.events() == events


def test_two_students_of_one_college_wait_for_the_college(colleges):
    colleges.add("CACC", "1", "ssn-a")
    colleges.add("CACC", "2", "ssn-a")
    apart = colleges.tonight()
    assert len(set(apart.values())) == 2
    assert colleges.waiting() == {frozenset({("CACC", "1"), ("CACC", "2")})}
    colleges.means("merged", COLLEGE)
    colleges.add("CACC", "1", "merged")
    colleges.add("CACC", "2", "merged")
    assert len(set(colleges.tonight().values())) == 1
    assert colleges.waiting() == set()


def test_an_id_that_a_college_gave_up_is_no_rival(colleges):
    colleges.add("CACC", "1", "ssn-a")
    colleges.add("CACC", "2", "ssn-a")
    colleges.gone.add(("CACC", "1"))
    assert len(set(colleges.tonight().values())) == 1


def test_a_known_learner_is_not_pulled_apart_by_a_second_student(colleges):
    colleges.add("CACC", "1", "ssn-a")
    colleges.add("SNEAD", "1", "ssn-a")
    first = colleges.tonight()
    colleges.add("CACC", "2", "ssn-a")
    second = colleges.tonight()
    assert second["CACC", "1"] == second["SNEAD", "1"] == first["CACC", "1"]
    assert second["CACC", "2"] != first["CACC", "1"]
    assert colleges.result.set_aside == 1
    # What stands against CACC 2 is the learner that it would join, not one student.
    assert frozenset({("CACC", "2"), ("SNEAD", "1")}) in colleges.waiting()


@pytest.mark.parametrize("order", [("1", "2"), ("2", "1")])
def test_a_score_that_fits_two_students_of_a_college_is_a_guess(colleges, order):
    one, other = order
    colleges.add("CACC", one, "alike")
    colleges.add("CACC", other, "alike too")
    colleges.add("SNEAD", "1", "alike", "alike too")
    colleges.means("alike", MODEL, 21.0)
    colleges.means("alike too", MODEL, 19.5)
    assert len(set(colleges.tonight().values())) == 3
    assert len(colleges.waiting()) == 2


def test_a_score_that_clearly_exceeds_its_rival_holds(colleges):
    colleges.add("CACC", "1", "alike")
    colleges.add("CACC", "2", "alike too")
    colleges.add("SNEAD", "1", "alike", "alike too")
    colleges.means("alike", MODEL, 25.0)
    colleges.means("alike too", MODEL, 20.0)
    links = colleges.tonight()
    assert links["SNEAD", "1"] == links["CACC", "1"] != links["CACC", "2"]
    assert colleges.waiting() == {frozenset({("SNEAD", "1"), ("CACC", "2")})}


def test_exact_evidence_that_chains_two_students_of_a_college_is_a_guess(colleges):
    colleges.add("CACC", "1", "ssn-a")
    colleges.add("SNEAD", "1", "ssn-a", "k12-1")
    colleges.add("CACC", "2", "k12-1")
    assert len(set(colleges.tonight().values())) == 3
    assert len(colleges.waiting()) == 2


def test_a_value_that_everybody_has_makes_no_group_and_no_night_of_work(colleges):
    """A feed with one number in every row; a steward's word holds all the same."""
    for number in range(MOST_NODES):
        colleges.add("CACC", str(number), "everybody's")
    other = colleges.add("SNEAD", "1", "everybody's")
    one = "CACC", "0"
    colleges.tonight()
    assert len(set(colleges.links().values())) == MOST_NODES + 1
    assert colleges.result.set_aside == 1
    assert colleges.result.refused is None
    (reason, *_) = colleges.reasons()[frozenset({one, other})]
    assert reason == (
        f"More than {MOST_NODES} records hang together by such evidence; none of it "
        "was followed."
    )
    override(colleges.home, one, other, SAME, "Ann Lee", "Seen.")
    colleges.add(*other, "a new phone")
    links = colleges.tonight()
    assert links[one] == links[other]


def test_files_of_identity_are_private(colleges):
    colleges.add("CACC", "1", "ssn-a")
    colleges.tonight()
    for folder in (colleges.home.vault, colleges.home.warehouse):
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert files
        assert {path.stat().st_mode & 0o077 for path in files} == {0}
    assert colleges.home.identity_events.stat().st_mode & 0o077 == 0


def _forget(colleges: Colleges) -> None:
    for path in colleges.home.warehouse.rglob("*"):
        if path.is_file():
            path.unlink()
