"""What makes a college student hard to recognise, or easy to mistake, by name.

Belongs here: the names of the cases, and which flags of ``presence.recorded`` make
them. Does not belong here: making them happen (``people``, ``slips``, ``numbers``).
"""

import polars as pl

TRAPS = {
    "twin": "twin_pair",
    "father_son": "father_son",
    "homonym": "homonym",
    "same_home": "home_pair",
    "shared_ssn": "ssn_shared",
    "same_pseudo_ssn": "same_pseudo",
    "mangled_id": "id_mangled",
}
"""Two people easily taken for one. Case: the flag, which is on both."""

DIFFERENCES = {
    "birth_swapped": "birth_swapped",
    "birth_digit": "birth_digit",
    "birth_year": "birth_year",
    "birth_vague": "birth_vague",
    "new_family_name": "married",
    "new_given_name": "renamed",
    "nickname": "nicknamed",
    "given_typo": "given_typo",
    "family_typo": "family_typo",
    "names_swapped": "names_swapped",
    "double_surname": "double",
    "suffix_in_name": "suffix_in_name",
    "suffix_missing": "suffix_missing",
    "accents_dropped": "accents_dropped",
    "all_capitals": "all_capitals",
    "mononym": "mononym",
    "wrong_ssn": "ssn_misread",
    "new_mail": "new_mail",
    "new_phone": "new_phone",
    "moved": "moved",
    "school_mangled": "school_mangled",
    "dual_without_ssn": "dual_without_ssn",
    "no_number": "no_number",
    "two_ids_at_college": "two_ids",
}
"""One person easily taken for two. Case: the flag of the student it happened to."""

CASE_COLUMNS = ("cases", "traps")


def case_columns() -> dict[str, pl.Expr]:
    """``cases`` and ``traps``, lists of text, from the columns of ``recorded``.

    ``cases`` names what holds of the student. ``traps`` has one entry ``case:key`` for
    every group of people planted to be mistaken for each other: two students that
    share an entry and have different true learners are a trap.
    """
    derived = {
        "dual_without_ssn": (pl.col("role") == "DUAL") & pl.col("no_ssn"),
        "two_ids": pl.col("second") | pl.col("has_second"),
    }
    pair = (pl.col("l") // 2).cast(pl.String)
    keys = {
        "shared_ssn": pl.col("ssn").rank("dense").cast(pl.String),
        "same_pseudo_ssn": pl.col("pseudo_given"),
        "mangled_id": pl.col("k12_given"),
    }

    def holds(flag: str) -> pl.Expr:
        return derived.get(flag, pl.col(flag)).fill_null(value=False)

    named = {**TRAPS, **DIFFERENCES}
    return {
        "cases": pl.concat_list(
            pl.when(holds(flag)).then(pl.lit(case)) for case, flag in named.items()
        ).list.drop_nulls(),
        "traps": pl.concat_list(
            pl.when(holds(flag)).then(pl.lit(f"{case}:") + keys.get(case, pair))
            for case, flag in TRAPS.items()
        ).list.drop_nulls(),
    }
