"""Two records that a clerk would call one person, and two that a clerk never would.

Every pair has names and numbers of its own, so that no pair is evidence for another.
"""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from by_hand import Said, verdicts


def _home(number: int) -> dict[str, Any]:
    """What a household has in common."""
    return {
        "email_personal": f"family{number}@mail.example.org",
        "phone": f"205555{number:04d}",
        "address_line1": f"{number} Oak St",
        "city": "Decatur",
        "postal_code": "35601",
        "high_school_code": "012345",
        "high_school_grad_year": 2024,
    }


def _person(first: str | None, last: str, born: date | None, **more: Any) -> Said:
    return {"first_name": first, "last_name": last, "birth_date": born} | more


BORN = date(2006, 3, 14)

TWO_PEOPLE: dict[str, tuple[Said, Said]] = {
    "twins with like names": (
        _person("Jayden", "Abbott", BORN, **_home(1)),
        _person("Jaylen", "Abbott", BORN, **_home(1)),
    ),
    "twins who both gave one SSN": (
        _person("Kayla", "Barnes", BORN, ssn="773112222", **_home(2)),
        _person("Kaylee", "Barnes", BORN, ssn="773112222", **_home(2)),
    ),
    "twins, one by the initial": (
        _person("M", "Carver", BORN, **_home(3)),
        _person("Marcus", "Carver", BORN, **_home(3)),
    ),
    "twins, one name within the other": (
        _person("Mary", "Dalton", BORN, **_home(4)),
        _person("Mary Ann", "Dalton", BORN, **_home(4)),
    ),
    "twins, one name with a middle name within the other": (
        _person("Maria", "Espinosa", BORN, middle_name="Jose", **_home(5)),
        _person("Maria", "Espinosa", BORN, middle_name="Ana", **_home(5)),
    ),
    "twins who share a short form": (
        _person("Alex", "Farrow", BORN, sex="F", **_home(6)),
        _person("Alexander", "Farrow", BORN, sex="M", **_home(6)),
    ),
    "father and son, suffixes left out": (
        _person("Neal", "Garrison", date(1980, 3, 14), **_home(7)),
        _person("Neal", "Garrison", date(2002, 3, 14), **_home(7)),
    ),
    "father and son with the father's SSN": (
        _person("Otis", "Hadley", date(1980, 3, 14), ssn="773113333", **_home(8)),
        _person("Otis", "Hadley", date(2002, 7, 1), ssn="773113333", **_home(8)),
    ),
    "father and son, no birth date": (
        _person("Paul", "Ingram", None, suffix="SR", **_home(9)),
        _person("Paul", "Ingram", None, suffix="JR", **_home(9)),
    ),
    "father and son, one birth date": (
        _person("Quincy", "Jasper", None, **_home(10)),
        _person("Quincy", "Jasper", date(2002, 7, 1), **_home(10)),
    ),
    "one name and one birth date": (
        _person("Rosa", "Kimball", BORN),
        _person("Rosa", "Kimball", BORN),
    ),
    "one name, birth date and school": (
        _person("Stella", "Lambert", BORN, high_school_code="054321",
                high_school_grad_year=2024, postal_code="35601"),
        _person("Stella", "Lambert", BORN, high_school_code="054321",
                high_school_grad_year=2024, postal_code="36701"),
    ),
    "one name and a made-up number": (
        _person("Theo", "Mabry", BORN, pseudo="991234567"),
        _person("Theo", "Mabry", BORN, pseudo="991234567"),
    ),
    "one name and a rounded number": (
        _person("Una", "Nolan", BORN, k12="1.91E+09"),
        _person("Una", "Nolan", BORN, k12="1.91E+09"),
    ),
    "one name and numbers that prove nothing": (
        _person("Vera", "Oakes", BORN, last4="1234", pk="100233", old="X00500001",
                wallet="did:key:z6Mk1"),
        _person("Vera", "Oakes", BORN, last4="1234", pk="100233", old="X00500001",
                wallet="did:key:z6Mk1"),
    ),
    "an SSN used by a stranger": (
        _person("Wade", "Pruitt", BORN, ssn="773114444"),
        _person("Xenia", "Quarles", date(1999, 5, 2), ssn="773114444"),
    ),
    "a mother and a daughter with one of everything": (
        _person("Yolanda", "Rhodes", date(1979, 2, 3), ssn="773115555", **_home(11)),
        _person("Zara", "Rhodes", date(2004, 2, 3), ssn="773115555", **_home(11)),
    ),
    "one name and a placeholder for a birth date": (
        _person("Amos", "Sizemore", date(1900, 1, 1), postal_code="35601"),
        _person("Amos", "Sizemore", date(1900, 1, 1), postal_code="35601"),
    ),
    "two of one single name": (
        _person(None, "Widodo", BORN), _person(None, "Widodo", BORN),
    ),
    "brothers a year apart": (
        _person("Bryan", "Tillery", date(2004, 3, 14), **_home(12)),
        _person("Bryant", "Tillery", date(2005, 3, 14), **_home(12)),
    ),
    "cousins with one phone, a digit apart": (
        _person("Carlos", "Urbina", date(2004, 3, 14), phone="2055557013"),
        _person("Carlos", "Urbina", date(2004, 3, 24), phone="2055557013"),
    ),
    "one name, two state ids": (
        _person("Dina", "Vickers", BORN, ps="AL00000001", email_personal="d@x.example"),
        _person("Dina", "Vickers", BORN, ps="AL00000002"),
    ),
}  # fmt: skip

