"""The faults ``--faults standard`` plants, and where each finds room.

Belongs here: the list of faults with their expected verdicts and their placing on
colleges and nights. Does not belong here: how rows, bytes and manifests are spoilt.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from pipelines.sample import fault_files as files
from pipelines.sample import fault_rows as rows
from pipelines.sample.draft import Draft
from pipelines.sample.layout import FROM, TO
from pipelines.sample.state import State

Spoil = Callable[[Draft], None]

ACCEPTED = "accepted"
QUARANTINED = "accepted_with_quarantine"
HELD = "held"
REJECTED = "rejected"
REPEAT = "repeat"
LATE = "late"


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Attributes:
        edit_id: the finding that must be reported.
        verdict: of the package (``late`` where there is none).
        feed: the file it is in, None for the package.
        mode: the mode the package must have; None: any.
        delivery: how the mailbox sees it: ``plain``, ``again`` (the same package a
            second time), ``resent`` (its id again with other content), ``absent``,
            ``gap`` (a delta before its predecessor), ``stranger`` (a delta on an
            unknown package), ``early`` (as_of in the future), ``old``.
        heals: the mode of the next package: None: by college.
        spacious: wants one of the larger colleges.
        publishable: whether the college's publication may go on.
        utf8: makes sense only where UTF-8 is declared.
        people: ids a college must have for the fault to weigh enough.
        reads_all_keys: the fault hides keys, so nothing may go by absence that night.
        text, data, body, disk: what is spoilt at each stage of a draft.
    """

    name: str
    edit_id: str
    verdict: str
    feed: str | None = None
    mode: str | None = None
    delivery: str = "plain"
    heals: str | None = None
    spacious: bool = False
    publishable: bool = True
    utf8: bool = False
    people: int = 8
    reads_all_keys: bool = False
    text: Spoil | None = None
    data: Spoil | None = None
    body: Spoil | None = None
    disk: Spoil | None = None


STANDARD: tuple[Fault, ...] = (
    Fault("row_edits", "several", QUARANTINED, mode="full", spacious=True,
          text=rows.every_edit),
    Fault("orphans", "NCC-Q04", QUARANTINED, "noncredit_completion", mode="full",
          heals="delta", spacious=True, text=rows.orphans_expected),
    Fault("differing_duplicates", "F14", QUARANTINED, "program_enrollment",
          mode="full", spacious=True, text=rows.differing_duplicates),
    Fault("undecodable_few", "F08", QUARANTINED, "person", mode="full",
          spacious=True, utf8=True, people=101, reads_all_keys=True,
          data=files.few_undecodable,
          body=files.without_student_count),
    Fault("superseded_duplicates", "F14", ACCEPTED, "person", mode="full",
          spacious=True, text=rows.superseded_duplicates),
    Fault("identical_duplicates", "F13", ACCEPTED, "person_identifier", mode="full",
          spacious=True, text=rows.identical_duplicates),
    Fault("too_many_quarantined", "F15", HELD, "course_result", mode="full",
          text=rows.many_bad_rows),
    Fault("constant_grade", "F17", HELD, "course_result", mode="full", people=12,
          text=rows.constant_grade),
    Fault("empty_column", "F17", ACCEPTED, "person", mode="full", spacious=True,
          people=25,
          text=rows.empty_column),
    Fault("results_vanish", "CRR-F01", HELD, "course_result", mode="full",
          text=rows.results_vanish),
    Fault("identifiers_vanish", "F11", HELD, "person_identifier", mode="full",
          text=rows.identifiers_vanish),
    Fault("disclosure_missing", "DSC-F01", ACCEPTED, "disclosure", mode="full",
          heals="full", publishable=False, text=rows.without_disclosure),
    Fault("required_feed_missing", "F12", HELD, "section", mode="full",
          text=rows.without_sections),
    Fault("delta_before_predecessor", "F10", HELD, delivery="gap", mode="delta"),
    Fault("delta_on_unknown_package", "F10", HELD, delivery="stranger", mode="delta",
          heals="full"),
    Fault("manifest_lacks_field", "F01", REJECTED, body=files.manifest_lacks_field),
    Fault("manifest_not_json", "F01", REJECTED, body=files.manifest_not_json),
    Fault("sent_again", "F02", REPEAT, delivery="again"),
    Fault("id_with_other_content", "F02", REJECTED, delivery="resent",
          text=rows.other_titles),
    Fault("code_unknown", "F03", REJECTED, body=files.unknown_college),
    Fault("code_of_another", "F03", REJECTED, body=files.another_college),
    Fault("file_absent", "F04", REJECTED, "course_result", mode="full",
          disk=files.file_absent),
    Fault("file_unlisted", "F04", ACCEPTED, disk=files.file_unlisted),
    Fault("file_altered", "F05", HELD, "course_result", mode="full",
          disk=files.file_altered),
    Fault("rows_miscounted", "F06", HELD, "person", body=files.rows_miscounted),
    Fault("column_missing", "F07", HELD, "person", mode="full",
          text=rows.column_missing),
    Fault("column_repeated", "F07", HELD, "course", mode="full",
          data=files.column_repeated),
    Fault("column_unknown", "F07", ACCEPTED, "person", text=rows.column_unknown),
    Fault("undecodable_many", "F08", HELD, "person", mode="full", utf8=True,
          data=files.many_undecodable),
    Fault("as_of_in_the_future", "F09", HELD, delivery="early"),
    Fault("as_of_older", "F09", HELD, delivery="old", mode="delta"),
    Fault("control_totals_differ", "F18", HELD, "course_result", mode="full",
          body=files.control_totals_differ),
    Fault("no_package", "F19", LATE, delivery="absent"),
    Fault("last_line_cut", "F20", HELD, "person", mode="full",
          data=files.last_line_cut),
    Fault("quote_unbalanced", "F20", HELD, "course_result", mode="full",
          data=files.quote_unbalanced),
    Fault("nul_bytes", "F20", HELD, "person", mode="full", data=files.nul_bytes),
)  # fmt: skip


