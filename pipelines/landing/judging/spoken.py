"""What a wave's packages speak for: which earlier findings they answer.

Belongs here: the scope of each judged file, and the keys a partial file carries. Does
not belong here: findings themselves, and what a college reads about them
(``pipelines.returns``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl

from pipelines.contracts.model import Contracts, Feed
from pipelines.landing.judging.findings import key_text
from pipelines.landing.reading.gather import Gathered

_SCOPES: dict[str, Any] = {
    "institution_code": pl.String,
    "feed": pl.String,
    "scope_kind": pl.String,
    "terms": pl.List(pl.String),
    "has_term": pl.Boolean,
}
_KEYS: dict[str, Any] = {
    "institution_code": pl.String,
    "feed": pl.String,
    "key": pl.String,
}


class ScopedFeed(Protocol):
    """What this module needs to know of a feed's rows."""

    feed: Feed
    gathered: Gathered
    scopes: pl.DataFrame


@dataclass(frozen=True)
class Spoken:
    """The judged files of a wave.

    Attributes:
        scopes: institution_code, feed, scope_kind (full, terms or delta), terms, and
            has_term: whether absence within the window removes rows.
        keys: institution_code, feed and key of the rows in files that are not full
            snapshots, and of rows released by a parent; keys as in findings.
    """

    scopes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_SCOPES))
    keys: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_KEYS))

    def of(self, institution_code: str) -> "Spoken":
        """The part of one sender."""
        mine = pl.col("institution_code") == institution_code
        return Spoken(self.scopes.filter(mine), self.keys.filter(mine))


def spoken_by(
    feeds: Iterable[ScopedFeed],
    contracts: Contracts,
    released: Mapping[str, pl.DataFrame],
) -> Spoken:
    """What the judged files of a wave speak for.

    Args:
        feeds: The feeds with rows in this wave.
        contracts: The feeds of released rows.
        released: Rows of earlier nights that passed now, a feed, as kept.
    """
    scopes = [pl.DataFrame(schema=_SCOPES)]
    keys = [pl.DataFrame(schema=_KEYS)]
    for judged in feeds:
        feed = judged.feed
        mine = judged.scopes.with_columns(
            feed=pl.lit(feed.name), has_term=pl.lit(feed.has_term)
        )
        scopes.append(mine.select(*_SCOPES))
        partial = mine.filter(pl.col("scope_kind") != "full")
        rows = judged.gathered.raw.join(partial, on="institution_code", how="semi")
        keys.append(
            rows.select("institution_code", feed=pl.lit(feed.name), key=key_text(feed))
        )
    for name, rows in released.items():
        feed = contracts.feeds[name]
        texts = rows.with_columns(pl.col(n).cast(pl.String) for n in feed.key)
        keys.append(
            texts.select("institution_code", feed=pl.lit(name), key=key_text(feed))
        )
    return Spoken(pl.concat(scopes), pl.concat(keys))
