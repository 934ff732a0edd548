"""Scorecards as pages and JSON: one a college, one a state.

Belongs here: where they lie and what is on them. Does not belong here: the numbers
(``scorecard``). The state-wide page has counts of colleges and no row or value.
"""

from datetime import date, datetime
from typing import Any

import orjson

from pipelines.contracts.model import Contracts, Sender
from pipelines.landing.decided.decisions import Decisions
from pipelines.landing.decided.verdicts import REFUSED
from pipelines.landing.freshness import Freshness, freshness
from pipelines.landing.kept.ledger import read_ledger
from pipelines.landing.package.parcel import APPLIED, HELD, REJECTED
from pipelines.returns.credentials import credential_quality
from pipelines.returns.page import TONE, environment
from pipelines.returns.scorecard import Scores, as_rows, score
from pipelines.returns.words import EFFECT, FRESHNESS, VERDICT_IN_SHORT
from pipelines.returns.write import replace
from pipelines.settings import Home

_NOT_IN_FORCE = (HELD, REFUSED, REJECTED)
_CATEGORIES = ("conformance", "completeness", "plausibility")


def write_scorecards(home: Home, contracts: Contracts, now: datetime | date) -> int:
    """Write every college's scorecard and each system's state-wide page.

    Args:
        home: The warehouse; nothing is written before its first package.
        contracts: Senders and checks.
        now: An aware instant, or a date: the end of that day at each sender.

    Returns:
        How many scorecards were written.
    """
    ledger = read_ledger(home)
    if ledger.is_empty():
        return 0
    scores = score(ledger, contracts, Decisions.read(home), now)
    ages = {age.institution_code: age for age in freshness(home, contracts, now)}
    cards = _cards(scores, contracts, ages)
    for code, card in cards.items():
        card["credentials"] = credential_quality(home, code)
        folder = home.outbox / code
        folder.mkdir(parents=True, exist_ok=True)
        replace(folder / "scorecard.json", orjson.dumps(_told(card)))
        replace(folder / "scorecard.html", _page("scorecard.html.j2", card))
    systems = {c.system for c in contracts.colleges.values() if c.code in cards}
    for system in sorted(systems):
        state = _state(system, contracts, cards, ages, scores)
        folder = home.outbox / contracts.systems[system].sender
        folder.mkdir(parents=True, exist_ok=True)
        replace(folder / "state.json", orjson.dumps(_told(state)))
        replace(folder / "state.html", _page("state.html.j2", state))
    return len(cards)


def _page(template: str, card: dict[str, Any]) -> bytes:
    page = environment().get_template(template)
    return page.render(
        c=card,
        tones=TONE,
        verdicts=VERDICT_IN_SHORT,
        effects=EFFECT,
        applied=APPLIED,
        freshness=FRESHNESS,
        categories=_CATEGORIES,
    ).encode()


def _told(card: dict[str, Any]) -> dict[str, Any]:
    """A card without its drawings."""
    return {
        name: [_told(entry) if isinstance(entry, dict) else entry for entry in value]
        if isinstance(value, list)
        else value
        for name, value in card.items()
        if name != "svg"
    }


def _cards(
    scores: Scores, contracts: Contracts, ages: dict[str, Freshness]
) -> dict[str, dict[str, Any]]:
    feeds, trend = as_rows(scores.feeds), as_rows(scores.trend)
    edits, checks = as_rows(scores.edits), as_rows(scores.checks)
    order = {name: at for at, name in enumerate(contracts.feeds)}
    cards = {}
    for code, (head,) in as_rows(scores.colleges).items():
        sender = contracts.sender(code)
        assert sender is not None
        by_feed: dict[str, dict[str, Any]] = {
            feed["feed"]: {**feed, "edits": [], "checks": [], "trend": []}
            for feed in sorted(
                feeds.get(code, []), key=lambda f: order.get(f["feed"], len(order))
            )
        }
        # What was found in no file: in the manifest, or that a file is missing.
        of_package = []
        for name, parts in (("edits", edits), ("checks", checks), ("trend", trend)):
            for entry in parts.get(code, []):
                feed = by_feed.get(entry["feed"] or "")
                if feed is not None:
                    feed[name].append(entry)
                    del entry["feed"]
                elif name == "edits":
                    of_package.append(entry)
        age = ages.get(code)
        cards[code] = {
            "institution_code": code,
            "institution_name": sender.name,
            "first_night": scores.nights[0],
            "last_night": scores.nights[-1],
            **head,
            **_age(age),
            "edits": of_package,
            "feeds": list(by_feed.values()),
        }
    return cards


def _age(age: Freshness | None) -> dict[str, Any]:
    return {
        "freshness": age.status if age else None,
        "as_of": age.as_of if age else None,
        "publishable_as_of": age.publishable_as_of if age else None,
    }


def _state(
    system: str,
    contracts: Contracts,
    cards: dict[str, dict[str, Any]],
    ages: dict[str, Freshness],
    scores: Scores,
) -> dict[str, Any]:
    """Every open sender of a system, and closed ones that sent something."""
    office = contracts.systems[system]
    senders: list[Sender] = [
        *(c for c in contracts.colleges.values() if c.system == system),
        office,
    ]
    colleges = [
        _line(sender, cards.get(sender.sender), ages.get(sender.sender))
        for sender in sorted(senders, key=lambda s: s.name)
        if sender.sender in cards or sender.sender in ages
    ]
    return {
        "system": system,
        "system_name": office.name,
        "first_night": scores.nights[0],
        "last_night": scores.nights[-1],
        "totals": {
            status: sum(line["freshness"] == status for line in colleges)
            for status in FRESHNESS
        },
        "waiting": sum(line["verdict"] in _NOT_IN_FORCE for line in colleges),
        # Who never sent anything comes last.
        "colleges": sorted(colleges, key=lambda line: line["verdict"] is None),
    }


def _line(
    sender: Sender, card: dict[str, Any] | None, age: Freshness | None
) -> dict[str, Any]:
    names = (
        "verdict",
        "delivery",
        "night",
        "rows",
        "publishable",
        "received",
        "on_time",
        "accepted",
        "days_since_good",
        "F",
        "Q",
        "W",
        "svg",
    )
    return {
        "institution_code": sender.sender,
        "institution_name": sender.name,
        **{name: card[name] if card else None for name in names},
        **_age(age),
    }
