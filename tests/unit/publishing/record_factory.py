"""Realistic unsigned records: what ``published.record_document`` holds, by learner.

Deterministic: learner and course numbers alone decide every id and value.
"""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

DID = "did:web:records.example.edu"
CONTEXTS = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
]
SYSTEM = {
    "id": DID,
    "type": ["Profile"],
    "name": "Example Community College System",
    "url": "https://records.example.edu",
}
COLLEGE = {
    "id": "https://college.example.edu/",
    "type": ["Profile"],
    "name": "Río Verde College",
}
_SPACE = uuid.UUID("8a9d1c9e-4b1f-5a35-9f57-0d7f2f6ad001")


def urn(*parts: object) -> str:
    return f"urn:uuid:{uuid.uuid5(_SPACE, '|'.join(map(str, parts)))}"


def learner_id(number: int) -> str:
    return urn("learner", number).removeprefix("urn:uuid:")


def when(day: int) -> str:
    moment = datetime(2026, 1, 1, 6, tzinfo=UTC) + timedelta(days=day)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def credential(
    kind: str, number: int, learner: int, subject: dict[str, Any], body: dict[str, Any]
) -> dict[str, Any]:
    achievement = {
        "id": urn("achievement", kind, number),
        "type": ["Achievement"],
        "criteria": {"narrative": f"Complete {kind} {number} with a passing grade."},
        "description": f"{kind} {number}, as the catalog describes it.",
        "creator": COLLEGE,
        **body,
    }
    return {
        "@context": [CONTEXTS[0], CONTEXTS[2]],
        "id": urn("assertion", learner, kind, number),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": body["name"],
        "issuer": SYSTEM,
        "validFrom": when(number),
        "awardedDate": when(number),
        "validUntil": None,
        "evidence": [],
        "credentialSubject": {
            "id": urn("subject", learner, kind, number),
            "type": ["AchievementSubject"],
            "source": COLLEGE,
            **subject,
            "achievement": achievement,
        },
    }


def course(
    number: int, learner: int, grade: str = "B+", status: str | None = None
) -> dict[str, Any]:
    described = urn("grade", number)
    kind = "Status" if status else "LetterGrade"
    result = {"type": ["Result"], "resultDescription": described}
    result |= {"status": status} if status else {"value": grade}
    return credential(
        "Course",
        number,
        learner,
        {
            "activityStartDate": when(number),
            "activityEndDate": when(number + 100),
            "creditsEarned": 0.0 if status else [3.0, 4, 1.5][number % 3],
            "term": "Fall 2025",
            "result": [result],
        },
        {
            "achievementType": "Course",
            "name": f"English Composition {number}",
            "humanCode": f"ENG {100 + number}",
            "creditsAvailable": [3.0, 4, 1.5][number % 3],
            "fieldOfStudy": "23.1301 Writing, General",
            "tag": ["general education", "writing"],
            "specialization": None,
            "resultDescription": [
                {
                    "id": described,
                    "type": ["ResultDescription"],
                    "name": "Final grade",
                    "resultType": kind,
                }
            ],
            "alignment": [
                {
                    "type": ["Alignment"],
                    "targetName": "Writing, General",
                    "targetUrl": "https://nces.ed.gov/ipeds/cipcode/23.1301",
                    "targetCode": "23.1301",
                    "targetType": "CFItem",
                    "targetFramework": "CIP 2020",
                }
            ],
        },
    )


def degree(learner: int) -> dict[str, Any]:
    described = urn("gpa", 1)
    return credential(
        "Degree",
        1,
        learner,
        {
            "result": [
                {
                    "type": ["Result"],
                    "resultDescription": described,
                    "value": "3.22",
                }
            ]
        },
        {
            "achievementType": "AssociateDegree",
            "name": "Associate in Science",
            "specialization": "Nursing",
            "resultDescription": [
                {
                    "id": described,
                    "type": ["ResultDescription"],
                    "name": "Grade point average",
                    "resultType": "GradePointAverage",
                    "valueMin": "0.0",
                    "valueMax": "4.0",
                }
            ],
        },
    )


