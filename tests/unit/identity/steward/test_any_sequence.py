"""Whatever nights, merges, splits and overrides come in whatever order."""

import tempfile
from itertools import combinations
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from night_world import COLLEGE, MODEL, REVIEW, Colleges, colleges_at

from pipelines.errors import OperatorError
from pipelines.identity.steward import DIFFERENT, SAME, merge, override, split

WHO = {"by": "Ann Lee", "reason": "A test."}
CODES = ("CACC", "SNEAD", "REID")
KEYS = {
    "ssn-a": ("exact", 0.0),
    "ssn-b": ("exact", 0.0),
    "alike": (MODEL, 24.0),
    "alike too": (MODEL, 22.0),
    "perhaps": (REVIEW, 5.0),
    "one of two ids": (COLLEGE, 0.0),
}

students = st.tuples(st.sampled_from(CODES), st.sampled_from("123"))
operations = st.lists(
    st.one_of(
        st.tuples(st.just("add"), students, st.sampled_from(sorted(KEYS))),
        st.tuples(st.just("night")),
        st.tuples(st.just("merge"), st.integers(0, 9), st.integers(0, 9)),
        st.tuples(st.just("undo"), st.integers(0, 9)),
        st.tuples(st.just("leave"), students),
        st.tuples(
            st.just("decide"), students, students, st.sampled_from((SAME, DIFFERENT))
        ),
    ),
    min_size=4,
    max_size=12,
)


@settings(max_examples=5, suppress_health_check=list(HealthCheck))
@given(operations)
def test_links_follow_from_the_log_and_a_steward_s_word_holds(sequence):
    with tempfile.TemporaryDirectory() as folder:
        colleges = colleges_at(Path(folder) / "home")
        colleges.worth = dict(KEYS)
        for college in CODES:
            colleges.add(college, "1", "ssn-a")
        colleges.tonight()
        for operation, *arguments in sequence:
            before = colleges.links()
            try:
                globals()[f"_{operation}"](colleges, *arguments)
            except OperatorError:
                assert colleges.links() == before
            assert colleges.links() == _replayed(colleges)
        colleges.tonight()
        _check_words(colleges)
        _check_one_college(colleges)
        quiet = colleges.events()
        colleges.tonight()
        assert colleges.events() == quiet


def _add(colleges, student, key):
    colleges.add(*student, key)


def _night(colleges):
    before = colleges.links()
    after = colleges.tonight()
    # Who was together stays together.
    for one, other in combinations(before, 2):
        if before[one] == before[other]:
            assert after[one] == after[other]


def _merge(colleges, a, b):
    active = _active(colleges)
    before = _views(colleges)
    one, other = active[a % len(active)], active[b % len(active)]
    done = merge(colleges.home, one, other, **WHO)
    joined = colleges.links()
    split(colleges.home, done.survivor, undo=done.event_id, **WHO)
    assert _views(colleges) == before
    merge(colleges.home, one, other, **WHO)
    assert colleges.links() == joined


def _undo(colleges, number):
    merges = colleges.ask(
        "select merged_by_event, survivor from merged order by merged_by_event"
    )
    if merges:
        event, survivor = merges[number % len(merges)]
        split(colleges.home, survivor, undo=event, **WHO)


def _leave(colleges, student):
    learner = colleges.links().get(student, "nobody")
    split(colleges.home, learner, students=[student], **WHO)
    assert colleges.links()[student] != learner


def _decide(colleges, one, other, verdict):
    override(colleges.home, one, other, verdict, **WHO)


def _active(colleges):
    rows = colleges.ask(
        "select learner_id from learner where status = 'active' order by 1"
    )
    return [row[0] for row in rows]


def _views(colleges):
    links = colleges.ask("from identity_link order by institution_code, student_id")
    return links, colleges.ask("from learner order by learner_id")


def _replayed(colleges: Colleges) -> dict[tuple[str, str], str]:
    """The links, worked out event by event in the plainest way."""
    names = [
        "event_id", "event_type", "learner_id", "other_learner_id",
        "institution_code", "student_id", "undoes",
    ]  # fmt: skip
    rows = colleges.ask(f"select {', '.join(names)} from identity_event order by seq")
    events = [dict(zip(names, row, strict=True)) for row in rows]
    undone = {event["undoes"] for event in events}
    linked: dict[tuple[str, str], str] = {}
    leads: dict[str, str] = {}
    for event in events:
        student = event["institution_code"], event["student_id"]
        if event["event_type"] == "link":
            linked[student] = event["learner_id"]
        elif event["event_type"] == "merge" and event["event_id"] not in undone:
            leads[event["other_learner_id"]] = event["learner_id"]

    def now(learner: str) -> str:
        return now(leads[learner]) if learner in leads else learner

    return {student: now(learner) for student, learner in linked.items()}


def _check_words(colleges):
    links = colleges.links()
    told = {
        ((row[0], row[1]), (row[2], row[3])): row[4]
        for row in colleges.ask(
            "select a_institution_code, a_student_id, b_institution_code, "
            "b_student_id, verdict from override"
        )
    }
    for (one, other), verdict in told.items():
        if verdict == DIFFERENT:
            assert links[one] != links[other]
        elif links[one] != links[other]:
            # Only another word of a steward may stand in its way.
            assert DIFFERENT in told.values()


def _check_one_college(colleges):
    said = {
        frozenset(((row[0], row[1]), (row[2], row[3])))
        for row in colleges.ask(
            "select institution_code, student_id, other_institution_code, "
            "other_student_id from identity_event where event_type = 'override_same'"
        )
    }
    for group in colleges.partition():
        for one, other in combinations(sorted(group), 2):
            if one[0] == other[0]:
                by_college = any(
                    "one of two ids" in colleges.people[a] & colleges.people[b]
                    for a, b in combinations(group, 2)
                    if a[0] == b[0]
                )
                assert by_college or any(pair <= group for pair in said)
