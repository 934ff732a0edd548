"""A planted violation of every edit is caught by that edit, on that row, and alone."""

import polars as pl
import pytest
from contract_plants import FILE_PLANTS, PLANTS, Plant, column_plant
from contract_world import (
    CONTRACTS,
    WORLD,
    connect,
    practices_ending,
    raw_frame,
    register,
    typed_frame,
)

from pipelines.contracts.model import Edit, Feed
from pipelines.contracts.polars import typed
from pipelines.landing.judging.judge import Judgement, judge, judge_packages

FEEDS = list(CONTRACTS.feeds.values())
COLUMN_EDITS = [edit for feed in FEEDS for edit in feed.edits_of("column")]
ROW_EDITS = [edit for feed in FEEDS for edit in feed.edits_of("row", "reference")]
FILE_EDITS = [edit for feed in FEEDS for edit in feed.edits_of("file") if edit.query]


def feed_of(edit: Edit) -> Feed:
    return CONTRACTS.feeds[edit.feed or ""]


def judge_plant(feed: Feed, plant: Plant) -> Judgement:
    rows = plant.rows(feed.name)
    with (
        connect(feed, plant.in_force(feed.name), plant.others) as con,
        practices_ending(con, plant.practice_ends),
    ):
        return judge(feed, raw_frame(feed, rows), typed_frame(feed, rows), con)


def fired(judgement: Judgement) -> set[tuple[int, str]]:
    return set(judgement.findings.select("_row", "edit_id").rows())


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_no_edit_fires_on_the_clean_world(feed: Feed) -> None:
    judgement = judge_plant(feed, Plant())
    assert judgement.findings.is_empty()
    assert judgement.file_findings.is_empty()


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_no_edit_fires_when_the_clean_world_is_sent_again(feed: Feed) -> None:
    plant = Plant()
    rows = plant.rows(feed.name)
    with connect(feed, WORLD[feed.name]) as con:
        again = judge(feed, raw_frame(feed, rows), typed_frame(feed, rows), con)
    assert again.findings.is_empty()


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_each_column_edit_fires_alone_on_its_row(feed: Feed) -> None:
    # Each edit has a college of its own in one wave: some 480 edits need 23 judgements.
    edits = feed.edits_of("column")
    size = len(WORLD[feed.name])
    frames = []
    for at, edit in enumerate(edits):
        rows = column_plant(edit, feed.column(edit.columns[0])).rows(feed.name)
        frames.append(
            raw_frame(feed, rows).with_columns(
                institution_code=pl.lit(f"C{at}"), _row=pl.col("_row") + at * size
            )
        )
    raw = pl.concat(frames)
    colleges = pl.DataFrame(
        {"institution_code": [f"C{at}" for at in range(len(edits))]}
    )
    others = {name: WORLD[name] for name in CONTRACTS.feeds if name != feed.name}
    with connect(feed, others=others) as con:
        for name in others:
            clean = typed_frame(CONTRACTS.feeds[name], WORLD[name])
            everywhere = clean.drop("institution_code").join(colleges, how="cross")
            con.register(name, everywhere.with_columns(is_closed=False))
        found = judge(feed, raw, typed(feed, raw), con)
    expected = {(at * size, edit.id) for at, edit in enumerate(edits)}
    assert fired(found) == expected


@pytest.mark.parametrize("edit", ROW_EDITS, ids=lambda edit: edit.id)
def test_a_planted_violation_fires_its_edit_alone(edit: Edit) -> None:
    plant = PLANTS[edit.id]
    found = judge_plant(feed_of(edit), plant)
    assert fired(found) == {(row, edit.id) for row in plant.hits()}
    assert found.findings["column"].to_list() == ["+".join(edit.columns)] * len(
        plant.hits()
    )