def transfer(learner: int) -> dict[str, Any]:
    return credential(
        "Transfer",
        1,
        learner,
        {"creditsEarned": 3.5, "result": []},
        {
            "achievementType": "Course",
            "name": "Transferred: Calculus I",
            "tag": ["transfer"],
            "creditsAvailable": 3.5,
        },
    )


def noncredit(learner: int) -> dict[str, Any]:
    return credential(
        "Noncredit",
        1,
        learner,
        {"licenseNumber": "CDL-0001", "result": []},
        {
            "achievementType": "CertificateOfCompletion",
            "name": 'Truck driving, "Class A" \\ evening\nsection\u2028two\u000b',
        },
    )


def experience(learner: int) -> dict[str, Any]:
    return credential(
        "Experience",
        1,
        learner,
        {"role": "Intern", "narrative": "Worked 120 hours at the county library 📚."},
        {"achievementType": "Fieldwork", "name": "Library internship"},
    )


def badge(learner: int) -> dict[str, Any]:
    described = urn("level", 1)
    levels = ["Beginner", "Proficient", "Expert"]
    return credential(
        "Badge",
        1,
        learner,
        {
            "result": [
                {"type": ["Result"], "resultDescription": described, "value": levels[1]}
            ]
        },
        {
            "achievementType": "Badge",
            "name": "Teamwork",
            "image": {
                "id": "https://college.example.edu/teamwork.png",
                "type": "Image",
            },
            "otherIdentifier": [
                {
                    "type": "IdentifierEntry",
                    "identifier": "TEAM-1",
                    "identifierType": "identifier",
                }
            ],
            "resultDescription": [
                {
                    "id": described,
                    "type": ["ResultDescription"],
                    "name": "Level",
                    "resultType": "PerformanceLevel",
                    "allowedValue": levels,
                }
            ],
        },
    )


def record(learner: int, courses: int = 20, valid_from: int = 200) -> dict[str, Any]:
    """A learner with graded, withdrawn and running courses and one of all else."""
    credentials = [course(number, learner) for number in range(1, courses + 1)]
    credentials.append(course(courses + 1, learner, status="Withdrew"))
    credentials.append(course(courses + 2, learner, status="InProgress"))
    credentials += [make(learner) for make in (degree, transfer, noncredit)]
    credentials += [experience(learner), badge(learner)]
    sending = {
        "id": urn("achievement", "Sending", 1),
        "type": ["Achievement"],
        "name": "Calculus 1",
        "description": "As evaluated by the sending college.",
        "criteria": {"narrative": "Passed at the sending college."},
        "achievementType": "Course",
    }
    return {
        "@context": CONTEXTS,
        "id": urn("clr", learner),
        "type": ["VerifiableCredential", "ClrCredential"],
        "name": "Comprehensive Learner Record",
        "description": "All that the colleges of the system have reported.",
        "issuer": SYSTEM,
        "validFrom": when(valid_from),
        "partial": learner % 2 == 0,
        "awardedDate": None,
        "credentialSubject": {
            "id": f"urn:uuid:{learner_id(learner)}",
            "type": ["ClrSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": False,
                    "identityHash": f"María L. Núñez {learner}",
                    "identityType": "name",
                }
            ],
            "achievement": [sending],
            "association": [
                {
                    "type": "Association",
                    "associationType": "exactMatchOf",
                    "sourceId": sending["id"],
                    "targetId": urn("achievement", "Transfer", 1),
                },
                *(
                    {
                        "type": "Association",
                        "associationType": "isPartOf",
                        "sourceId": urn("achievement", "Course", number),
                        "targetId": urn("achievement", "Degree", 1),
                    }
                    for number in range(1, courses + 1)
                ),
            ],
            "verifiableCredential": credentials,
        },
    }


def row(document: dict[str, Any]) -> dict[str, Any]:
    """The row of ``published.record_document`` that holds ``document``."""
    text = orjson.dumps(document).decode()
    undated = {key: value for key, value in document.items() if key != "validFrom"}
    subject = document["credentialSubject"]
    return {
        "learner_id": subject["id"].removeprefix("urn:uuid:"),
        "clr_id": document["id"].removeprefix("urn:uuid:"),
        "valid_from": document["validFrom"],
        "content_hash": hashlib.sha256(orjson.dumps(undated)).hexdigest(),
        "credential_count": len(subject["verifiableCredential"]),
        "document": text,
    }
