"""What stops a night: too many links, too many merges, too large a learner.

Belongs here: the figures of a night, their bounds and a steward's leave to exceed them
once. Does not belong here: single pairs (``conflicts``).

A refused night writes no event. Yesterday's links stand; who is new stays without a
learner, is counted as such, and is decided about again the next night.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson
import yaml

from pipelines.contracts.yaml_text import read_yaml
from pipelines.decider import who_and_why
from pipelines.errors import OperatorError
from pipelines.identity.log.schema import STEWARD
from pipelines.identity.log.store import At
from pipelines.identity.night.graph import COLLEGE_MERGE
from pipelines.identity.night.places import (
    accepted_folder,
    cache_folder,
    guard_file,
    private_folder,
    write_private,
)
from pipelines.settings import Home, contracts_root

GUARD = Path("identity") / "guard.yaml"
_BY_STEWARD = f"starts_with(decided_by, '{STEWARD}')"
_BY_COLLEGE = f"starts_with(decided_by, '{COLLEGE_MERGE}')"
_BY_EVIDENCE = f"not {_BY_STEWARD} and not {_BY_COLLEGE}"
_OF_COLLEGE = "college_joined_share "
_LEAVE = 1.1
"""A night that is let through may exceed the figures it was stopped for by this: more
packages may have come since."""


@dataclass(frozen=True)
class Bounds:
    """What ``data_contracts/identity/guard.yaml`` says; shares are of 1.

    Attributes:
        linked_share_max: Largest share of new students that join another.
        linked_share_rise: How far that share may lie above the share in the whole log.
        linked_at_least: New students from which on the share is judged.
        merged_share_max: Largest share of the learners that one night may retire.
        merged_at_least: Merges from which on that share is judged.
        college_joined_share_max: Largest share of a college's students that its own
            word (merged, renamed) joins in one night.
        college_joined_at_least: Students so joined from which on that is judged.
        cluster_max: Most students of a learner to whom tonight adds.
        rival_margin_bits: Weight by which a scored pair must exceed its rival.
    """

    linked_share_max: float
    linked_share_rise: float
    linked_at_least: int
    merged_share_max: float
    merged_at_least: int
    college_joined_share_max: float
    college_joined_at_least: int
    cluster_max: int
    rival_margin_bits: float


@dataclass(frozen=True)
class Wave:
    """What one college's own word does to its students.

    Attributes:
        joined: Links and merges of tonight that rest on it.
        share: ``joined`` of all its students.
    """

    joined: int
    share: float


@dataclass(frozen=True)
class Figures:
    """One night in numbers; what a steward decided is in none of them.

    Who merges or renames student ids of its own says so of thousands at once, and may
    send the wrong file: that is counted by college, and not as evidence.

    Attributes:
        new_students: College students seen for the first time, less those that a
            college says are others of its own.
        linked_share: Share of them that join another; 0 when there are none.
        linked_share_before: The same over the whole log; null before the first night.
        merged: Learners retired tonight.
        merged_share: Share of the learners active before; 0 when there were none.
        largest_cluster: Students of the largest learner to whom tonight adds.
        colleges: By college that was there before, what its own word joins.
    """

    new_students: int
    linked_share: float
    linked_share_before: float | None
    merged: int
    merged_share: float
    largest_cluster: int
    colleges: dict[str, Wave]

    def value(self, name: str) -> float:
        """One figure by the name that ``breaches`` gives it."""
        if name.startswith(_OF_COLLEGE):
            wave = self.colleges.get(name.removeprefix(_OF_COLLEGE))
            return wave.share if wave else 0.0
        return float(getattr(self, name) or 0)


def load_bounds(root: Path | None = None) -> Bounds:
    """Read the bounds.

    Args:
        root: The contracts' folder; ``settings.contracts_root`` when left out.

    Raises:
        OperatorError: The file is missing or does not say what it must.
    """
    path = (root or contracts_root()) / GUARD
    try:
        return Bounds(**read_yaml(path.read_text())["bounds"])
    except (OSError, TypeError, KeyError, yaml.YAMLError):
        raise OperatorError(
            f"{GUARD} must give {', '.join(Bounds.__dataclass_fields__)} under bounds"
        ) from None


def judge(
    con: duckdb.DuckDBPyConnection, home: Home, bounds: Bounds, last_seq: int
) -> str | None:
    """Judge the night's events before they are written, and keep the verdict.

    Needs ``night.new_event`` and the views of the log.

    Args:
        con: The connection.
        home: The warehouse; the verdict goes to ``warehouse/identity/guard.json``.
        bounds: What is allowed.
        last_seq: Where the log ends.

    Returns:
        Why the night is refused, in one line; None when it passes.
    """
    figures = measure(con)
    broken = breaches(figures, bounds)
    accepted = _accepted(con, home) if broken else None
    if accepted is not None:
        broken = {
            name: reason
            for name, reason in broken.items()
            if figures.value(name) > _LEAVE * accepted.value(name)
        }
        verdict = "refused" if broken else "accepted"
    else:
        verdict = "refused" if broken else "passed"
    private_folder(cache_folder(home))
    write_private(
        guard_file(home),
        orjson.dumps(
            {
                "verdict": verdict,
                "reasons": list(broken.values()),
                "figures": asdict(figures),
                "bounds": asdict(bounds),
                "after_seq": last_seq,
                "judged_at": datetime.now(UTC).isoformat(),
            },
            option=orjson.OPT_INDENT_2,
        ),
    )
    return "; ".join(broken.values()) or None


def breaches(figures: Figures, bounds: Bounds) -> dict[str, str]:
    """The figures that are out of bounds, each with the reason in words."""
    found = {}
    most = bounds.linked_share_max
    if figures.linked_share_before is not None:
        most = min(most, figures.linked_share_before + bounds.linked_share_rise)
    if figures.new_students >= bounds.linked_at_least and figures.linked_share > most:
        found["linked_share"] = (
            f"{figures.linked_share:.1%} of the {figures.new_students:,} new students "
            f"would join another person, more than {most:.1%}"
        )
    if (
        figures.merged >= bounds.merged_at_least
        and figures.merged_share > bounds.merged_share_max
    ):
        found["merged_share"] = (
            f"{figures.merged:,} learners would be merged, {figures.merged_share:.2%} "
            f"of all and more than {bounds.merged_share_max:.2%}"
        )
    for college, wave in sorted(figures.colleges.items()):
        if (
            wave.joined >= bounds.college_joined_at_least
            and wave.share > bounds.college_joined_share_max
        ):
            found[_OF_COLLEGE + college] = (
                f"{college} would join {wave.joined:,} of its own students by its "
                f"word, {wave.share:.1%} and more than "
                f"{bounds.college_joined_share_max:.1%}"
            )
    if figures.largest_cluster > bounds.cluster_max:
        found["largest_cluster"] = (
            f"{figures.largest_cluster:,} college students would be one person, more "
            f"than {bounds.cluster_max:,}"
        )
    return found


def measure(con: duckdb.DuckDBPyConnection) -> Figures:
    """The figures of ``night.new_event`` against the log."""
    new, linked, merged = _row(
        con,
        f"""
        select
            count(*) filter (event_type = 'link'),
            count(*) filter (event_type = 'link' and other_student_id is not null),
            count(*) filter (event_type = 'merge')
        from night.new_event
        where {_BY_EVIDENCE}
        """,
    )
    before, linked_before = _row(
        con,
        f"""
        select count(*), count(*) filter (other_student_id is not null)
        from identity_event
        where event_type = 'link' and {_BY_EVIDENCE}
        """,
    )
    (learners,) = _row(con, "select count(*) from learner where status = 'active'")
    (largest,) = _row(
        con,
        f"""
        with added as (
            from night.new_event where not {_BY_STEWARD}
        ),
        led as (
            select learner_id, learner_id as now from added
            where event_type = 'link' and other_student_id is not null
            union
            select unnest([learner_id, other_learner_id]), learner_id
            from added where event_type = 'merge'
        ),
        student as (
            select learner_id from night.linked
            union all
            select learner_id from night.new_event where event_type = 'link'
        ),
        size as (
            select led.now, count(*) as students
            from led inner join student using (learner_id)
            group by led.now
        )
        select coalesce(max(students), 0) from size
        """,
    )
    return Figures(
        new_students=new,
        linked_share=linked / new if new else 0.0,
        linked_share_before=linked_before / before if before else None,
        merged=merged,
        merged_share=merged / learners if learners else 0.0,
        largest_cluster=largest,
        colleges=_waves(con),
    )


def _waves(con: duckdb.DuckDBPyConnection) -> dict[str, Wave]:
    """By college; the first night of one brings the merges of all its years."""
    rows = con.execute(
        f"""
        with joined as (
            select institution_code, count(*) as joined
            from night.new_event
            where event_type in ('link', 'merge') and {_BY_COLLEGE}
                and institution_code in (select institution_code from night.linked)
            group by institution_code
        ),
        student as (
            select institution_code from night.linked
            union all
            select institution_code from night.new_event where event_type = 'link'
        )
        select institution_code, any_value(joined), count(*)
        from joined inner join student using (institution_code)
        group by institution_code
        order by institution_code
        """
    ).fetchall()
    return {code: Wave(joined, joined / students) for code, joined, students in rows}


def accept(
    home: Home, by: str, reason: str, *, at: At = lambda _: None
) -> dict[str, Any]:
    """Let the night that the guard refused through, once.

    The next night may exceed the bounds as far as the refused one did. Once a night has
    written events the leave is used up. It is kept in the vault for ever.

    Args:
        home: The warehouse.
        by: Name of the steward.
        reason: Why the figures are right.
        at: Called at every step with its name; for crash tests.

    Returns:
        The figures that are accepted.

    Raises:
        UsageError: The name or the reason is missing.
        OperatorError: Nothing is refused.
    """
    who, why = who_and_why(by, reason)
    path = guard_file(home)
    said = orjson.loads(path.read_bytes()) if path.exists() else {}
    if said.get("verdict") != "refused":
        raise OperatorError("The guard refuses nothing; there is nothing to accept.")
    folder = private_folder(accepted_folder(home))
    at("decided")
    write_private(
        folder / f"{said['after_seq']:012d}.json",
        orjson.dumps(
            {
                "accepted_by": who,
                "reason": why,
                "accepted_at": datetime.now(UTC).isoformat(),
                "after_seq": said["after_seq"],
                "figures": said["figures"],
                "reasons": said["reasons"],
            },
            option=orjson.OPT_INDENT_2,
        ),
    )
    at("leave written")
    return dict(said["figures"])


def in_words(figures: Mapping[str, Any]) -> str:
    """The figures of a verdict as people read them: shares as percent."""
    said = []
    for name, value in figures.items():
        if name == "colleges":
            said += [
                f"{code}'s own word {wave['share']:.1%}" for code, wave in value.items()
            ]
        elif value is not None:
            shown = f"{value:.1%}" if "share" in name else f"{value:,}"
            said.append(f"{name.replace('_', ' ')} {shown}")
    return ", ".join(said)


def _accepted(con: duckdb.DuckDBPyConnection, home: Home) -> Figures | None:
    """The figures of the newest leave that no night has used."""
    files = sorted(accepted_folder(home).glob("*.json"))
    if not files:
        return None
    leave = orjson.loads(files[-1].read_bytes())
    (used,) = _row(
        con,
        f"select count(*) from identity_event where seq > {int(leave['after_seq'])} "
        f"and event_type in ('mint', 'link', 'merge') and not {_BY_STEWARD}",
    )
    if used:
        return None
    colleges = {
        code: Wave(**wave)
        for code, wave in leave["figures"].get("colleges", {}).items()
    }
    return Figures(**{**leave["figures"], "colleges": colleges})


def _row(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    return con.execute(sql).fetchall()[0]
