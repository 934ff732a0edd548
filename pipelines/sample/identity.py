"""Who is whom, and which ids exact evidence alone must bring together.

Belongs here: the truth of persons, computed from the rows in force. Does not belong
here: the linkage it is there to test (``pipelines.identity``), of which it must know
nothing but the rules.
"""

import polars as pl

from pipelines.sample.fault_rows import ORPHAN_PREFIX
from pipelines.sample.hard_cases import CASE_COLUMNS, case_columns
from pipelines.sample.state import State

_MERGES = ("MERGED_INTO", "ID_CHANGED")


def persons(state: State, rows: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """The truth of every college id in force, and of the ids merged into one.

    Rules: a college's own merges join ids; so do an equal SSN or ITIN, an equal
    STATE_PS_ID and an equal STATE_K12_ID, each with an equal full birth date. An SSN
    that twins both use and a number that a spreadsheet rounded are no evidence. Where
    such evidence would join two current ids of one college, all evidence of the group
    is set aside and only merges stay.

    Returns:
        ``institution_code``, ``student_id``, ``true_learner``, ``role``, ``current``
        (in the person file, not merged away), ``has_plausible_ssn``,
        ``has_pseudo_ssn``, ``ssn_shared_with_another``, ``birth_date_quality``,
        ``birth_date_misread``, ``ssn_misread``, ``twin``, ``namesake``, ``cases`` and
        ``traps`` (see ``hard_cases``) and ``exact_linkable_group`` (equal numbers: one
        learner by exact evidence).
    """
    nodes = _nodes(rows)
    nodes = _grouped(nodes, _evidence(rows, state.records))
    ids = rows["person_identifier"]

    def has(kind: str) -> pl.DataFrame:
        return ids.filter(pl.col("id_type") == kind).select(
            "_c", "student_id", pl.lit(value=True).alias(kind)
        ).unique(maintain_order=True)  # fmt: skip

    known = state.records.select(
        "m", true_learner="l", role="role", ssn_shared_with_another="ssn_shared",
        birth_date_misread="birth_misread", ssn_misread="ssn_misread", twin="twin",
        namesake="namesake", **case_columns(),
    )  # fmt: skip
    frame = nodes.join(
        known, left_on="_m", right_on="m", how="left", maintain_order="left"
    )
    for kind in ("SSN", "PSEUDO_SSN"):
        frame = frame.join(
            has(kind), on=["_c", "student_id"], how="left", maintain_order="left"
        )
    frame = frame.join(
        state.colleges.select("_c", "institution_code"), on="_c", how="left",
        maintain_order="left",
    )  # fmt: skip
    flags = [
        "ssn_shared_with_another", "birth_date_misread", "ssn_misread", "twin",
        "namesake",
    ]  # fmt: skip
    people = int(state.records["l"].max() or 0) + 1  # type: ignore[arg-type]
    stranger = (
        pl.col("student_id").str.slice(len(ORPHAN_PREFIX)).cast(pl.Int64, strict=False)
    )
    return frame.select(
        "institution_code",
        "student_id",
        pl.coalesce("true_learner", people + stranger).alias("true_learner"),
        pl.col("role").fill_null("STRANGER"),
        "current",
        pl.col("SSN").fill_null(value=False).alias("has_plausible_ssn"),
        pl.col("PSEUDO_SSN").fill_null(value=False).alias("has_pseudo_ssn"),
        "birth_date_quality",
        *(pl.col(flag).fill_null(value=False) for flag in flags),
        *(pl.col(column).fill_null([]) for column in CASE_COLUMNS),
        "exact_linkable_group",
    ).sort(["institution_code", "student_id"])


def people_truth(records: pl.DataFrame, merges: pl.DataFrame) -> pl.DataFrame:
    """Who every college student is, without the state around them.

    Args:
        records: ``presence.recorded``.
        merges: ``institution_code``, ``student_id`` (given up), ``to_student_id``.

    Returns:
        ``institution_code``, ``student_id``, ``true_learner``, ``role``, ``current``,
        and the columns of ``case_columns``; a given-up id has those of the id that
        stayed.
    """
    names = ["true_learner", "role", *CASE_COLUMNS]
    here = records.select(
        "institution_code", "student_id", true_learner="l", role="role",
        **case_columns(),
    ).with_columns(current=pl.lit(value=True))  # fmt: skip
    gone = merges.join(
        here.rename({"student_id": "to_student_id"}),
        on=["institution_code", "to_student_id"],
        how="inner",
        maintain_order="left",
    ).with_columns(current=pl.lit(value=False))
    columns = ["institution_code", "student_id", "current", *names]
    return pl.concat([here.select(columns), gone.select(columns)]).sort(
        ["institution_code", "student_id"]
    )


def _nodes(rows: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Every id, with ``root``: the id its college merged it into, or itself."""
    current = rows["person"].select(
        "_c", "student_id", "_m", "birth_date", "birth_date_quality"
    )
    merges = rows["person_merge"].filter(pl.col("kind").is_in(_MERGES))
    links = merges.select(
        "_c", student_id="from_student_id", root="to_student_id", of="_m"
    )
    gone = links.join(
        current, on=["_c", "student_id"], how="anti", maintain_order="left"
    ).with_columns(
        _m=pl.col("of"),
        birth_date=pl.lit(None, dtype=pl.Date),
        birth_date_quality=pl.lit(None, dtype=pl.String),
        current=pl.lit(value=False),
    )
    here = current.join(
        links, on=["_c", "student_id"], how="left", maintain_order="left"
    ).with_columns(root=pl.coalesce("root", "student_id"), current=pl.lit(value=True))
    columns = [
        "_c", "student_id", "root", "_m", "birth_date", "birth_date_quality", "current",
    ]  # fmt: skip
    return pl.concat([here.select(columns), gone.select(columns)])


def _evidence(rows: dict[str, pl.DataFrame], records: pl.DataFrame) -> pl.DataFrame:
    """Identifiers that can link: ``_c``, ``student_id``, ``kind``, ``id_value``."""
    of_twins = records.filter("ssn_of_twin")["ssn"].unique()
    barred = pl.col("id_value").str.contains("E+", literal=True) | (
        (pl.col("id_type") == "SSN") & pl.col("id_value").is_in(of_twins.implode())
    )
    return rows["person_identifier"].filter(~barred).select(
        "_c",
        "student_id",
        "id_value",
        kind=pl.col("id_type").replace_strict(
            {
                "SSN": "TAX", "ITIN": "TAX", "STATE_PS_ID": "PS",
                "STATE_K12_ID": "K12",
            },
            default=None,
        ),
    ).filter(pl.col("kind").is_not_null())  # fmt: skip


def _grouped(nodes: pl.DataFrame, evidence: pl.DataFrame) -> pl.DataFrame:
    roots = (
        nodes.select("_c", "root")
        .unique(maintain_order=True)
        .sort(["_c", "root"])
        .with_columns(group=pl.int_range(pl.len(), dtype=pl.Int64))
        .with_columns(alone=pl.col("group"))
    )
    born = nodes.filter(
        (pl.col("birth_date_quality") == "FULL") & pl.col("birth_date").is_not_null()
    )
    claims = (
        evidence.join(born, on=["_c", "student_id"], how="inner", maintain_order="left")
        .select("_c", "root", "kind", "id_value", "birth_date")
        .unique(maintain_order=True)
    )
    key = ["kind", "id_value", "birth_date"]
    # Every round carries the smallest number one step further; a learner has at most
    # three colleges, so a handful of rounds settles, and the loop proves it.
    while True:
        smallest = (
            claims.join(roots, on=["_c", "root"], how="left", maintain_order="left")
            .with_columns(least=pl.col("group").min().over(key))
            .group_by("_c", "root", maintain_order=True)
            .agg(pl.col("least").min())
        )
        new = (
            roots.join(smallest, on=["_c", "root"], how="left", maintain_order="left")
            .with_columns(group=pl.min_horizontal("group", "least"))
            .drop("least")
        )
        if new["group"].equals(roots["group"]):
            break
        roots = new
    contradicts = (
        roots.group_by("group", "_c").len().filter(pl.col("len") > 1)["group"].unique()
    )
    roots = roots.with_columns(
        exact_linkable_group=pl.when(pl.col("group").is_in(contradicts.implode()))
        .then(pl.col("alone"))
        .otherwise(pl.col("group"))
    )
    return nodes.join(
        roots.select("_c", "root", "exact_linkable_group"),
        on=["_c", "root"],
        how="left",
        maintain_order="left",
    )
