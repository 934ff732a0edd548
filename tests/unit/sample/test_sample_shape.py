import polars as pl

from pipelines.sample.history import standing_on
from pipelines.sample.state import State


def _first(state: State, feed: str) -> pl.DataFrame:
    return standing_on(state.feeds[feed], 1)


def test_three_quarters_attend_one_college_and_one_in_twenty_three(accs: State) -> None:
    ids = accs.records.filter(~pl.col("second") & (pl.col("role") != "NONCREDIT"))
    colleges = ids.group_by("l").agg(n=pl.col("_c").n_unique())["n"]
    assert abs((colleges == 1).mean() - 0.75) < 0.03
    assert abs((colleges == 2).mean() - 0.20) < 0.03
    assert abs((colleges == 3).mean() - 0.05) < 0.02


def test_the_largest_college_is_about_twelve_times_the_smallest(accs: State) -> None:
    sizes = accs.records.group_by("_c").len()["len"]
    assert sizes.len() == 24
    assert 7 < sizes.max() / sizes.min() < 22


def test_a_learner_has_about_a_dozen_results(accs: State) -> None:
    results = _first(accs, "course_result")
    assert 10 < results.height / accs.records["l"].n_unique() < 20


def test_four_in_five_records_have_an_ssn_and_the_others_a_pseudo_one(
    accs: State, tbr: State
) -> None:
    ids = _first(accs, "person_identifier")
    kinds = dict(ids["id_type"].value_counts().iter_rows())
    people = _first(accs, "person").height
    assert 0.65 < kinds["SSN"] / people < 0.85
    pseudo = ids.filter(pl.col("id_type") == "PSEUDO_SSN")["id_value"]
    assert pseudo.str.contains(r"^99\d{7}$").all()
    # Two colleges can issue the same one.
    assert pseudo.is_duplicated().any()
    assert "PSEUDO_SSN" not in set(_first(tbr, "person_identifier")["id_type"])
    assert {"STATE_PS_ID", "STATE_K12_ID", "ITIN", "SSN_LAST4", "OLD_STUDENT_ID",
            "SOURCE_PK", "EMAIL"} <= set(kinds)  # fmt: skip


def test_every_ssn_is_plausible_and_of_an_area_never_assigned(accs: State) -> None:
    ids = _first(accs, "person_identifier").filter(pl.col("id_type") == "SSN")
    value = ids["id_value"]
    assert value.str.contains(r"^\d{9}$").all()
    assert value.str.slice(0, 3).cast(pl.Int64).is_between(773, 899).all()
    assert not (value.str.slice(3, 2) == "00").any()
    assert not (value.str.slice(5, 4) == "0000").any()


def test_twins_namesakes_households_and_mononyms_exist(accs: State) -> None:
    people = accs.records.filter(pl.col("j") == 0)
    twins = people.filter("twin")
    assert twins.height > 5
    other = people.select(l=pl.col("l") + 1, last="last_name", born="birth_date",
                          home="address_line1")  # fmt: skip
    pairs = twins.join(other, on="l")
    assert (pairs["birth_date"] == pairs["born"]).mean() > 0.9
    assert (pairs["address_line1"] == pairs["home"]).all()
    assert {"JR", "SR"} <= set(people["suffix"].drop_nulls())
    assert people.filter("mononym")["first_name"].null_count() > 0
    mail = people["email_personal"].drop_nulls()
    assert mail.is_duplicated().any()
    assert people["last_name"].str.contains("[ñéüõåç']").any()


def test_grades_cover_what_a_college_knows(accs: State) -> None:
    results = _first(accs, "course_result")
    assert {"COMPLETED", "WITHDRAWN", "ENROLLED", "AUDIT"} == set(
        results["registration_status"]
    )
    assert {"STANDARD", "PASS_FAIL", "AUDIT", "DEVELOPMENTAL"} == set(
        results["grade_mode"]
    )
    running = results.filter(pl.col("grade_seq") == 0)
    assert running.height > 100
    assert running["grade_local"].null_count() == running.height
    assert running["earned_credit"].null_count() == running.height
    failed = results.filter(pl.col("grade_local") == "F")
    assert failed.height > 100
    assert failed["earned_credit"].sum() == 0
    assert results.filter(pl.col("repeat_code") == "EXCLUDE").height > 10
    assert results["section_id"].str.starts_with("HIST-").any()
    assert (results["dual_enrollment"] == "Y").mean() > 0.02


