"""What of a table of counts is shown, cell by cell, where a rule has an edge."""

import subprocess
import sys

import polars as pl
import pytest
from attacker import attacked, naive
from made_tables import rolled
from test_attacked import holds

from pipelines.suppression import Released, Rules, SuppressionError, suppress


def table(leaves, release="1", metric="m") -> list[dict]:
    cells = {place: list(counts) for place, counts in leaves.items()}
    return [
        {"release": release, "metric": metric} | row
        for row in rolled(cells, "college", "group")
    ]


def at(frame: pl.DataFrame, college=None, group=None, release="1", metric="m") -> dict:
    (row,) = [
        row
        for row in frame.to_dicts()
        if (row["college"], row["group"]) == (college, group)
        and (row["release"], row["metric"]) == (release, metric)
    ]
    return row


LARGE = {
    ("A", "x"): (60, 100), ("A", "y"): (50, 100),
    ("B", "x"): (40, 100), ("B", "y"): (70, 100),
}  # fmt: skip


def test_tables_of_large_cells_are_shown_whole() -> None:
    frame = pl.DataFrame(table(LARGE))
    public = suppress(frame).public()
    assert public["numerator"].to_list() == frame["numerator"].to_list()
    assert public["denominator"].to_list() == frame["denominator"].to_list()
    assert set(public["numerator_mark"]) == {"shown"}


def test_nobody_and_everybody_are_ranges_that_leave_ten_people_open() -> None:
    leaves = LARGE | {("A", "x"): (0, 200), ("B", "y"): (400, 400)}
    public = suppress(pl.DataFrame(table(leaves))).public()
    none, every = at(public, "A", "x"), at(public, "B", "y")
    assert (none["numerator"], none["rate"]) == (None, "<=5 %")
    assert (none["numerator_mark"], none["denominator"]) == ("coded 0 %", 200)
    assert (every["numerator_mark"], every["rate"]) == ("coded 100 %", ">=95 %")


@pytest.mark.parametrize("numerator", range(11))
def test_a_code_does_not_say_that_a_count_is_below_the_minimum(numerator: int) -> None:
    frame = pl.DataFrame(table({("A", "x"): (numerator, 200)}))
    public = suppress(frame).public()
    holds(attacked(public, frame))
    assert at(public, "A", "x")["rate"] == "<=5 %"


def test_one_member_of_a_group_hides_others_and_not_the_margins() -> None:
    leaves = LARGE | {("A", "z"): (1, 1), ("B", "z"): (20, 45)}
    frame = pl.DataFrame(table(leaves))
    released = suppress(frame)
    public = released.public()
    assert at(public, "A", "z")["denominator"] is None
    assert at(public, "B", "z")["denominator"] is None
    assert at(public)["denominator"] == 446
    assert at(released.office, "A", "z")["denominator_reason"] == "primary"
    assert at(released.office, "B", "z")["denominator_reason"] == "complementary"
    # From outside, the one member's cell is like the one that hides it.
    marks = {at(public, c, "z")["denominator_mark"] for c in "AB"}
    assert marks == {"hidden"}
    holds(attacked(public, frame))
    assert attacked(naive(frame), frame).recovered


def test_where_all_are_few_nothing_is_shown() -> None:
    leaves = {(c, g): (1, 2) for c in "AB" for g in "xy"}
    frame = pl.DataFrame(table(leaves))
    public = suppress(frame).public()
    assert public["denominator"].null_count() == public.height
    holds(attacked(public, frame))


def test_a_college_below_the_minimum_is_not_told_by_the_state() -> None:
    leaves = LARGE | {("C", "x"): (2, 4), ("C", "y"): (1, 3)}
    frame = pl.DataFrame(table(leaves))
    public = suppress(frame).public()
    assert at(public, "C")["denominator"] is None
    assert at(public)["denominator"] == 407
    holds(attacked(public, frame))


def test_a_row_that_nobody_lists_is_hidden_too() -> None:
    """Group z of college A is left out of the table, and follows from A's total."""
    leaves = LARGE | {("A", "z"): (2, 3), ("B", "z"): (20, 40)}
    rows = table(leaves)
    rows = [r for r in rows if (r["college"], r["group"]) != ("A", "z")]
    public = suppress(pl.DataFrame(rows)).public()
    shown = [at(public, "A", group)["denominator"] for group in (None, "x", "y")]
    assert None in shown


