"""Whatever order packages arrive in, what a college has come to is the same.

``make orders`` tries every order of five nights and 200 drawn sequences; ``make test``
some of the orders, ``make sweeps`` some sequences (``LRW_ORDERS``: a share, 1 for all).
"""

import itertools
import json
import os
import random
from collections.abc import Sequence
from pathlib import Path

from order_world import (
    Arrival,
    Orders,
    digest,
    drawn_nights,
    drawn_schedule,
    five_nights,
)
from sweeps import sweep

from pipelines.settings import Home

SHARE = float(os.environ.get("LRW_ORDERS", "0.03"))
SEED = 20260901
SEQUENCES = 200


def test_all_orders_of_five_nights_end_in_one_state(tmp_path: Path) -> None:
    nights = five_nights()
    orders = list(itertools.permutations(nights))
    assert len(orders) == 120
    chosen = _part([[[Arrival(night)] for night in order] for order in orders])
    codes = [f"ORDER{at:04d}" for at in range(len(chosen))]
    world = Orders(
        Home(tmp_path / "home"),
        dict(zip(codes, chosen, strict=True)),
        emptied=frozenset(codes[1::2]),
    )

    world.run()

    found = world.digests()
    expected = found[codes[0]]
    assert _verdicts(expected) == {
        1: "accepted_with_quarantine",
        2: "accepted_with_quarantine",
        3: "accepted",
        4: "accepted",
        5: "accepted",
    }
    assert _different(found, dict.fromkeys(codes, expected)) == {}


@sweep
def test_sequences_with_resends_and_gaps_end_as_if_in_order(tmp_path: Path) -> None:
    draw = random.Random(SEED)
    schedules: dict[str, list[list[Arrival]]] = {}
    twins: dict[str, str] = {}
    # Of a part the shortest: what takes time is the number of rounds, not of colleges.
    drawn_all = sorted((drawn_nights(draw) for _ in range(SEQUENCES)), key=len)
    chosen = drawn_all[: max(1, round(SHARE * SEQUENCES))]
    for at, nights in enumerate(chosen):
        in_order, drawn = f"ORDER{2 * at:04d}", f"ORDER{2 * at + 1:04d}"
        schedules[in_order] = [[Arrival(night)] for night in nights]
        schedules[drawn] = drawn_schedule(draw, nights)
        twins[drawn] = in_order
    world = Orders(
        Home(tmp_path / "home"), schedules, emptied=frozenset(list(twins)[::2])
    )

    world.run()

    found = world.digests()
    assert _different(found, {code: found[twins[code]] for code in twins}) == {}


def _part(whole: Sequence[list]) -> list[list]:
    """An even share of the cases, the first among them."""
    return list(whole[:: max(1, round(1 / SHARE))])


def _different(
    found: dict[str, dict[str, str]], expected: dict[str, dict[str, str]]
) -> dict[str, list[str]]:
    """Colleges that ended otherwise, and in what."""
    return {
        code: sorted(
            name
            for name in {**found[code], **wanted}
            if found[code].get(name) != wanted.get(name)
        )
        for code, wanted in expected.items()
        if digest(found[code]) != digest(wanted)
    }


def _verdicts(parts: dict[str, str]) -> dict[int, str]:
    rows = [json.loads(line) for line in parts["ledger"].splitlines()]
    return {int(row["package_id"][-3:]): row["verdict"] for row in rows}
