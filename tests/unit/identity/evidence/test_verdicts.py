"""Who is linked, who is looked at, who is left alone: the cases a state is full of."""

from datetime import date

import pytest
from evidence_world import ANNA, POLICY, World, two

HOME = {"address_line1": "12 Oak Street", "postal_code": "35010-1234"}
SCHOOL = {"high_school_code": "010042", "high_school_grad_year": 2021}
MAIL = {"email_personal": "anna.k@mail.example"}
PHONE = {"phone": "(205) 555-0147"}
SSN = {"ids": {"SSN": "hmac-sha256:one"}}


def test_name_and_birth_date_alone_never_link():
    verdict, gate = two(ANNA, ANNA).verdict()
    assert (verdict, gate) == ("review", "corroboration")


@pytest.mark.parametrize(
    "own",
    [MAIL, PHONE, HOME, {"ids": {"STATE_PS_ID": "AL00012345"}}, SSN],
    ids=["mail", "phone", "home", "state id", "ssn"],
)
def test_one_thing_of_a_persons_own_beside_name_and_birth_date_links(own):
    assert two(ANNA, ANNA, **own).verdict() == ("link", None)


def test_a_twin_of_another_name_is_nobodys_business():
    twin = ANNA | {"first_name": "Jayden"}
    world = two(ANNA | {"first_name": "Jaylen"}, twin, **HOME, **MAIL, **PHONE)
    assert world.verdict()[0] == "no"


def test_twins_with_one_tax_number_by_mistake_are_looked_at_and_not_linked():
    twin = ANNA | {"first_name": "Maria"}
    world = two(ANNA | {"first_name": "Marie"}, twin, **HOME, **MAIL, **SSN)
    assert world.verdict() == ("review", "given-name")


def test_a_father_and_his_son_of_one_name_and_home_stay_two():
    father = ANNA | {"birth_date": date(1975, 4, 9)}
    world = two(ANNA, father, **HOME, **MAIL, **PHONE)
    assert world.verdict()[0] == "no"


def test_the_elder_and_the_younger_are_two_whatever_else_agrees():
    world = two(ANNA | {"suffix": "SR"}, ANNA | {"last_name": "Kowalczyk Jr."}, **MAIL)
    assert world.verdict()[0] == "no"


def test_a_father_without_a_birth_date_is_not_his_son():
    unknown = ANNA | {"birth_date": None, "birth_date_quality": "UNKNOWN"}
    assert two(ANNA, unknown, **HOME, **MAIL, **PHONE).verdict()[0] == "review"


def test_a_mailbox_that_a_sister_uses_too_is_no_persons_own():
    world = two(ANNA, ANNA, **MAIL)
    assert world.verdict() == ("link", None)
    world.person("REID", "9", **ANNA | {"first_name": "Zofia"}, **MAIL)
    assert world.verdict() == ("review", "corroboration")


@pytest.mark.parametrize(
    "born", [date(2003, 9, 4), date(2003, 4, 19), date(2004, 4, 9)]
)
def test_a_slip_in_the_birth_date_needs_an_official_number_or_two_things(born):
    assert two(ANNA, ANNA | {"birth_date": born}, **MAIL).verdict()[0] == "review"
    assert two(ANNA, ANNA | {"birth_date": born}, **MAIL, **PHONE).verdict() == (
        "link",
        None,
    )


def test_two_tax_numbers_are_two_people_unless_all_else_is_one_persons():
    first, second = ({"ids": {"SSN": f"hmac-sha256:{n}"}} for n in ("one", "two"))
    assert two(ANNA | first, ANNA | second, **MAIL).verdict() == (
        "review",
        "contradiction",
    )


def test_a_name_taken_in_marriage_does_not_part_a_person():
    married = ANNA | {"last_name": "Nowak", "middle_name": "Kowalczyk"}
    world = two(ANNA | {"middle_name": "Ewa"}, married, **MAIL)
    assert world.verdict() == ("link", None)


