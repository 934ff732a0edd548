"""Sequences of nights for tests of arrival order: many colleges in one warehouse.

Each college is sent the same nights in another order. Colleges are judged together
and applied apart, so one call of landing tries an order for every college at once.
"""

import json
import random
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import duckdb
import polars as pl
from landing_warehouse import CLOCK
from package_builder import (
    CONTRACTS,
    Row,
    State,
    award,
    college_state,
    csv_bytes,
    entry,
    identifier,
    person,
    result,
    term_row,
)

from pipelines.contracts.model import Contracts
from pipelines.landing.kept.ledger import History, in_effect, read_ledger
from pipelines.landing.kept.state import connect_in_force
from pipelines.landing.kept.store import read_quarantine
from pipelines.landing.land import land
from pipelines.landing.package.parcel import APPLIED, HELD, REPEAT, RETIRED
from pipelines.settings import Home

FALL = "202680"
_COUNTS = ("rows_read", "loaded", "collapsed", "quarantined", "released", "changed")
_NEVER = 999
_PACKAGES = ("package_id", "_package_id", "sent_package_id")


@dataclass(frozen=True)
class Night:
    """One package as a college sends it, whenever it arrives."""

    number: int
    mode: str
    state: State
    terms: tuple[str, ...] = ()
    previous: int | None = None

    @property
    def day(self) -> str:
        return f"2026-09-{self.number:02d}"

    def content(self) -> dict[str, bytes]:
        delta = self.mode == "delta"
        return {
            feed: csv_bytes(feed, rows, delta=delta)
            for feed, rows in self.state.items()
        }

    def manifest(self, code: str, content: dict[str, bytes]) -> bytes:
        """The manifest; package ids differ between colleges in their first part."""
        document: dict[str, Any] = {
            "spec_version": "1.0",
            "package_id": _id(code, self.number),
            "institution_code": code,
            "mode": self.mode,
            "as_of": f"{self.day}T22:00:00-05:00",
            "files": [
                entry(feed, f"{feed}.csv", len(self.state[feed]), data)
                for feed, data in content.items()
            ],
        }
        if self.mode == "snapshot":
            kind = "terms" if self.terms else "full"
            document["scope"] = {"kind": kind, "terms": list(self.terms)}
        if self.mode == "delta":
            document["previous_package_id"] = _id(code, self.previous or _NEVER)
        return json.dumps(document).encode()


@dataclass(frozen=True)
class Arrival:
    """A night in a mailbox; a resend has another folder."""

    night: Night
    suffix: str = ""

    @property
    def name(self) -> str:
        return self.night.day + self.suffix