def test_two_breakdowns_of_colleges_that_print_no_college() -> None:
    """By group all of A are told; by age they are not, and one of the two tells it."""
    rows = []
    for college in ("A", "B", "C"):
        for name, kind, parts in (
            ("group", "age", {"x": (60, 120), "y": (50, 90)}),
            ("age", "group", {"young": (60, 107), "older": (50, 103)}),
        ):
            for part, (numerator, denominator) in parts.items():
                small = college == "A" and part == "older"
                rows.append(
                    {"release": "1", "metric": "m", "college": college}
                    | {name: part, kind: None}
                    | {
                        "numerator": 2 if small else numerator,
                        "denominator": 4 if small else denominator,
                    }
                )
            if college == "A" and name == "age":
                rows[-2] |= {"numerator": 108, "denominator": 206}
    public = suppress(pl.DataFrame(rows)).public()
    of_a = public.filter(pl.col("college") == "A")
    assert of_a.filter(pl.col("age") == "older")["denominator"].to_list() == [None]
    assert of_a["denominator"].null_count() > 1


def test_a_change_of_two_does_not_show_between_releases() -> None:
    later = LARGE | {("A", "x"): (61, 102)}
    frame = pl.DataFrame(table(LARGE) + table(later, "2"))
    released = suppress(frame)
    moved = at(released.office, "A", "x", "2")
    assert moved["denominator_reason"] == "difference"
    assert at(released.public(), "B", "y", "2")["denominator"] == 100
    holds(attacked(released.public(), frame))
    assert attacked(naive(frame), frame).moves_recovered


def test_what_hides_another_hides_it_in_every_release() -> None:
    """Were C and D hidden in turn beside A, both releases together would tell A."""
    leaves = {("A", "x"): (2, 5), ("C", "x"): (30, 60), ("D", "x"): (30, 62)}
    leaves |= {(c, "y"): (100, 200) for c in "ACD"}
    later = leaves | {("C", "y"): (180, 360)}
    frame = pl.DataFrame(table(leaves) + table(later, "2"))
    public = suppress(frame).public()
    for college in "CD":
        cells = [at(public, college, "x", r)["denominator"] for r in "12"]
        assert cells[0] == cells[1]
    holds(attacked(public, frame))


def test_a_release_that_is_out_stays_as_it_is() -> None:
    first = pl.DataFrame(table(LARGE | {("A", "z"): (1, 3), ("B", "z"): (20, 45)}))
    later = pl.DataFrame(table(LARGE | {("A", "z"): (1, 3), ("B", "z"): (21, 47)}, "2"))
    out = suppress(first)
    both = suppress(later, earlier=out)
    old = both.public().filter(pl.col("release") == "1")
    assert old.equals(out.public())
    assert both.office.equals(suppress(pl.concat([first, later])).office)
    holds(attacked(both.public(), pl.concat([first, later])))
    with pytest.raises(SuppressionError, match="does not come after 2"):
        suppress(first, earlier=both)
    with pytest.raises(SuppressionError, match="under other rules"):
        suppress(later, Rules(minimum=5), earlier=out)


def test_what_an_earlier_release_gave_away_is_said() -> None:
    """Release 1 hid one cell of a group and none beside it."""
    leaves = LARGE | {("A", "z"): (1, 3), ("B", "z"): (20, 45)}
    out = suppress(pl.DataFrame(table(leaves)))
    small = (pl.col("college") == "A") & (pl.col("group") == "z")
    reasons = [
        pl.when(small).then(pl.lit("primary")).otherwise(pl.lit("shown")).alias(name)
        for name in ("numerator_reason", "denominator_reason")
    ]
    naively = Released(out.office.with_columns(reasons), out.rules)
    with pytest.raises(
        SuppressionError, match="release 1, college A, group z: earlier"
    ):
        suppress(pl.DataFrame(table(leaves, "2")), earlier=naively)


def test_a_new_row_in_which_nobody_is_says_so_when_all_else_does() -> None:
    out = suppress(pl.DataFrame(table(LARGE)))
    later = pl.DataFrame(table(LARGE | {("C", "x"): (0, 0)}, "2"))
    public = suppress(later, earlier=out).public()
    assert at(public, "C", "x", "2")["denominator"] == 0


def test_colleges_that_merged_are_compared_with_their_sum() -> None:
    before = LARGE | {("C", "x"): (30, 60), ("C", "y"): (30, 60)}
    after = dict(LARGE)
    after["A", "x"] = (91, 163)
    after["A", "y"] = (80, 160)
    frame = pl.DataFrame(table(before) + table(after, "2"))
    merged = {"college": {"C": "A"}}
    told = attacked(naive(frame), frame, merged)
    assert told.moves_recovered
    released = suppress(frame, merged=merged)
    assert at(released.public(), "A", "x", "2")["denominator"] is None
    assert at(released.public(), "A", "y", "2")["denominator"] == 160
    holds(attacked(released.public(), frame, merged))


