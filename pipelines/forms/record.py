"""A signed record as the forms read it: who, what was claimed, by which college.

Belongs here: finding things in the JSON, and telling claims apart as the mapping
profile writes them. Does not belong here: how a form shows any of it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

AWARDS = {
    "AssociateDegree",
    "BachelorDegree",
    "MasterDegree",
    "ResearchDoctorate",
    "ProfessionalDoctorate",
    "DoctoralDegree",
    "Diploma",
    "Certificate",
}
_KIND_OF_TYPE = {
    "Course": "course",
    "CertificateOfCompletion": "noncredit",
    "Certification": "certification",
    "Competency": "skill",
    "Badge": "badge",
    "Achievement": "standing",
    **dict.fromkeys(AWARDS, "award"),
}
TRANSFER = "transfer"
"""The tag that tells credit accepted from elsewhere from a course taken."""

CATEGORY = "ext:ExperienceCategory"
COMMON_COURSE = "common course "


class Org(NamedTuple):
    """A college, a system or another body, as a record names it."""

    id: str
    name: str


class Target(NamedTuple):
    """A node of a framework that an achievement is aligned to."""

    name: str
    url: str
    code: str | None
    framework: str | None
    type: str | None


@dataclass(frozen=True)
class Claim:
    """One nested credential.

    Attributes:
        body: the credential as it was signed.
    """

    body: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its id, a URN."""
        return str(self.body["id"])

    @property
    def short_id(self) -> str:
        """The UUID of its id."""
        return self.id.removeprefix("urn:uuid:")

    @property
    def _subject(self) -> Mapping[str, Any]:
        subject: Mapping[str, Any] = self.body["credentialSubject"]
        return subject

    @property
    def _achievement(self) -> Mapping[str, Any]:
        achievement: Mapping[str, Any] = self._subject["achievement"]
        return achievement

    @property
    def achievement_id(self) -> str:
        """The id of what was achieved: others who achieved it have the same."""
        return str(self._achievement["id"])

    @cached_property
    def kind(self) -> str:
        """Which kind of the mapping profile it is; a practice is an experience."""
        if TRANSFER in self.tags and self.type == "Course":
            return "transfer"
        return _KIND_OF_TYPE.get(self.type, "experience")

    @property
    def type(self) -> str:
        """Its achievementType."""
        return str(self._achievement.get("achievementType", "Achievement"))

    @property
    def name(self) -> str:
        """The title of what was achieved."""
        return str(self._achievement["name"])

    @property
    def description(self) -> str:
        """What it is, in a sentence."""
        return str(self._achievement.get("description", ""))

    @property
    def criteria(self) -> str:
        """What had to be done for it."""
        return str(self._achievement.get("criteria", {}).get("narrative", ""))

    @property
    def code(self) -> str | None:
        """Number of the course, the programme, the skill or the offering."""
        return self._achievement.get("humanCode")

    @property
    def field_of_study(self) -> str | None:
        """Title of its CIP code."""
        return self._achievement.get("fieldOfStudy")

    @property
    def specialization(self) -> str | None:
        """Concentration of an award."""
        return self._achievement.get("specialization")

    @property
    def tags(self) -> list[str]:
        """Words that the issuer put to it."""
        return list(self._achievement.get("tag", ()))

    @cached_property
    def targets(self) -> list[Target]:
        """What it is aligned to."""
        return [
            Target(
                one["targetName"],
                one["targetUrl"],
                one.get("targetCode"),
                one.get("targetFramework"),
                one.get("targetType"),
            )
            for one in self._achievement.get("alignment", ())
        ]

    @property
    def category(self) -> Target | None:
        """The category of an experience, where it has one."""
        return next((one for one in self.targets if one.type == CATEGORY), None)

    @property
    def source(self) -> Org:
        """Who assessed it."""
        return _org(self._subject["source"])

    @property
    def creator(self) -> Org | None:
        """Who defines it: a college, a body of an industry, the issuer of a badge."""
        found = self._achievement.get("creator")
        return _org(found) if found else None

    @property
    def college(self) -> Org:
        """Whose record it stands in: for credit from elsewhere, who accepted it."""
        accepted = self.creator if self.kind == "transfer" else None
        return accepted or self.source

    @property
    def term(self) -> str | None:
        """Title of the term."""
        return self._subject.get("term")

    @property
    def start(self) -> date | None:
        """First day."""
        return _day(self._subject.get("activityStartDate"))

    @property
    def end(self) -> date | None:
        """Last day."""
        return _day(self._subject.get("activityEndDate"))

    @property
    def awarded(self) -> date | None:
        """The day it was awarded, graded or accepted."""
        return _day(self.body.get("awardedDate"))

    @property
    def valid_from(self) -> str:
        """When the college's package described it, as signed."""
        return str(self.body["validFrom"])

    @property
    def valid_until(self) -> date | None:
        """The last day it is valid."""
        return _day(self.body.get("validUntil"))

    @property
    def credits(self) -> int | float | None:
        """Credit earned or accepted; the record does not say in which unit."""
        return self._subject.get("creditsEarned")

    @property
    def credits_available(self) -> int | float | None:
        """What the course is worth."""
        return self._achievement.get("creditsAvailable")

    @property
    def narrative(self) -> str | None:
        """What the college says of it: honours, who verified or asserted it."""
        return self._subject.get("narrative")

    @property
    def evidence(self) -> list[str]:
        """Addresses of evidence."""
        return [str(one["id"]) for one in self.body.get("evidence", ()) if "id" in one]

    @cached_property
    def results(self) -> list[tuple[str, str, str]]:
        """Name, type and value of each result that has a value."""
        described = {
            one["id"]: (one["name"], one["resultType"])
            for one in self._achievement.get("resultDescription", ())
        }
        return [
            (*described[one["resultDescription"]], one["value"])
            for one in self._subject.get("result", ())
            if "value" in one and one.get("resultDescription") in described
        ]

    def result(self, type_: str) -> str | None:
        """The value of the first result of a type."""
        return next((value for _, of, value in self.results if of == type_), None)

    @property
    def grade(self) -> str | None:
        """The grade as the college writes it."""
        return self.result("LetterGrade")

    @property
    def status(self) -> str | None:
        """A status of CLR 2.0, stated only where one would take it for completed."""
        states = (one.get("status") for one in self._subject.get("result", ()))
        return next((state for state in states if state), None)