@dataclass
class Orders:
    """Colleges, each with its own order of arrival, in one warehouse."""

    home: Home
    schedules: dict[str, list[list[Arrival]]]
    emptied: frozenset[str] = frozenset()
    landings: int = 0
    contracts: Contracts = field(init=False)
    _content: dict[int, dict[str, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        model = CONTRACTS.colleges["CACC"]
        self.contracts = replace(
            CONTRACTS,
            colleges={code: replace(model, code=code) for code in self.schedules},
        )

    def run(self) -> None:
        """Deliver and land round after round; an operator releases what is held."""
        rounds = max(len(schedule) for schedule in self.schedules.values())
        for at in range(rounds):
            for code, schedule in self.schedules.items():
                for arrival in schedule[at : at + 1]:
                    for one in arrival:
                        self._deliver(code, one)
            self._land()
            asked = 0
            while released := self._held():
                self._land(released)
                asked += 1
                assert asked < 12, f"a release does not help: {released}"
            for code in self.emptied:
                shutil.rmtree(self.home.inbox / code, ignore_errors=True)

    def _land(self, release: frozenset[str] = frozenset()) -> None:
        done = land(self.home, self.contracts, now=CLOCK, release=release)
        self.landings += len(done.packages)

    def _newest(self) -> pl.DataFrame:
        """The newest word on every package of every college, resends aside."""
        ledger = in_effect(read_ledger(self.home)).filter(pl.col("verdict") != REPEAT)
        counts = pl.col("verdict").is_in(APPLIED)
        return (
            ledger.with_row_index()
            .sort(counts, "wave_id", "index")
            .unique(
                ["institution_code", "package_id"], keep="last", maintain_order=True
            )
        )

    def _held(self) -> frozenset[str]:
        """Packages that wait for a person, and not for a predecessor.

        Among them those that a later snapshot has overtaken before anybody looked.
        """
        edits = pl.col("findings").list.eval(
            pl.element()
            .struct.field("edit_id")
            .filter(pl.element().struct.field("severity") == "F")
        )
        waiting = self._newest().filter(pl.col("verdict").is_in([HELD, RETIRED]))
        mine = waiting.filter(edits.list.eval(pl.element() != "F10").list.any())
        return frozenset(mine["package_id"])

    def _deliver(self, code: str, arrival: Arrival) -> None:
        night = arrival.night
        content = self._content.setdefault(id(night), night.content())
        folder = self.home.inbox / code / arrival.name
        folder.mkdir(parents=True)
        for feed, data in content.items():
            (folder / f"{feed}.csv").write_bytes(data)
        manifest = night.manifest(code, content)
        (folder / "manifest.json").write_bytes(manifest)

    def digests(self) -> dict[str, dict[str, str]]:
        """What each college has come to: rows in force, quarantine, ledger."""
        parts: dict[str, dict[str, str]] = {code: {} for code in self.schedules}

        def take(name: str, rows: pl.DataFrame) -> None:
            rest = [c for c in rows.columns if c != "institution_code"]
            ids = [pl.col(c).str.slice(8) for c in rest if c in _PACKAGES]
            texts = rows.with_columns(ids).select(
                "institution_code", text=pl.struct(rest).struct.json_encode()
            )
            joined = texts.group_by("institution_code").agg(pl.col("text").sort())
            for code, lines in joined.iter_rows():
                parts[code][name] = "\n".join(lines)

        with duckdb.connect() as con:
            connect_in_force(self.home, self.contracts, con)
            for feed in self.contracts.feeds:
                rows = con.sql(f"select * exclude (_wave_id) from {feed}")
                take(feed, pl.DataFrame(rows.to_arrow_table()))
        history = History(read_ledger(self.home))
        for feed in self.contracts.feeds:
            aside = read_quarantine(self.home, feed, history).drop("wave_id")
            take(f"quarantine of {feed}", aside)
        take(
            "ledger",
            self._newest().select(
                "institution_code",
                "package_id",
                "verdict",
                "publishable",
                pl.when(pl.col("verdict").is_in(APPLIED)).then("package_seq"),
                pl.when(pl.col("verdict").is_in(APPLIED)).then("files"),
                pl.when(pl.col("verdict").is_in(APPLIED)).then("findings"),
            ),
        )
        return parts


def digest(parts: dict[str, str]) -> str:
    """One text for all of it."""
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def five_nights() -> list[Night]:
    """Full, delta, windowed, full, delta, with everything that depends on order."""
    first = _with_orphan(college_state())
    first["credential_award"].append(award("A0002", "7"))
    second: State = {
        # The grade of a past term is corrected; a student leaves, whose rows stay.
        "course_result": [
            result("A0002", "202610", "2", "A")
            | {"grade_seq": "2", "grade_posted_on": "2026-09-02"}
        ],
        "term_enrollment": [term_row("A0002", "202610", "A")],
        "person": [
            person("A0001") | {"last_name": "Second"},
            {"student_id": "A0004", "_op": "D"},
        ],
    }
    window = college_state()
    third = {
        **window,
        "person": [person("A0009", 9), person("A0004", 3)],
        "person_identifier": [],
        "program_enrollment": [],
        "section": [s for s in window["section"] if s["term_code"] == FALL],
        "course_result": _fall(window["course_result"], but="A0003"),
        "term_enrollment": _fall(window["term_enrollment"], but="A0003"),
        "credential_award": [award("A0003", "3")],
    }
    fourth = _with_orphan(college_state())
    fourth["person"] += [person("A0009", 9)]
    fourth["person"][0]["last_name"] = "Fourth"
    fourth["course_result"][2] |= {
        "grade_local": "A", "quality_points": "12.000", "grade_seq": "2",
    }  # fmt: skip
    fourth["term_enrollment"][2] |= {"quality_points": "12.000", "term_gpa": "4.000"}
    # Awards 3 and 7 are gone without a word.
    fifth: State = {
        "person": [{"student_id": "A0003", "_op": "D"}, person("B0003", 2)],
        "person_merge": [
            {
                "from_student_id": "A0003",
                "to_student_id": "B0003",
                "kind": "ID_CHANGED",
                "merged_on": "2026-09-05",
            }
        ],
        "course_result": [
            result("B0003", "202610", "1", "A"),
            result("A0001", "202680", "1", "B") | {"grade_seq": "2"},
        ],
        "term_enrollment": [term_row("A0001", "202680", "B")],
    }
    return [
        Night(1, "snapshot", first),
        Night(2, "delta", second, previous=1),
        Night(3, "snapshot", third, terms=(FALL,)),
        Night(4, "snapshot", fourth),
        Night(5, "delta", fifth, previous=4),
    ]


def _with_orphan(state: State) -> State:
    state["course_result"].append(result("A0009", "202610", "1", "B"))
    state["term_enrollment"].append(term_row("A0009", "202610", "B"))
    state["person_identifier"].append(identifier("A0009", 9))
    return state


def _fall(rows: Iterable[Row], but: str) -> list[Row]:
    return [r for r in rows if r["term_code"] == FALL and r["student_id"] != but]


def drawn_nights(draw: random.Random) -> list[Night]:
    """Six to nine nights of a college that changes; some chains have a gap."""
    world = _with_orphan(college_state())
    nights: list[Night] = []
    for number in range(1, draw.randint(6, 9) + 1):
        changed = _change(draw, world)
        kind = (
            "full" if number == 1 else draw.choice(["full", "delta", "delta", "window"])
        )
        if kind == "full":
            night = Night(number, "snapshot", _copy(world))
        elif kind == "window":
            night = Night(number, "snapshot", _window(world), terms=(FALL,))
        else:
            gap = draw.random() < 0.1
            night = Night(
                number, "delta", changed, previous=None if gap else number - 1
            )
        nights.append(night)
    return nights


def _change(draw: random.Random, world: State) -> State:
    """Change the college; what a delta says of it."""
    said: State = {}
    for _ in range(draw.randint(1, 3)):
        what = draw.choice(
            ["name", "grade", "leave", "come", "award", "scheme", "drop"]
        )
        people = world["person"]
        if what == "name":
            one = draw.choice(people)
            one["last_name"] = f"Name{draw.randint(1, 99)}"
            said.setdefault("person", []).append(dict(one))
        elif what == "grade":
            one = draw.choice(world["course_result"])
            letter = draw.choice("AB")
            points = {"A": "12.000", "B": "9.000"}[letter]
            seq = str(int(one["grade_seq"]) + 1)
            one |= {"grade_local": letter, "quality_points": points, "grade_seq": seq}
            said.setdefault("course_result", []).append(dict(one))
        elif what == "leave" and len(people) > 2:
            one = people.pop(draw.randrange(len(people)))
            said.setdefault("person", []).append(
                {"student_id": one["student_id"], "_op": "D"}
            )
        elif what == "come":
            student = f"A{draw.randint(1, 12):04d}"
            people[:] = [p for p in people if p["student_id"] != student]
            people.append(person(student, int(student[1:])))
            said.setdefault("person", []).append(dict(people[-1]))
        elif what == "award":
            one = award(draw.choice(people)["student_id"], str(draw.randint(1, 9)))
            keep = [
                a for a in world["credential_award"] if _award_key(a) != _award_key(one)
            ]
            world["credential_award"][:] = [*keep, one]
            said.setdefault("credential_award", []).append(dict(one))
        elif what == "scheme":
            one = draw.choice(world["grade_scheme"][:2])
            passes = one["outcome"] == "FAIL"
            one |= {
                "outcome": "PASS" if passes else "FAIL",
                "counts_earned": "Y" if passes else "N",
            }
            said.setdefault("grade_scheme", []).append(dict(one))
        elif world["course_result"]:
            rows = world["course_result"]
            one = rows.pop(draw.randrange(len(rows)))
            keys = ("student_id", "term_code", "section_id", "attempt_seq")
            said.setdefault("course_result", []).append(
                {name: one[name] for name in keys} | {"_op": "D"}
            )
    return {feed: _last_of_key(feed, rows) for feed, rows in said.items()} or {
        "person": [dict(world["person"][0])]
    }


def _award_key(row: Row) -> tuple[str, str]:
    return row["student_id"], row["award_id"]


def _last_of_key(feed: str, rows: list[Row]) -> list[Row]:
    key = CONTRACTS.feeds[feed].key
    return list({tuple(row[name] for name in key): row for row in rows}.values())


def _copy(world: State) -> State:
    return {feed: [dict(row) for row in rows] for feed, rows in world.items()}


def _window(world: State) -> State:
    return {
        feed: [r for r in rows if feed == "term" or r.get("term_code", FALL) == FALL]
        for feed, rows in _copy(world).items()
    }


def drawn_schedule(draw: random.Random, nights: Sequence[Night]) -> list[list[Arrival]]:
    """An order of arrival with resends, in which several packages may come at once."""
    arrivals = [Arrival(night) for night in nights]
    arrivals += [Arrival(night, "-2") for night in nights if draw.random() < 0.25]
    draw.shuffle(arrivals)
    rounds: list[list[Arrival]] = []
    while arrivals:
        many = draw.choice([1, 1, 2, 3])
        rounds.append(arrivals[:many])
        arrivals = arrivals[many:]
    return rounds


def _id(code: str, number: int) -> str:
    return f"{int(code[-4:]):08d}-1111-4111-8111-{number:012d}"
