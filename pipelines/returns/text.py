"""Other people's text made safe to look at: marks nobody sees, formulas, sheer length.

Belongs here: what happens to a college's own values before a page or a sheet shows
them. Does not belong here: masking of protected values, done where they are found.
"""

import polars as pl

MAX_VALUE = 500
# Controls, marks without width, marks that turn the direction of writing, and tags.
_UNSEEN = [
    *range(0x20),
    *range(0x7F, 0xA0),
    0xAD,
    0x34F,
    0x61C,
    0x115F,
    0x1160,
    0x17B4,
    0x17B5,
    0x180E,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0x3164,
    0xFEFF,
    0xFFA0,
    *range(0xFFF9, 0xFFFC),
    *range(0xE0001, 0xE0080),
]
_SEEN = {chr(point): f"⟨U+{point:04X}⟩" for point in _UNSEEN}
# What a spreadsheet takes for a formula (OWASP, CSV injection), also in full width and
# behind spaces and quotes, which some of them skip.
_FORMULA = r"[\s\x22]*[=+\-@＝＋－＠]"
_AT_START = rf"^(?:{_FORMULA}|[\t\r\n])"
# Where lists are separated by semicolons Excel splits the lines of a CSV there, quoted
# or not: what stands behind one begins a cell.
_BEHIND_SEPARATOR = rf"([;\t])({_FORMULA})"


def shortened(name: str) -> pl.Expr:
    """The column with very long values cut, saying how long they were."""
    text = pl.col(name)
    length = text.str.len_chars()
    cut = pl.format("{}… ({} characters)", text.str.slice(0, MAX_VALUE), length)
    return pl.when(length > MAX_VALUE).then(cut).otherwise(text).alias(name)


def visible(name: str) -> pl.Expr:
    """The column with unseen characters spelled out: ``⟨U+202E⟩``."""
    return pl.col(name).str.replace_many(_SEEN)


def made_visible(text: str) -> str:
    """One text with unseen characters spelled out."""
    return "".join(_SEEN.get(character, character) for character in text)


def guarded(name: str) -> pl.Expr:
    """The column so that no spreadsheet runs a cell as a formula."""
    text = pl.col(name).str.replace_all(_BEHIND_SEPARATOR, "${1}'${2}")
    quoted = pl.concat_str(pl.lit("'"), text)
    risky = text.str.contains(_AT_START)
    return pl.when(risky).then(quoted).otherwise(text).alias(name)