@dataclass(frozen=True)
class Planting:
    """Faults by night and college, and the names of those that found no room."""

    at: dict[tuple[int, int], Fault]
    left_out: tuple[str, ...]

    @property
    def colleges(self) -> set[int]:
        """Every college that gets a fault on some night."""
        return {college for _, college in self.at}

    def fault(self, night: int, college: int) -> Fault | None:
        """The fault of a college's night, if any."""
        return self.at.get((night, college))

    def healing(self, night: int, college: int) -> str | None:
        """The mode a fault of the night before asks for."""
        before = self.at.get((night - 1, college))
        return before.heals if before else None


def planting(state: State) -> Planting:
    """Places each fault at a college and a night of its own, from night 2 on.

    Colleges that send Parquet are spared, since the spoiling is of text; so there are
    always colleges without any fault. Colleges take a second fault only when every
    other one has had its first.
    """
    people = {
        int(college): int(count)
        for college, count in state.feeds["person"]
        .filter(pl.col(FROM) == 1)
        .group_by("_c")
        .len()
        .iter_rows()
    }
    leaving = {
        (int(night), int(college))
        for night, college in state.feeds["person"]
        .filter(pl.col(TO) <= state.nights)
        .join(
            state.feeds["person"].select("_c", "student_id", pl.col(FROM).alias(TO)),
            on=["_c", "student_id", TO],
            how="anti",
        )
        .select(TO, "_c")
        .iter_rows()
    }
    utf8 = {
        int(row["_c"])
        for row in state.colleges.iter_rows(named=True)
        if row["encoding"] == "utf-8"
    }
    fit = [
        int(row["_c"])
        for row in state.colleges.iter_rows(named=True)
        if row["file_format"] != "parquet"
    ]
    # The largest first for the spacious; the others start from the middle.
    middle = fit[len(fit) // 3 :] + fit[: len(fit) // 3]
    at: dict[tuple[int, int], Fault] = {}
    taken: set[tuple[int, int]] = set()
    used = dict.fromkeys(fit, 0)
    left_out = []
    for fault in STANDARD:
        wanted = fit if fault.spacious else middle
        free = [
            (used[college], night, rank, college)
            for night in range(2, state.nights + 1)
            for rank, college in enumerate(wanted)
            if (night, college) not in taken
            and (night + 1, college) not in taken
            and (college in utf8 or not fault.utf8)
            and people.get(college, 0) >= fault.people
            and not (fault.reads_all_keys and (night, college) in leaving)
        ]
        if not free:
            left_out.append(fault.name)
            continue
        _, night, _, college = min(free)
        at[night, college] = fault
        used[college] += 1
        taken.add((night, college))
        if fault.heals or fault.delivery == "gap":
            taken.add((night + 1, college))
    return Planting(at, tuple(left_out))