def test_technical_colleges_count_clock_hours_in_trimesters(tbr: State) -> None:
    tcat = tbr.colleges.filter(pl.col("sector") == "TCAT")["_c"]
    assert tcat.len() == 22
    rows = _first(tbr, "course_result").filter(pl.col("_c").is_in(tcat.implode()))
    assert set(rows["credit_unit"]) == {"CLOCK"}
    assert (rows["clock_hours_attended"] <= rows["clock_hours_scheduled"]).all()
    terms = tbr.feeds["term"].filter(pl.col("_c").is_in(tcat.implode()))
    assert set(terms["term_type"]) == {"TRIMESTER"}


def test_closed_colleges_do_not_send(tbr: State) -> None:
    codes = set(tbr.colleges["institution_code"])
    assert not codes & {"TCAT_LIV", "TCAT_COV", "TCAT_RIP", "TCAT_WHIT"}


def test_one_term_has_another_code_at_another_college(accs: State) -> None:
    terms = accs.feeds["term"].filter(pl.col("title") == "Fall 2026")
    codes = set(terms["term_code"])
    assert len(codes) >= 4
    # The same code names different terms at different colleges.
    spring = accs.feeds["term"].filter(pl.col("title") == "Spring 2026")
    fall = accs.feeds["term"].filter(pl.col("title") == "Fall 2025")
    assert set(spring["term_code"]) & set(fall["term_code"])


def test_transferred_courses_are_real_results_at_the_college_that_is_named(
    accs: State,
) -> None:
    codes = accs.colleges.select(from_c="_c", source_code="unitid")
    who = accs.records.select("l", "_c", "student_id")
    sent = (
        _first(accs, "transfer_credit")
        .filter(
            pl.col("source_term_text").is_not_null()
            & pl.col("source_credit").is_not_null()
        )
        .join(codes, on="source_code")
        .join(who, on=["_c", "student_id"])
    )
    assert sent.height > 300
    known = (
        _first(accs, "course_result")
        .join(who, on=["_c", "student_id"])
        .select(
            "l", from_c="_c", source_term_text="term_code", source_subject="subject",
            source_number="course_number", source_credit="earned_credit",
            source_grade="grade_local",
        )
    )  # fmt: skip
    missing = sent.join(known, on=known.columns, how="anti")
    assert missing.height == 0
    assert {"ACCEPTED", "REJECTED", "PENDING"} == set(sent["decision"])


def test_credit_is_evaluated_together_apart_and_in_other_units(accs: State) -> None:
    rows = _first(accs, "transfer_credit")
    groups = rows.group_by("_c", "student_id", "equiv_group").len()
    assert groups["len"].max() == 2
    assert "QH" in set(rows["source_credit_unit"].drop_nulls())
    assert {"INSTITUTION", "AP", "CLEP"} <= set(rows["source_type"])
    refused = rows.filter(pl.col("decision") != "ACCEPTED")
    assert refused["accepted_credit"].sum() == 0


def test_awards_are_conferred_and_some_revoked(accs: State) -> None:
    awards = accs.feeds["credential_award"]
    assert {"AWARDED", "REVOKED"} == set(awards["status"])
    revoked = awards.filter((pl.col("status") == "REVOKED") & (pl.col("_from") > 1))
    assert revoked.height > 0
    # A revocation is a new version of the award that was given.
    given = awards.filter(pl.col("status") == "AWARDED").select(
        "_c", "student_id", "award_id"
    )
    assert revoked.join(given, on=given.columns, how="anti").height == 0


def test_about_one_percent_of_the_people_change_each_night(accs: State) -> None:
    people = _first(accs, "person").height
    for night in (2, 3):
        touched: set[tuple[int, str]] = set()
        for frame in accs.feeds.values():
            if "student_id" not in frame.columns:
                continue
            rows = frame.filter((pl.col("_from") == night) | (pl.col("_to") == night))
            touched |= set(rows.select("_c", "student_id").iter_rows())
        assert 0.005 < len(touched) / people < 0.06


def test_keys_are_unique_on_every_night(
    accs: State, tbr: State, contracts: object
) -> None:
    for state in (accs, tbr):
        for night in (1, 2, 3):
            for name, feed in contracts.feeds.items():  # type: ignore[attr-defined]
                # An agency's feed is written when it is asked for.
                if feed.kind == "agency":
                    continue
                rows = standing_on(state.feeds[name], night)
                keys = rows.select("_c", *feed.key)
                assert not keys.is_duplicated().any(), (name, night)