def averaged(small: int) -> pl.DataFrame:
    """Credits to the award, of those who got one; a sum over the people adds up."""
    leaves = LARGE | {("A", "z"): (30, 70), ("B", "z"): (40, 90)}
    having = {place: n for place, (n, _) in leaves.items()} | {("A", "z"): small}
    rows = table(leaves)
    for row in rows:
        of = [
            (count, 60.0 + 5 * i)
            for i, ((college, group), count) in enumerate(having.items())
            if row["college"] in (None, college) and row["group"] in (None, group)
        ]
        row["average_count"] = sum(count for count, _ in of)
        total = sum(count * average for count, average in of)
        row["average"] = total / row["average_count"]
    return pl.DataFrame(rows)


def test_an_average_is_shown_by_its_own_count() -> None:
    frame = averaged(small=4)
    released = suppress(frame)
    public = released.public()
    few = at(public, "A", "z")
    assert (few["denominator"], few["numerator"]) == (70, 30)
    assert (few["average"], few["average_count"]) == (None, None)
    assert public["average"].null_count() > 1
    assert at(public, "B", "z")["average"] == 85
    holds(attacked(public, frame))
    assert attacked(naive(frame), frame).averages_recovered


def test_an_average_of_all_who_count_does_not_print_their_number() -> None:
    leaves = LARGE | {("A", "z"): (4, 70), ("B", "z"): (5, 90)}
    rows = [
        r | {"average": 61.5, "average_count": r["numerator"]} for r in table(leaves)
    ]
    public = suppress(pl.DataFrame(rows)).public()
    hidden = public.filter(pl.col("numerator").is_null())
    assert hidden.height > 1
    assert hidden["average_count"].null_count() == hidden.height


def test_metrics_of_one_cohort_hide_the_same_denominators() -> None:
    """The second metric would show what the first hides."""
    leaves = LARGE | {("A", "z"): (1, 3), ("B", "z"): (20, 45), ("C", "z"): (44, 50)}
    leaves |= {("C", "x"): (30, 70)}
    other = {place: (min(n + 9, d), d) for place, (n, d) in leaves.items()}
    rows = [
        row | {"cohort": "entry"}
        for row in table(leaves) + table(other, metric="in six years")
    ]
    public = suppress(pl.DataFrame(rows)).public()
    for row in public.filter(pl.col("metric") == "m").to_dicts():
        twin = at(public, row["college"], row["group"], metric="in six years")
        assert twin["denominator"] == row["denominator"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"numerator": 101}, "m, release 1, college A, group x: a numerator"),
        ({"denominator": 1000}, "the parts by .* are more than their whole"),
        ({"group": "y"}, "m, release 1, college A, group y is there twice"),
    ],
)
def test_a_table_that_cannot_be_is_refused_in_words(change: dict, says: str) -> None:
    rows = table(LARGE)
    for row in rows:
        if (row["college"], row["group"]) == ("A", "x"):
            row.update(change)
    with pytest.raises(SuppressionError, match=says):
        suppress(pl.DataFrame(rows))


def test_other_thresholds() -> None:
    leaves = LARGE | {("A", "z"): (6, 14), ("B", "z"): (20, 45)}
    frame = pl.DataFrame(table(leaves))
    five = suppress(frame, Rules(minimum=5, width=5)).public()
    assert at(five, "A", "z")["numerator"] == 6
    assert at(suppress(frame).public(), "A", "z")["numerator"] is None
    with pytest.raises(SuppressionError, match="A minimum cell is 2 or more"):
        Rules(minimum=0)


def test_nothing_is_written_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    suppress(pl.DataFrame(table(LARGE | {("A", "z"): (1, 3), ("B", "z"): (20, 45)})))
    assert capfd.readouterr() == ("", "")


def test_whoever_used_highs_before_in_the_process() -> None:
    """HiGHS has one pool of threads a process, and refuses another number of them."""
    script = (
        "import highspy, polars as pl; from pipelines.suppression import suppress;"
        "other = highspy.Highs(); other.silent(); other.addVar(0, 1); other.run();"
        "rows = [('A', 4), ('B', 20), (None, 24)];"
        "keys = ('release', 'metric', 'college', 'numerator', 'denominator');"
        "rows = [('1', 'm', c, n, 2 * n) for c, n in rows];"
        "print(suppress(pl.DataFrame(rows, keys, orient='row')).reasons())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert "primary" in done.stdout, done.stderr