def test_a_former_name_is_a_representation_of_its_own():
    world = two(ANNA, ANNA | {"first_name": "Ania", "last_name": "Nowak"}, **SSN)
    assert world.verdict() == ("review", "given-name")
    world.former("SNEAD", "1", first_name="Anna", last_name="KOWALCZYK")
    assert world.verdict() == ("link", None)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"first_name": "William"}, {"first_name": "Bill"}),
        ({"last_name": "Garcia-Lopez"}, {"last_name": "Garcia Lopez"}),
        ({"last_name": "Garcia-Lopez"}, {"last_name": "LOPEZ"}),
        ({"last_name": "O'Neal"}, {"last_name": "O NEAL"}),
        ({"last_name": "Núñez"}, {"last_name": "NUNEZ"}),
        ({"first_name": None, "last_name": "Suharto"},
         {"first_name": "Suharto", "last_name": "LNU"}),
        ({"first_name": "Anna"}, {"first_name": "Kowalczyk", "last_name": "Anna"}),
        ({"first_name": "Mary Ann"}, {"first_name": "Mary", "middle_name": "Ann"}),
    ],
)  # fmt: skip
def test_ways_of_writing_one_name(first, second):
    assert two(ANNA | first, ANNA | second, **MAIL).verdict() == ("link", None)


def test_two_students_of_one_college_are_only_looked_at():
    world = World()
    for student in ("1", "2"):
        world.person("CACC", student, **ANNA, **MAIL, **SSN)
    pair = world.pairs()["CACC:1", "CACC:2"]
    assert (pair["verdict"], pair["gate"]) == ("review", "one-college")


def test_a_college_merges_its_own_ids_and_parts_them_again():
    world = World()
    world.person("CACC", "2", **ANNA)
    world.merge("CACC", "1", "2", "MERGED_INTO", date(2026, 1, 5))
    pair = world.pairs()["CACC:1", "CACC:2"]
    assert (pair["verdict"], pair["decided_by"]) == ("link", "college-merge/1")
    world.merge("CACC", "1", "2", "SPLIT_FROM", date(2026, 2, 5))
    pair = world.pairs()["CACC:1", "CACC:2"]
    assert (pair["verdict"], pair["decided_by"]) == ("review", "college-split/1")


@pytest.mark.parametrize(
    "ids",
    [
        {"PSEUDO_SSN": "991234567"},
        {"WALLET_DID": "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"},
        {"OLD_STUDENT_ID": "X00500001"},
        {"STATE_K12_ID": "1.91E+09"},
        {"STATE_K12_ID": "0000000000"},
    ],
)
def test_numbers_that_say_nothing_do_not_link(ids):
    assert two(ANNA, ANNA, ids=ids).verdict() == ("review", "corroboration")


def test_a_lost_leading_zero_is_still_the_same_id():
    world = two(
        ANNA | {"ids": {"STATE_K12_ID": "0192385544"}},
        ANNA | {"ids": {"STATE_K12_ID": "192385544"}},
    )
    assert world.verdict() == ("link", None)


def test_a_tax_number_of_somebody_else_joins_only_rows_of_one_name():
    world = two(ANNA, ANNA | {"last_name": "Nowak"}, **SSN)
    assert world.verdict() == ("link", None)
    world.person("REID", "9", {"SSN": "hmac-sha256:one"}, **ANNA | {
        "first_name": "Piotr", "birth_date": date(1970, 1, 2)})  # fmt: skip
    assert world.verdict()[0] == "review"


def test_tonights_students_get_the_verdicts_that_all_would():
    world = two(ANNA, ANNA, **HOME, **MAIL)
    world.person("REID", "1", **ANNA | {"first_name": "Zofia"}, **HOME)
    world.person("LBW", "1", **ANNA, **HOME)
    whole = world.pairs()
    world.con.execute(
        "create table tonight as select 'LBW' as institution_code, '1' as student_id"
    )
    some = world.pairs(new="tonight")
    about = {key: row for key, row in whole.items() if "LBW:1" in key}
    assert some == about
    assert {row["verdict"] for row in some.values()} == {"link", "no"}
    # So many that all are compared with all, and still only their pairs are told.
    world.con.execute(
        "insert into tonight select distinct institution_code, student_id "
        "from representation where institution_code <> 'REID'"
    )
    assert world.pairs(new="tonight") == {
        key: row
        for key, row in whole.items()
        if not all(side.startswith("REID") for side in key)
    }