@dataclass(frozen=True)
class Record:
    """A signed record.

    Attributes:
        text: the record as it was published.
        body: the same, read.
    """

    text: str
    body: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, text: str) -> "Record":
        """Read a published record."""
        return cls(text, json.loads(text))

    @property
    def _subject(self) -> Mapping[str, Any]:
        subject: Mapping[str, Any] = self.body["credentialSubject"]
        return subject

    @property
    def id(self) -> str:
        """Its id: the same for life."""
        return str(self.body["id"])

    @property
    def learner_id(self) -> str:
        """Whose record it is, a URN."""
        return str(self._subject["id"])

    @property
    def learner_name(self) -> str:
        """The name on the record; empty when it has none."""
        names = (
            one["identityHash"]
            for one in self._subject.get("identifier", ())
            if one.get("identityType") == "name" and not one.get("hashed")
        )
        return next(names, "")

    @property
    def issuer(self) -> Org:
        """The system that signed it."""
        return _org(self.body["issuer"])

    @property
    def issuer_url(self) -> str | None:
        """Web address of the system."""
        return self.body["issuer"].get("url")

    @property
    def valid_from(self) -> str:
        """Since when it says this, as signed."""
        return str(self.body["validFrom"])

    @property
    def partial(self) -> bool:
        """Whether it leaves out something that the system knows."""
        return bool(self.body.get("partial"))

    @property
    def proof(self) -> Mapping[str, Any]:
        """The proof over the whole; empty where it is unsigned."""
        proofs = self.body.get("proof") or [{}]
        proof: Mapping[str, Any] = proofs[0] if isinstance(proofs, list) else proofs
        return proof

    @cached_property
    def claims(self) -> list[Claim]:
        """Every nested credential, in the order of the record."""
        return [Claim(one) for one in self._subject["verifiableCredential"]]

    def of_kind(self, *kinds: str) -> list[Claim]:
        """The claims of some kinds."""
        return [claim for claim in self.claims if claim.kind in kinds]

    @cached_property
    def sent(self) -> dict[str, list[Mapping[str, Any]]]:
        """By achievement of accepted credit, the courses it was at the sender."""
        courses = {one["id"]: one for one in self._subject.get("achievement", ())}
        found: dict[str, list[Mapping[str, Any]]] = {}
        for one in self._subject.get("association", ()):
            if one["sourceId"] in courses and one["associationType"] != "isPartOf":
                found.setdefault(one["targetId"], []).append(courses[one["sourceId"]])
        return found

    @cached_property
    def parts(self) -> dict[str, list[str]]:
        """By achievement of an award, the codes of courses that are part of it."""
        codes = {
            claim.achievement_id: claim.code or claim.name for claim in self.claims
        }
        found: dict[str, list[str]] = {}
        for one in self._subject.get("association", ()):
            if one["associationType"] == "isPartOf" and one["sourceId"] in codes:
                found.setdefault(one["targetId"], []).append(codes[one["sourceId"]])
        return {award: sorted(set(found[award])) for award in found}

    def sent_as(self, claim: Claim) -> list[Mapping[str, Any]]:
        """What accepted credit was at the institution that its claim names."""
        return [
            one
            for one in self.sent.get(claim.achievement_id, ())
            if one.get("creator", {}).get("id") == claim.source.id
        ]


def by_college(claims: Iterable[Claim]) -> dict[Org, list[Claim]]:
    """Claims by the college in whose record they stand, by name."""
    found: dict[Org, list[Claim]] = {}
    for claim in claims:
        found.setdefault(claim.college, []).append(claim)
    return dict(sorted(found.items(), key=lambda item: (item[0].name, item[0].id)))


def _org(body: Mapping[str, Any]) -> Org:
    return Org(str(body["id"]), str(body.get("name") or body["id"]))


def _day(text: str | None) -> date | None:
    return datetime.fromisoformat(text).date() if text else None
