"""Precision, recall and the confusion by kind of case.

Belongs here: comparing links with the truth, pair by pair. Does not belong here:
making either, or drawing (``charts``).

Pairs are unordered pairs of college students. A pair is true when both are one person,
joined when both carry one learner id.
"""

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

STUDENT = ("institution_code", "student_id")


@dataclass(frozen=True)
class Kind:
    """One kind of case.

    Attributes:
        case: Its name in the truth.
        true_pairs: Pairs of one person in which either student has the case.
        found: Those of them that were joined.
        planted: Pairs of two people planted to be taken for one; 0 where the case
            makes nobody look like another.
        false_merges: Pairs of two people that were joined and in which either student
            has the case.
        trapped: Planted pairs that were joined.
    """

    case: str
    true_pairs: int
    found: int
    planted: int
    false_merges: int
    trapped: int

    @property
    def recall(self) -> float | None:
        """Share of its true pairs that were joined; None without any."""
        return self.found / self.true_pairs if self.true_pairs else None


@dataclass(frozen=True)
class Accuracy:
    """What the links are worth.

    Attributes:
        college_students: Ids of colleges in the truth.
        learners: True persons.
        true_pairs: Pairs of one person.
        joined_pairs: Pairs with one learner id.
        found: Pairs of one person with one learner id.
        between: Pairs of one person that nobody but the linkage can join: those
            without two ids in force at one college, which stay two until the college
            or a steward says otherwise.
        between_found: Those of them that were joined.
        exact_clusters: True persons whose ids are exactly those of one learner.
        clusters: Learner ids in use.
        largest: Students of the largest learner.
        kinds: By case, in the order of their names.
    """

    college_students: int
    learners: int
    true_pairs: int
    joined_pairs: int
    found: int
    between: int
    between_found: int
    exact_clusters: int
    clusters: int
    largest: int
    kinds: tuple[Kind, ...]

    @property
    def false_merges(self) -> int:
        """Pairs of two people that were joined."""
        return self.joined_pairs - self.found

    @property
    def precision(self) -> float:
        """Share of joined pairs that are true; 1 when nothing was joined."""
        return self.found / self.joined_pairs if self.joined_pairs else 1.0

    @property
    def recall(self) -> float:
        """Share of true pairs that were joined; 1 when there is none."""
        return self.found / self.true_pairs if self.true_pairs else 1.0

    @property
    def recall_between(self) -> float:
        """The same of the pairs ``between``."""
        return self.between_found / self.between if self.between else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def trapped(self) -> int:
        """Planted pairs of two people that were joined, over all kinds."""
        return sum(kind.trapped for kind in self.kinds)

    def as_dict(self) -> dict[str, Any]:
        """Counts and shares under stable keys, kinds included."""
        shares = {
            name: getattr(self, name)
            for name in ("precision", "recall", "recall_between", "f1")
        }
        counts = {"false_merges": self.false_merges, "trapped": self.trapped}
        return asdict(self) | shares | counts


def measure(truth: pl.DataFrame, links: pl.DataFrame) -> Accuracy:
    """Compares links with the truth.

    Args:
        truth: ``institution_code``, ``student_id``, ``true_learner``; where known
            ``current`` (boolean) and the lists ``cases`` and ``traps`` of
            ``pipelines.sample.hard_cases``.
        links: ``institution_code``, ``student_id``, ``learner_id``. A student without a
            link is a learner of its own.
    """
    students = _students(truth, links)
    true = pairs_of(students, "true_learner")
    joined = pairs_of(students, "learner_id")
    found = true.join(joined, on=["a", "b"], how="semi")
    wrong = joined.join(true, on=["a", "b"], how="anti")
    between = _between(true, students)
    sizes = students.group_by("learner_id").len()["len"]
    return Accuracy(
        college_students=students.height,
        learners=students["true_learner"].n_unique(),
        true_pairs=true.height,
        joined_pairs=joined.height,
        found=found.height,
        between=between.height,
        between_found=between.join(joined, on=["a", "b"], how="semi").height,
        exact_clusters=_exact_clusters(students),
        clusters=sizes.len(),
        largest=int(sizes.max() or 0),  # type: ignore[arg-type]
        kinds=_kinds(students, true, found, wrong, joined),
    )