def test_an_offices_mailbox_pairs_nobody():
    world = two(ANNA, ANNA, **MAIL)
    for number in range(POLICY.most_carriers):
        world.person("REID", f"R{number}", first_name=f"Name{number:02}",
                     last_name="Doe", birth_date=date(1970, 1, 2), **MAIL)  # fmt: skip
    pairs = world.pairs()
    assert pairs["CACC:1", "SNEAD:1"]["gate"] == "corroboration"
    assert "Same personal e-mail address" not in str(pairs)


def test_twins_of_one_first_name_are_told_apart_by_the_middle_one():
    first, second = ANNA | {"middle_name": "Jose"}, ANNA | {"middle_name": "Ana"}
    assert two(first, second, **MAIL, **PHONE, **HOME).verdict()[0] != "link"
    assert two(first, second, **SSN).verdict() == ("review", "middle-name")


def test_a_mistyped_tax_number_yields_to_everything_else():
    first, second = ({"ids": {"SSN": f"hmac-sha256:{n}"}} for n in ("one", "two"))
    world = two(ANNA | first, ANNA | second, **MAIL, **PHONE)
    assert world.verdict() == ("link", None)


STATE_IDS = {"STATE_PS_ID": "AL00012345", "STATE_K12_ID": "0192385544"}


def test_a_new_given_name_links_by_two_official_numbers_and_the_middle_name():
    now = ANNA | {"first_name": "Aleksandra", "middle_name": "Ewa"}
    then = ANNA | {"middle_name": "E"}
    assert two(then, now, ids=STATE_IDS).verdict() == ("link", None)
    one = {"STATE_PS_ID": STATE_IDS["STATE_PS_ID"]}
    assert two(then, now, ids=one).verdict() == ("review", "given-name")
    twin = now | {"middle_name": "Maria"}
    assert two(then, twin, ids=STATE_IDS).verdict() == ("review", "given-name")
    unknown = now | {"middle_name": None}
    assert two(then, unknown, ids=STATE_IDS).verdict() == ("review", "given-name")
    brother = now | {"sex": "M"}
    assert two(then, brother, ids=STATE_IDS).verdict() == ("review", "given-name")


def test_a_new_given_name_does_not_outweigh_a_number_that_differs():
    first, second = ({"ids": STATE_IDS | {"SSN": f"hmac-sha256:{n}"}} for n in "ab")
    now = ANNA | {"first_name": "Aleksandra", "middle_name": "Ewa"}
    world = two(ANNA | {"middle_name": "Ewa"} | first, now | second)
    assert world.verdict() == ("review", "given-name")


def test_a_mistyped_tax_number_yields_to_a_mailbox_of_ones_own_and_the_home():
    first, second = ({"ids": {"SSN": f"hmac-sha256:{n}"}} for n in ("one", "two"))
    world = two(ANNA | first, ANNA | second, **MAIL, **HOME)
    assert world.verdict() == ("link", None)
    assert two(ANNA | first, ANNA | second, **HOME).verdict()[0] != "link"
    world.person("REID", "9", **ANNA | {"first_name": "Zofia"}, **MAIL)
    assert world.verdict()[0] != "link"


def test_neighbouring_digits_that_changed_places_are_one_slip_to_the_model_too():
    first, second = (ANNA | {"birth_date": date(2003, 4, day)} for day in (12, 21))
    pair = two(first, second, **MAIL, **PHONE).pairs()["CACC:1", "SNEAD:1"]
    assert pair["verdict"] == "link"
    assert "Birth dates differ by one digit" in pair["reasons"]
