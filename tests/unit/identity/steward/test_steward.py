"""What a person decides: written with a name, in force for ever, and undone exactly."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from night_world import MODEL, REVIEW

from pipelines.errors import OperatorError, UsageError
from pipelines.identity.log.schema import NEW_EVENT_SCHEMA
from pipelines.identity.log.store import LogError, segments, writing
from pipelines.identity.steward import (
    DIFFERENT,
    SAME,
    PairDecision,
    erase,
    merge,
    override,
    override_all,
    split,
)

WHO = {"by": "Ann Lee", "reason": "The registrar called."}


@pytest.fixture
def two(colleges):
    """Two learners of two students each."""
    colleges.add("CACC", "1", "ssn-a")
    colleges.add("SNEAD", "1", "ssn-a")
    colleges.add("CACC", "2", "ssn-b")
    colleges.add("REID", "2", "ssn-b")
    links = colleges.tonight()
    return links["CACC", "1"], links["CACC", "2"]


def _views(colleges):
    links = colleges.ask("from identity_link order by institution_code, student_id")
    return links, colleges.ask("from learner order by learner_id")


def test_a_merge_joins_and_names_who_and_why(colleges, two):
    done = merge(colleges.home, *two, **WHO)
    assert {done.survivor, done.retired} == set(two)
    assert set(colleges.links().values()) == {done.survivor}
    (event,) = colleges.ask(
        "select event_id, decided_by, reasons from identity_event "
        "where event_type = 'merge'"
    )
    assert event == (done.event_id, "steward:Ann Lee", ["The registrar called."])
    assert colleges.ask(
        "select status, merged_into_learner_id from learner "
        f"where learner_id = '{done.retired}'"
    ) == [("merged_into", done.survivor)]


def test_of_two_the_longest_standing_id_stays(colleges, two):
    colleges.add("DRAKE", "9")
    young = colleges.tonight()["DRAKE", "9"]
    assert merge(colleges.home, young, two[0], **WHO).survivor == two[0]


def test_a_split_undoes_a_merge_to_the_last_byte_of_every_view(colleges, two):
    before = _views(colleges)
    done = merge(colleges.home, *two, **WHO)
    parted = split(colleges.home, done.survivor, undo=done.event_id, **WHO)
    assert _views(colleges) == before
    assert (parted.learner, parted.parted) == (done.survivor, done.retired)
    assert not parted.is_new


def test_who_came_after_the_merge_stays_unless_named(colleges, two):
    done = merge(colleges.home, *two, **WHO)
    survivor, retired = done.survivor, done.retired
    colleges.add("DRAKE", "1", "ssn-a")
    colleges.add("DRAKE", "2", "ssn-b")
    colleges.means("two ids", "college")
    for student in ("1", "2"):
        colleges.add("DRAKE", student, "two ids")
    colleges.tonight()
    split(
        colleges.home,
        survivor,
        undo=done.event_id,
        students=[("DRAKE", "2")],
        **WHO,
    )
    links = colleges.tonight()
    assert links["DRAKE", "1"] == survivor
    assert links["DRAKE", "2"] == retired


def test_a_merge_of_the_night_is_undone_and_not_made_again(colleges, two):
    colleges.add("CACC", "2", "k12")
    colleges.add("SNEAD", "1", "k12")
    colleges.gone |= {("CACC", "1")}
    colleges.tonight()
    assert colleges.result.merged == 1
    (event,) = colleges.ask(
        "select event_id, learner_id from identity_event where event_type = 'merge'"
    )
    split(colleges.home, event[1], undo=event[0], **WHO)
    apart = colleges.links()
    assert len(set(apart.values())) == 2
    colleges.add("SNEAD", "1", "an e-mail")
    assert colleges.tonight() == apart
    assert colleges.result.merged == 0


def test_students_leave_for_a_new_id(colleges, two):
    links = colleges.links()
    parted = split(colleges.home, two[0], students=[("SNEAD", "1")], **WHO)
    assert parted.is_new
    assert colleges.links() == {**links, ("SNEAD", "1"): parted.parted}
    colleges.add("SNEAD", "1", "an e-mail")
    assert colleges.tonight() == colleges.links()
    assert len(set(colleges.links().values())) == 3


def test_students_leave_for_the_id_that_was_theirs(colleges, two):
    done = merge(colleges.home, *two, **WHO)
    own = [s for s, learner in _before(colleges, done).items()]
    parted = split(colleges.home, done.survivor, students=own[:1], **WHO)
    assert (parted.parted, parted.is_new) == (done.retired, False)
    links = colleges.links()
    assert [s for s, learner in links.items() if learner == done.retired] == own[:1]
    # The rest of them stayed where the merge had led them.
    assert links[own[1]] == done.survivor


def test_merged_parted_and_merged_again_is_one(colleges, two):
    done = merge(colleges.home, *two, **WHO)
    once = _views(colleges)[0]
    split(colleges.home, done.survivor, undo=done.event_id, **WHO)
    again = merge(colleges.home, *two, **WHO)
    assert (again.survivor, again.retired) == (done.survivor, done.retired)
    assert _views(colleges)[0] == once
    with pytest.raises(OperatorError, match="undone already"):
        split(colleges.home, done.survivor, undo=done.event_id, **WHO)


def test_an_inner_merge_is_undone_under_an_outer_one(colleges, two):
    colleges.add("DRAKE", "9")
    colleges.tonight()
    before = colleges.links()
    old, inner = two[0], merge(colleges.home, before["DRAKE", "9"], two[1], **WHO)
    merge(colleges.home, inner.survivor, old, **WHO)
    assert len(set(colleges.links().values())) == 1
    survivor = colleges.links()["CACC", "1"]
    split(colleges.home, survivor, undo=inner.event_id, **WHO)
    links = colleges.links()
    assert links["DRAKE", "9"] == before["DRAKE", "9"]
    assert links["CACC", "1"] == links["CACC", "2"] == survivor


def test_different_is_never_joined_not_even_by_way_of_others(colleges):
    colleges.add("CACC", "1", "k1")
    colleges.add("SNEAD", "1", "k2")
    colleges.tonight()
    override(colleges.home, ("CACC", "1"), ("SNEAD", "1"), DIFFERENT, **WHO)
    colleges.add("REID", "1", "k1", "k2")
    links = colleges.tonight()
    assert links["CACC", "1"] != links["SNEAD", "1"]
    assert len(colleges.waiting()) == 2


def test_same_is_joined_by_the_next_night_whatever_the_model_says(colleges):
    colleges.add("CACC", "1", "alike")
    colleges.add("CACC", "2", "alike")
    colleges.means("alike", REVIEW)
    colleges.tonight()
    assert override(colleges.home, ("CACC", "2"), ("CACC", "1"), SAME, **WHO)
    links = colleges.tonight()
    assert len(set(links.values())) == 1
    assert colleges.waiting() == set()
    (by,) = colleges.ask(
        "select decided_by from identity_event where event_type = 'merge'"
    )
    assert by == ("steward:Ann Lee",)


def test_a_decision_survives_a_retrained_model(colleges):
    colleges.add("CACC", "1", "alike")
    colleges.add("SNEAD", "1", "alike")
    colleges.means("alike", REVIEW)
    colleges.tonight()
    override(colleges.home, ("CACC", "1"), ("SNEAD", "1"), DIFFERENT, **WHO)
    colleges.model = "2"
    colleges.means("alike", MODEL, 40.0)
    for path in colleges.home.warehouse.rglob("*.parquet"):
        path.unlink()
    apart = colleges.tonight()
    assert len(set(apart.values())) == 2
    assert colleges.waiting() == set()


def test_new_evidence_brings_a_decided_pair_back_and_joins_nothing(colleges):
    colleges.add("CACC", "1", "alike")
    colleges.add("SNEAD", "1", "alike")
    colleges.means("alike", REVIEW)
    colleges.tonight()
    override(colleges.home, ("CACC", "1"), ("SNEAD", "1"), DIFFERENT, **WHO)
    colleges.tonight()
    assert colleges.waiting() == set()
    colleges.add("CACC", "1", "ssn-a")
    colleges.add("SNEAD", "1", "ssn-a")
    assert len(set(colleges.tonight().values())) == 2
    assert colleges.waiting() == {frozenset({("CACC", "1"), ("SNEAD", "1")})}
    override(colleges.home, ("CACC", "1"), ("SNEAD", "1"), DIFFERENT, **WHO)
    colleges.tonight()
    assert colleges.waiting() == set()


def test_a_merge_lifts_an_earlier_different(colleges, two):
    override(colleges.home, ("CACC", "1"), ("REID", "2"), DIFFERENT, **WHO)
    done = merge(colleges.home, *two, **WHO)
    assert set(colleges.tonight().values()) == {done.survivor}
    assert set(colleges.ask("select verdict from override")) == {("same",)}


def test_deciding_twice_is_harmless(colleges, two):
    pair = ("CACC", "1"), ("REID", "2")
    assert override(colleges.home, *pair, DIFFERENT, **WHO)
    count = len(segments(colleges.home.identity_events))
    assert not override(colleges.home, *reversed(pair), DIFFERENT, **WHO)
    assert len(segments(colleges.home.identity_events)) == count


def test_a_list_of_decisions_is_written_whole_or_not_at_all(colleges, two):
    good = PairDecision(("CACC", "1"), ("REID", "2"), DIFFERENT, "Ann Lee", "Twins.")
    other = PairDecision(("CACC", "1"), ("CACC", "2"), DIFFERENT, "Bo Ray", "Cousins.")
    bad = PairDecision(("CACC", "1"), ("CACC", "9"), DIFFERENT, "Ann Lee", "Twins.")
    events = colleges.events()
    with pytest.raises(OperatorError, match="CACC:9 has no learner"):
        override_all(colleges.home, [good, bad])
    assert colleges.events() == events
    assert override_all(colleges.home, [good, other]) == 2
    assert colleges.ask("select decided_by, reason from override order by 1") == [
        ("steward:Ann Lee", "Twins."),
        ("steward:Bo Ray", "Cousins."),
    ]


def test_an_erased_learner_is_nobody_and_stays_so(colleges, two):
    assert len(erase(colleges.home, two[0], **WHO, confirmed=True).students) == 2
    colleges.add("CACC", "1", "an e-mail")
    colleges.add("DRAKE", "1", "ssn-a")
    links = colleges.tonight()
    assert {("CACC", "1"), ("SNEAD", "1")}.isdisjoint(links)
    assert links["DRAKE", "1"] not in two
    assert colleges.result.held == 2
    with pytest.raises(OperatorError, match="is erased"):
        merge(colleges.home, *two, **WHO)


def test_a_damaged_log_decides_nothing(colleges, two):
    segment = segments(colleges.home.identity_events)[0]
    segment.write_bytes(segment.read_bytes()[:-9])
    with pytest.raises(LogError):
        merge(colleges.home, *two, **WHO)


@pytest.mark.parametrize("missing", [{"by": " "}, {"reason": ""}])
def test_nothing_is_decided_without_a_name_and_a_reason(colleges, two, missing):
    events = colleges.events()
    merged = merge(colleges.home, *two, **WHO)
    calls = [
        lambda who: merge(colleges.home, *two, **who),
        lambda who: split(colleges.home, two[0], undo=merged.event_id, **who),
        lambda who: erase(colleges.home, two[0], **who, confirmed=True),
        lambda who: override(colleges.home, ("CACC", "1"), ("REID", "2"), SAME, **who),
    ]
    count = len(colleges.events())
    for call in calls:
        with pytest.raises(OperatorError, match=r"name|reason"):
            call({**WHO, **missing})
    assert len(colleges.events()) == count > len(events)


def test_what_cannot_be_meant_is_refused_in_one_line(colleges, two):
    home, (one, other) = colleges.home, two
    done = merge(home, one, other, **WHO)
    link = colleges.ask("select event_id from identity_event where event_type = 'mint'")
    wrong = [
        (lambda: merge(home, "nobody", one, **WHO), "no learner nobody"),
        (lambda: merge(home, done.retired, done.survivor, **WHO), "was merged into"),
        (lambda: merge(home, done.survivor, done.survivor, **WHO), "name two"),
        (lambda: split(home, done.retired, undo=done.event_id, **WHO), "merged into"),
        (lambda: split(home, done.survivor, **WHO), "Name the merge"),
        (lambda: split(home, done.survivor, undo="x", **WHO), "no merge"),
        (lambda: split(home, done.survivor, undo=link[0][0], **WHO), "no merge"),
        (
            lambda: split(home, done.survivor, students=[("CACC", "9")], **WHO),
            "has no learner",
        ),
        (
            lambda: split(home, done.survivor, students=list(colleges.links()), **WHO),
            "Nobody would be left",
        ),
        (
            lambda: override(home, ("CACC", "1"), ("CACC", "2"), DIFFERENT, **WHO),
            "part them with lrw identity split",
        ),
        (
            lambda: override(home, ("CACC", "1"), ("CACC", "1"), SAME, **WHO),
            "name two",
        ),
        (
            lambda: override(home, ("CACC", "1"), ("CACC", "2"), "maybe", **WHO),
            "same or different",
        ),
    ]
    events = colleges.events()
    for call, message in wrong:
        with pytest.raises(OperatorError, match=message) as told:
            call()
        assert "\n" not in str(told.value)
    assert colleges.events() == events


def test_two_words_that_contradict_each_other_are_refused(colleges, two):
    override(colleges.home, ("SNEAD", "1"), ("REID", "2"), DIFFERENT, **WHO)
    with pytest.raises(OperatorError, match="decided to be different"):
        override(colleges.home, ("CACC", "1"), ("CACC", "2"), SAME, **WHO)


def test_a_same_that_no_night_acted_on_speaks_too(colleges):
    a, b, c = (colleges.add(code, "1") for code in ("CACC", "REID", "SNEAD"))
    colleges.tonight()
    override(colleges.home, a, b, SAME, **WHO)
    override(colleges.home, a, c, SAME, **WHO)
    events = colleges.events()
    with pytest.raises(OperatorError, match="makes the two one person"):
        override(colleges.home, b, c, DIFFERENT, **WHO)
    assert colleges.events() == events
    assert override(colleges.home, a, c, DIFFERENT, **WHO)
    assert override(colleges.home, b, c, DIFFERENT, **WHO)
    links = colleges.tonight()
    assert links[a] == links[b] != links[c]


def test_a_same_that_cannot_be_joined_comes_back_and_says_so(colleges):
    a, b, c = (colleges.add(code, "1", "alike") for code in ("CACC", "REID", "SNEAD"))
    colleges.means("alike", REVIEW)
    colleges.tonight()
    override(colleges.home, a, b, SAME, **WHO)
    colleges.tonight()
    merge(colleges.home, colleges.links()[a], colleges.links()[c], **WHO)
    split(colleges.home, colleges.links()[a], students=[c], **WHO)
    # What two stewards said in the same minute, each without the other.
    with writing(colleges.home.identity_events) as log:
        said = dict.fromkeys(NEW_EVENT_SCHEMA.names) | {
            "event_id": "late",
            "event_type": "override_same",
            "learner_id": colleges.links()[b],
            "other_learner_id": colleges.links()[c],
            "institution_code": b[0],
            "student_id": b[1],
            "other_institution_code": c[0],
            "other_student_id": c[1],
            "decided_by": "steward:Bo Ray",
            "reasons": ["Seen."],
            "decided_at": datetime.now(UTC),
        }
        log.append(pa.Table.from_pylist([said], NEW_EVENT_SCHEMA))
    links = colleges.tonight()
    assert links[b] != links[c]
    assert colleges.reasons()[frozenset({b, c})][0] == (
        "A steward said same; joining would join others who must stay apart."
    )


def test_an_erased_learner_waits_for_nobody_and_is_not_in_the_vault(colleges):
    a, b = (colleges.add(code, "1", "alike") for code in ("CACC", "REID"))
    colleges.means("alike", REVIEW)
    links = colleges.tonight()
    assert colleges.waiting() == {frozenset({a, b})}
    erase(colleges.home, links[a], **WHO, confirmed=True)
    colleges.add(*a, "a new phone")
    colleges.tonight()
    assert colleges.waiting() == set()
    said = colleges.known(a).encode(), b"alike", b"a new phone"
    for path in colleges.home.vault.rglob("*.parquet"):
        text = str(pq.read_table(path).to_pylist()).encode() + path.read_bytes()
        assert not any(one in text for one in said)


def test_an_erasure_has_to_be_meant(colleges, two):
    events = colleges.events()
    with pytest.raises(UsageError, match=r"CACC:1, SNEAD:1; .* give --yes"):
        erase(colleges.home, two[0], **WHO, confirmed=False)
    assert colleges.events() == events


def _before(colleges, done):
    """The students whose link names the id that a merge retired."""
    return {
        (row[0], row[1]): row[2]
        for row in colleges.ask(
            "select institution_code, student_id, linked_to from identity_link "
            f"where linked_to = '{done.retired}' order by all"
        )
    }
