"""Made-up learners in the form in which dbt leaves them for signing.

Belongs here: documents of courses, and the tables that publishing reads. Does not
belong here: a state with colleges and feeds (``pipelines.sample``).
"""

import itertools
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from pipelines.publishing.contexts import ACHIEVEMENT_CONTEXTS, CLR_CONTEXTS
from pipelines.publishing.keys import create_key

DID = "did:web:records.bench.example"
BUILD = "build.duckdb"
KEYS = "keys"
_SPACE = uuid.UUID("6f1b5a0e-3d0a-5c53-8f2e-2f7a3e0a9c11")
_COURSES = 900
_COLLEGES = 24
_MOMENT = "2026-09-01T06:15:00Z"
_GRADES = ("A", "B", "B+", "C", "W", "P")
_BATCH = 500


def write_state(root: Path, learners: int, credentials: int) -> None:
    """Write the issuer's key and ``published.*`` of a build with these records.

    Courses are those of a catalogue of 900 in 24 colleges.
    """
    create_key(root / KEYS, DID)
    with duckdb.connect(str(root / BUILD)) as con:
        con.execute("CREATE SCHEMA published")
        con.execute(
            "CREATE TABLE published.record_document (learner_id VARCHAR, clr_id "
            "VARCHAR, valid_from TIMESTAMPTZ, content_hash VARCHAR, document VARCHAR)"
        )
        con.execute(
            "CREATE TABLE published.assertion (assertion_id VARCHAR, learner_id "
            "VARCHAR, status VARCHAR)"
        )
        con.execute(
            "CREATE TABLE published.learner (learner_id VARCHAR, status VARCHAR)"
        )
        con.execute(
            "CREATE TABLE published.learner_redirect (learner_id VARCHAR, "
            "to_learner_id VARCHAR)"
        )
        for start in range(0, learners, _BATCH):
            numbers = range(start, min(start + _BATCH, learners))
            made = [record(number, credentials) for number in numbers]
            con.register("records", pa.Table.from_pylist([_row(one) for one in made]))
            con.execute("INSERT INTO published.record_document FROM records")
            told = pa.Table.from_pylist([row for one in made for row in _asserted(one)])
            con.register("asserted", told)
            con.execute("INSERT INTO published.assertion FROM asserted")
        con.execute(
            "INSERT INTO published.learner "
            "SELECT learner_id, 'active' FROM published.record_document"
        )


def record(number: int, credentials: int) -> dict[str, Any]:
    """The unsigned record of one learner."""
    learner = _urn("learner", number)
    nested = [_course(number, slot) for slot in range(credentials)]
    return {
        "@context": list(CLR_CONTEXTS),
        "id": _urn("clr", number),
        "type": ["VerifiableCredential", "ClrCredential"],
        "name": "Comprehensive Learner Record",
        "description": "Courses that the colleges of the system have reported.",
        "issuer": _issuer(),
        "validFrom": _MOMENT,
        "partial": None,
        "credentialSubject": {
            "id": learner,
            "type": ["ClrSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": False,
                    "identityHash": f"Learner Number {number}",
                    "identityType": "name",
                }
            ],
            "association": [
                {
                    "type": "Association",
                    "associationType": "precedes",
                    "sourceId": one["credentialSubject"]["achievement"]["id"],
                    "targetId": other["credentialSubject"]["achievement"]["id"],
                }
                for one, other in itertools.pairwise(nested[:7])
            ],
            "verifiableCredential": nested,
        },
    }


def _course(learner: int, slot: int) -> dict[str, Any]:
    # 7 and 900 have no common divisor: no learner takes a course twice.
    course = (learner * 31 + slot * 7) % _COURSES
    college = course % _COLLEGES
    profile = {
        "id": _urn("college", college),
        "type": ["Profile"],
        "name": f"Community College {college}",
    }
    title, code = f"Course {course} of the Catalogue", f"ENG {course}"
    described = [
        {
            "id": _urn(kind, course),
            "type": ["ResultDescription"],
            "name": name,
            "resultType": kind,
        }
        for kind, name in (
            ("LetterGrade", "Final grade"),
            ("ext:ClockHours", "Clock hours"),
            ("Status", "Enrolment status"),
        )
    ]
    cip = f"{10 + course % 40}.{1000 + course}"
    return {
        "@context": list(ACHIEVEMENT_CONTEXTS),
        "id": _urn("assertion", learner, slot),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": title,
        "issuer": _issuer(),
        "validFrom": _MOMENT,
        "awardedDate": f"20{20 + slot % 6}-12-14T00:00:00Z",
        "validUntil": None,
        "evidence": [],
        "credentialSubject": {
            "id": _urn("subject", learner, slot),
            "type": ["AchievementSubject"],
            "activityStartDate": f"20{20 + slot % 6}-08-17T00:00:00Z",
            "activityEndDate": f"20{20 + slot % 6}-12-11T00:00:00Z",
            "creditsEarned": float(3 + course % 2),
            "term": f"Fall 20{20 + slot % 6}",
            "source": profile,
            "result": [
                {
                    "type": ["Result"],
                    "resultDescription": described[0]["id"],
                    "value": _GRADES[(learner + slot) % len(_GRADES)],
                }
            ],
            "achievement": {
                "id": _urn("achievement", course),
                "type": ["Achievement"],
                "achievementType": "Course",
                "name": title,
                "description": f"{code}, a course of {profile['name']}.",
                "criteria": {
                    "narrative": f"Meet the requirements of {code} as graded by "
                    f"{profile['name']}."
                },
                "humanCode": code,
                "creditsAvailable": float(3 + course % 2),
                "fieldOfStudy": "Writing, General",
                "creator": profile,
                "resultDescription": described,
                "alignment": [
                    {
                        "type": ["Alignment"],
                        "targetName": "Writing, General",
                        "targetUrl": f"https://nces.ed.gov/ipeds/cipcode/{cip}",
                        "targetCode": cip,
                        "targetFramework": "Classification of Instructional Programs",
                        "targetType": "ext:CIP",
                    }
                ],
                "tag": ["general education", f"common course {code}"],
            },
        },
    }


def _issuer() -> dict[str, Any]:
    return {
        "id": DID,
        "type": ["Profile"],
        "name": "Community College System",
        "url": "https://records.bench.example",
    }


def _row(document: dict[str, Any]) -> dict[str, str]:
    subject = document["credentialSubject"]
    return {
        "learner_id": _bare(subject["id"]),
        "clr_id": _bare(document["id"]),
        "valid_from": document["validFrom"],
        "content_hash": _bare(document["id"]),
        "document": orjson.dumps(document).decode(),
    }


def _asserted(document: dict[str, Any]) -> Iterator[dict[str, str]]:
    subject = document["credentialSubject"]
    for one in subject["verifiableCredential"]:
        yield {
            "assertion_id": _bare(one["id"]),
            "learner_id": _bare(subject["id"]),
            "status": "active",
        }


def _urn(*parts: object) -> str:
    return f"urn:uuid:{uuid.uuid5(_SPACE, '|'.join(map(str, parts)))}"


def _bare(urn: str) -> str:
    return urn.removeprefix("urn:uuid:")
