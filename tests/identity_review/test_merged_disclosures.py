"""Whom a learner's records went to, while ids are merged and parted."""

from linked_world import ASKED, HERE, THERE, World
from lrw_calls import Lrw

from pipelines.disclosure.ledger import Content, Request, append

WHO = ("--by", "Ann Clerk", "--reason", "Both colleges confirmed it")


def hand_out(world: World, learner: str, audience: str) -> None:
    content = Content(learner, "clr", f"urn:uuid:{learner}", "0" * 64, {})
    append(world.home.disclosures, Request(audience, None, "Ann Lee"), content)


def told(lrw: Lrw, learner: str) -> dict[str, str]:
    """Under which id it was handed out, by the party."""
    said = lrw("disclosures", learner, "--format", "json")
    assert said.code == 0, said.err
    return {
        one["request"]["audience"]: one["content"]["learner_id"] for one in said.json()
    }


def test_disclosures_follow_a_merge_and_part_with_its_split(
    world: World, lrw: Lrw
) -> None:
    a, b = (
        lrw("identity", "explain", f"{code}:{ASKED}", "--format", "json").json()[
            "learner_id"
        ]
        for code in (HERE, THERE)
    )
    hand_out(world, a, "Acme Works")
    hand_out(world, b, "Other College")
    assert told(lrw, a) == {"Acme Works": a}
    merged = lrw("identity", "merge", a, b, *WHO, "--format", "json").json()
    survivor, retired = merged["survivor"], merged["retired"]
    hand_out(world, survivor, "State Board")
    everything = {"Acme Works": a, "Other College": b, "State Board": survivor}
    # The survivor and who comes with an old id are one person.
    assert told(lrw, survivor) == told(lrw, retired) == everything
    lines = lrw("disclosures", retired).out.splitlines()
    assert [line.rpartition("learner ")[2] for line in lines] == [a, b, survivor]
    assert "learner_id" in lrw("disclosures", retired, "--format", "csv").out
    undone = lrw(
        "identity", "split", survivor, "--undo", merged["event_id"], *WHO,
        "--format", "json",
    )  # fmt: skip
    assert undone.code == 0, undone.err
    own = {party: id_ for party, id_ in everything.items() if id_ == survivor}
    assert told(lrw, survivor) == own
    assert told(lrw, retired) == {
        party: id_ for party, id_ in everything.items() if id_ == retired
    }


def test_an_id_that_nobody_knows_has_no_disclosure(world: World, lrw: Lrw) -> None:
    hand_out(world, "somebody", "Acme Works")
    assert told(lrw, "nobody") == {}
    assert told(lrw, "somebody") == {"Acme Works": "somebody"}