ONE_PERSON: dict[str, tuple[Said, Said]] = {
    "a short form and an SSN": (
        _person("Robert", "Ashby", BORN, ssn="774110001"),
        _person("Bob", "Ashby", BORN, ssn="774110001"),
    ),
    "accents and capitals": (
        _person("José", "Muñoz", BORN, email_personal="jmunoz1@mail.example.org"),
        _person("JOSE", "MUNOZ", BORN, email_personal="JMUNOZ1@MAIL.EXAMPLE.ORG"),
    ),
    "an apostrophe": (
        _person("Keith", "O'Neal", BORN, phone="(205) 555-7001"),
        _person("Keith", "O Neal", BORN, phone="2055557001"),
    ),
    "a new family name": (
        _person("Lena", "Bishop", BORN, sex="F", ssn="774110002", phone="2055557002"),
        _person("Lena", "Crocker", BORN, sex="F", ssn="774110002", phone="2055557002"),
    ),
    "day and month swapped": (
        _person("Mona", "Driggers", date(2006, 3, 4), k12="1912345678"),
        _person("Mona", "Driggers", date(2006, 4, 3), k12="1912345678"),
    ),
    "first and last name swapped": (
        _person("Nadia", "Easley", BORN, ssn="774110003"),
        _person("Easley", "Nadia", BORN, ssn="774110003"),
    ),
    "a suffix in the last name": (
        _person("Omar", "Finch Jr", BORN, ps="AL00000011"),
        _person("OMAR", "FINCH,JR.", BORN, ps="AL00000011"),
    ),
    "a double surname": (
        _person("Pilar", "Garza-Luna", BORN, email_personal="pgarza2@mail.example.org"),
        _person("Pilar", "Garza Luna", BORN, email_personal="pgarza2@mail.example.org"),
    ),
    "half of a double surname": (
        _person("Rita", "Hoyos-Mena", BORN, k12="1912345699"),
        _person("Rita", "Hoyos", BORN, k12="1912345699"),
    ),
    "an address in two manners": (
        _person("Silas", "Ivey", BORN, address_line1="4120 Church St",
                postal_code="35950"),
        _person("Silas", "Ivey", BORN, address_line1="4120 CHURCH STREET",
                postal_code="35950-1234"),
    ),
    "a telephone in two manners": (
        _person("Tessa", "Jolly", BORN, phone="+1 (256) 555-7003"),
        _person("Tessa", "Jolly", BORN, phone="256.555.7003"),
    ),
    "a K-12 id without its zero": (
        _person("Ulises", "Kerr", BORN, k12="0123456789"),
        _person("Ulises", "Kerr", BORN, k12="123456789"),
    ),
    "a single name and no first name": (
        _person(None, "Suharto", BORN, ssn="774110004"),
        _person("FNU", "Suharto", BORN, ssn="774110004"),
    ),
    "dual enrolment without any number": (
        _person("Violet", "Lyle", BORN, address_line1="77 River Rd",
                postal_code="35760", high_school_code="016001",
                high_school_grad_year=2024),
        _person("Violet", "Lyle", BORN, address_line1="77 River Rd",
                postal_code="35760", high_school_code="016001",
                high_school_grad_year=2024),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, Any]]:
    folder: Path = tmp_path_factory.mktemp("by-hand")
    return verdicts(folder, TWO_PEOPLE | ONE_PERSON)


@pytest.mark.parametrize("name", TWO_PEOPLE)
def test_two_people_are_never_linked(
    found: dict[str, tuple[str, Any]], name: str
) -> None:
    assert found[name][0] != "link"


@pytest.mark.parametrize("name", ONE_PERSON)
def test_one_person_is_linked(found: dict[str, tuple[str, Any]], name: str) -> None:
    assert found[name] == ("link", None)