def without_planted(truth: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs but those of two people planted to be taken for one.

    Args:
        truth: With ``traps``.
        pairs: With ``a_`` and ``b_`` of ``institution_code`` and ``student_id``.
    """
    students = _students(truth, truth.with_columns(learner_id=pl.lit(None, pl.String)))
    planted = _named(_planted(students).select("a", "b").unique(), students)
    keys = [f"{side}_{name}" for side in ("a", "b") for name in STUDENT]
    other = [f"{side}_{name}" for side in ("b", "a") for name in STUDENT]
    left = pairs.join(planted, on=keys, how="anti")
    return left.join(planted, left_on=keys, right_on=other, how="anti")


def pairs_of(students: pl.DataFrame, group: str) -> pl.DataFrame:
    """Unordered pairs of rows (``n``) of one ``group``: columns ``a`` < ``b``."""
    one = students.select(group, "n").filter(pl.col(group).is_not_null())
    one = one.filter(pl.len().over(group) > 1)
    both = one.rename({"n": "a"}).join(one.rename({"n": "b"}), on=group)
    return both.filter(pl.col("a") < pl.col("b")).select("a", "b").unique()


def _students(truth: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    known = {
        "current": pl.lit(value=True),
        "cases": pl.lit([], dtype=pl.List(pl.String)),
        "traps": pl.lit([], dtype=pl.List(pl.String)),
    }
    absent = {n: e for n, e in known.items() if n not in truth.columns}
    joined = truth.with_columns(**absent).join(
        links.select(*STUDENT, "learner_id"), on=STUDENT, how="left"
    )
    return joined.select(
        *STUDENT, "true_learner", "current", "cases", "traps", "learner_id"
    ).with_row_index("n").with_columns(
        learner_id=pl.coalesce("learner_id", pl.format("alone-{}", "n"))
    )  # fmt: skip


def _sides(pairs: pl.DataFrame, students: pl.DataFrame, *names: str) -> pl.DataFrame:
    """``pairs`` with columns of both students, suffixed ``_a`` and ``_b``."""
    for side in ("a", "b"):
        mine = students.select(pl.col("n").alias(side), *names).rename(
            {name: f"{name}_{side}" for name in names}
        )
        pairs = pairs.join(mine, on=side)
    return pairs


def _between(true: pl.DataFrame, students: pl.DataFrame) -> pl.DataFrame:
    sides = _sides(true, students, "institution_code", "current")
    same = pl.col("institution_code_a") == pl.col("institution_code_b")
    return sides.filter(~(same & pl.col("current_a") & pl.col("current_b")))


def _exact_clusters(students: pl.DataFrame) -> int:
    by_person = students.group_by("true_learner").agg(
        ids=pl.len(), learners=pl.col("learner_id").n_unique(),
        learner_id=pl.col("learner_id").first(),
    )  # fmt: skip
    sizes = students.group_by("learner_id").agg(size=pl.len())
    whole = by_person.filter(pl.col("learners") == 1).join(sizes, on="learner_id")
    return whole.filter(pl.col("ids") == pl.col("size")).height


def _kinds(
    students: pl.DataFrame,
    true: pl.DataFrame,
    found: pl.DataFrame,
    wrong: pl.DataFrame,
    joined: pl.DataFrame,
) -> tuple[Kind, ...]:
    planted = _planted(students)
    counts = {
        "true_pairs": _by_case(true, students),
        "found": _by_case(found, students),
        "false_merges": _by_case(wrong, students),
        "planted": _count(planted),
        "trapped": _count(planted.join(joined, on=["a", "b"], how="semi")),
    }
    cases = sorted({case for by_case in counts.values() for case in by_case})
    return tuple(
        Kind(case, **{name: counts[name].get(case, 0) for name in counts})
        for case in cases
    )


def _planted(students: pl.DataFrame) -> pl.DataFrame:
    """Pairs of two people that share an entry of ``traps``: ``a``, ``b``, ``case``."""
    traps = students.select("n", "true_learner", trap="traps").explode(
        "trap", empty_as_null=True
    )
    traps = traps.filter(pl.col("trap").is_not_null())
    both = traps.join(traps, on="trap", suffix="_b").filter(
        (pl.col("n") < pl.col("n_b"))
        & (pl.col("true_learner") != pl.col("true_learner_b"))
    )
    case = pl.col("trap").str.splitn(":", 2).struct.field("field_0")
    return both.select(a="n", b="n_b", case=case).unique()


def _by_case(pairs: pl.DataFrame, students: pl.DataFrame) -> dict[str, int]:
    sides = _sides(pairs.select("a", "b"), students, "cases").select(
        "a", "b", case=pl.col("cases_a").list.set_union("cases_b")
    )
    return _count(sides.explode("case", empty_as_null=True))


def _count(pairs: pl.DataFrame) -> dict[str, int]:
    counted = pairs.filter(pl.col("case").is_not_null()).group_by("case").len()
    return dict(counted.iter_rows())


def _named(pairs: pl.DataFrame, students: pl.DataFrame) -> pl.DataFrame:
    sides = _sides(pairs, students, *STUDENT, "cases")
    return sides.select(
        *(
            pl.col(f"{name}_{side}").alias(f"{side}_{name}")
            for side in ("a", "b")
            for name in STUDENT
        ),
        cases=pl.col("cases_a").list.set_union("cases_b").list.sort(),
    ).sort("a_institution_code", "a_student_id", "b_institution_code", "b_student_id")