@pytest.mark.parametrize("edit", FILE_EDITS, ids=lambda edit: edit.id)
def test_a_planted_file_names_the_college(edit: Edit) -> None:
    plant = FILE_PLANTS[edit.id]
    feed = feed_of(edit)
    with connect(feed, others=plant.others) as con:
        for name, other in CONTRACTS.feeds.items():
            sent = plant.others.get(name, WORLD[name])
            register(con, f"package_{name}", other, sent)
        register(con, "term", CONTRACTS.feeds["term"], WORLD["term"])
        rows = plant.rows(feed.name)
        found = judge(feed, raw_frame(feed, rows), typed_frame(feed, rows), con)
        in_package = judge_packages(feed, con)
    both = pl.concat([found.file_findings, in_package])
    assert both.select("institution_code", "edit_id").rows() == [("CACC", edit.id)]


def test_every_edit_of_a_row_or_a_file_query_has_a_plant() -> None:
    assert set(PLANTS) == {edit.id for edit in ROW_EDITS}
    assert set(FILE_PLANTS) == {edit.id for edit in FILE_EDITS}


def test_two_edits_on_one_row_are_both_named() -> None:
    feed = CONTRACTS.feeds["course_result"]
    found = judge_plant(feed, Plant({"earned_credit": "4", "grade_posted_on": ""}))
    assert fired(found) == {(0, "CRR-Q03"), (0, "CRR-Q09")}


def test_colleges_of_one_wave_do_not_see_each_other() -> None:
    feed = CONTRACTS.feeds["course_result"]
    rows = WORLD["course_result"]
    raw = raw_frame(feed, rows)
    stranger = raw.with_columns(
        institution_code=pl.lit("CVCC"), _row=pl.col("_row") + len(rows)
    )
    both = pl.concat([raw, stranger])
    wide = pl.concat(
        [
            typed_frame(feed, rows),
            typed_frame(feed, rows).with_columns(
                institution_code=pl.lit("CVCC"), _row=pl.col("_row") + len(rows)
            ),
        ]
    )
    with connect(feed) as con:
        found = judge(feed, both, wide, con)
    hit = found.findings.filter(pl.col("edit_id") == "CRR-Q01")
    assert hit["_row"].to_list() == [4, 5, 6, 7]


def test_a_closed_term_is_good_only_for_rows_that_used_it() -> None:
    feed = CONTRACTS.feeds["course_result"]
    closed = [
        {**row, "_op": "C"} if row["term_code"] == "202610" else row
        for row in WORLD["term"]
    ]
    rows = WORLD["course_result"]
    with connect(feed, before=[rows[0]], others={"term": closed}) as con:
        found = judge(feed, raw_frame(feed, rows), typed_frame(feed, rows), con)
    assert fired(found) == {(3, "CRR-Q01")}


def test_restricted_values_are_not_in_findings() -> None:
    feed = CONTRACTS.feeds["person_identifier"]
    found = judge_plant(feed, PLANTS["PID-Q01"])
    assert "078051120" not in str(found.findings.rows())


def test_an_edit_is_silent_on_data_from_before_its_effective_date() -> None:
    feed = CONTRACTS.feeds["term"]
    rows = PLANTS["TRM-Q01"].rows("term")
    old = pl.lit("2026-07-31").str.to_date()
    with connect(feed) as con:
        found = judge(
            feed,
            raw_frame(feed, rows).with_columns(as_of=old),
            typed_frame(feed, rows).with_columns(as_of=old),
            con,
        )
    assert found.findings.is_empty()


def test_a_term_missing_from_five_rows_is_left_to_the_edits_of_those_rows() -> None:
    feed = CONTRACTS.feeds["term"]
    few = [{**WORLD["section"][0], "term_code": "209999"}] * 5
    with connect(feed) as con:
        for name, other in CONTRACTS.feeds.items():
            register(con, f"package_{name}", other, few if name == "section" else [])
        register(con, "term", feed, WORLD["term"])
        assert judge_packages(feed, con).is_empty()


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_a_file_without_rows_is_judged_without_findings(feed: Feed) -> None:
    with connect(feed, WORLD[feed.name]) as con:
        found = judge(feed, raw_frame(feed, []), typed_frame(feed, []), con)
    assert found.findings.is_empty()
    assert found.file_findings.is_empty()
