"""Who is one learner: the exact rules, their guard, and ids that do not move."""

from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.identity.link import decide
from pipelines.identity.rules import ExactRule

BORN = date(1999, 5, 17)
OTHER = date(1971, 2, 3)


class Colleges:
    """The three feeds that identity reads, as a college would leave them in force."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.person: list[tuple] = []
        self.identifier: list[tuple] = []
        self.merge: list[tuple] = []

    def add(self, college, student, born=BORN, quality="FULL", **identifiers):
        self.person.append((college, student, born, quality))
        for id_type, value in identifiers.items():
            self.identifier.append((college, student, id_type, value))

    def tonight(self) -> dict[tuple[str, str], str]:
        with duckdb.connect() as con:
            con.execute(
                "create table person (institution_code varchar, student_id varchar, "
                "birth_date date, birth_date_quality varchar)"
            )
            con.execute(
                "create table person_identifier (institution_code varchar, "
                "student_id varchar, id_type varchar, id_value varchar)"
            )
            con.execute(
                "create table person_merge (institution_code varchar, "
                "from_student_id varchar, to_student_id varchar, kind varchar)"
            )
            for table, rows in (
                ("person", self.person),
                ("person_identifier", self.identifier),
                ("person_merge", self.merge),
            ):
                if rows:
                    marks = ", ".join("?" * len(rows[0]))
                    con.executemany(f"insert into {table} values ({marks})", rows)
            self.set_aside = decide(con, self.log)
            links = con.execute(
                "select institution_code, student_id, learner_id, linked_by, reasons "
                "from identity_link"
            ).fetchall()
        self.reasons = {(row[0], row[1]): (row[3], row[4]) for row in links}
        return {(row[0], row[1]): row[2] for row in links}

    def events(self) -> int:
        return sum(pq.read_metadata(p).num_rows for p in self.log.glob("*.parquet"))


@pytest.fixture
def colleges(tmp_path):
    return Colleges(tmp_path / "log")


def test_the_same_tax_number_and_birth_date_at_two_colleges_is_one_learner(colleges):
    colleges.add("CACC", "1", SSN="hmac-a")
    colleges.add("SNEAD", "1", SSN="hmac-a")
    colleges.add("SNEAD", "2", SSN="hmac-b")
    links = colleges.tonight()
    assert links["CACC", "1"] == links["SNEAD", "1"] != links["SNEAD", "2"]
    rule, reasons = colleges.reasons["CACC", "1"]
    assert rule == "tax-id-and-birth-date/1"
    assert "birth date" in reasons[0]


@pytest.mark.parametrize(
    ("id_type", "value"),
    [
        ("PSEUDO_SSN", "991234567"),
        ("EMAIL", "home@example.org"),
        ("WALLET_DID", "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"),
    ],
)
def test_local_numbers_and_household_mailboxes_do_not_link(colleges, id_type, value):
    colleges.add("CACC", "1", **{id_type: value})
    colleges.add("SNEAD", "1", **{id_type: value})
    links = colleges.tonight()
    assert links["CACC", "1"] != links["SNEAD", "1"]


@pytest.mark.parametrize("id_type", ["WALLET_DID", "EMAIL"])
def test_nobody_can_declare_a_rule_that_links_by_a_wallet_or_an_address(id_type):
    with pytest.raises(ValueError, match="never links two records"):
        ExactRule(id="wallet/1", reason="Same wallet.", id_types=("SSN", id_type))


@pytest.mark.parametrize(
    ("born", "quality"), [(OTHER, "FULL"), (BORN, "YEAR"), (None, "UNKNOWN")]
)
def test_a_shared_number_without_the_same_full_birth_date_does_not_link(
    colleges, born, quality
):
    colleges.add("CACC", "1", SSN="hmac-a")
    colleges.add("SNEAD", "1", born=born, quality=quality, SSN="hmac-a")
    links = colleges.tonight()
    assert links["CACC", "1"] != links["SNEAD", "1"]


def test_evidence_chains_across_rules_and_colleges(colleges):
    colleges.add("CACC", "1", SSN="hmac-a")
    colleges.add("SNEAD", "1", SSN="hmac-a", STATE_K12_ID="k1")
    colleges.add("REID", "1", STATE_K12_ID="k1")
    assert len(set(colleges.tonight().values())) == 1


def test_two_students_of_one_college_are_kept_apart_until_the_college_merges_them(
    colleges,
):
    colleges.add("CACC", "1", SSN="hmac-a")
    colleges.add("CACC", "2", SSN="hmac-a")
    colleges.add("SNEAD", "1", SSN="hmac-a")
    apart = colleges.tonight()
    assert len(set(apart.values())) == 3
    assert colleges.set_aside == 1
    colleges.merge.append(("CACC", "1", "2", "MERGED_INTO"))
    together = colleges.tonight()
    assert set(together.values()) == {apart["CACC", "1"]}


def test_a_second_night_with_nothing_new_adds_no_event_and_moves_no_id(colleges):
    colleges.add("CACC", "1", SSN="hmac-a")
    colleges.add("SNEAD", "1", SSN="hmac-a")
    first, count = colleges.tonight(), colleges.events()
    assert colleges.tonight() == first
    assert colleges.events() == count


def test_a_link_stays_when_its_evidence_and_its_person_disappear(colleges):
    colleges.add("CACC", "1", SSN="hmac-a")
    colleges.add("SNEAD", "1", SSN="hmac-a")
    first = colleges.tonight()
    colleges.person, colleges.identifier = [], []
    colleges.add("CACC", "1")
    assert colleges.tonight() == first


def test_new_evidence_joins_two_learners_under_one_of_their_ids(colleges):
    colleges.add("CACC", "1", SSN="hmac-a")
    colleges.add("SNEAD", "1")
    before = colleges.tonight()
    colleges.identifier.append(("SNEAD", "1", "SSN", "hmac-a"))
    after = colleges.tonight()
    assert set(after.values()) == {before["CACC", "1"]}


def test_the_longest_standing_id_survives_a_merge(colleges):
    colleges.add("SNEAD", "1")
    old = colleges.tonight()["SNEAD", "1"]
    colleges.add("CACC", "1", SSN="hmac-a")
    colleges.add("REID", "1", SSN="hmac-a")
    assert colleges.tonight()["CACC", "1"] != old
    colleges.identifier.append(("SNEAD", "1", "SSN", "hmac-a"))
    assert set(colleges.tonight().values()) == {old}


def test_a_known_learner_is_not_pulled_into_a_doubtful_group(colleges):
    colleges.add("CACC", "1", SSN="hmac-a")
    colleges.add("SNEAD", "1", SSN="hmac-a")
    first = colleges.tonight()
    colleges.add("CACC", "2", SSN="hmac-a")
    second = colleges.tonight()
    assert second["CACC", "1"] == second["SNEAD", "1"] == first["CACC", "1"]
    assert second["CACC", "2"] != first["CACC", "1"]


def test_rebuilding_from_the_log_gives_the_same_ids_whatever_the_order(colleges):
    for student in range(50):
        colleges.add("CACC", str(student), SSN=f"hmac-{student}")
        colleges.add("SNEAD", str(student), SSN=f"hmac-{student}")
    first = colleges.tonight()
    assert len(set(first.values())) == 50
    colleges.person.reverse()
    colleges.identifier.reverse()
    assert colleges.tonight() == first
