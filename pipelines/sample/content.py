"""What one package says: the rows of each feed for its mode.

Belongs here: full, windowed and delta content from the versions of a state. Does not
belong here: file formats and the manifest (``write``).
"""

import polars as pl

from pipelines.contracts.model import Contracts, Feed
from pipelines.sample.layout import FROM, TO
from pipelines.sample.package import Package
from pipelines.sample.plan import window
from pipelines.sample.state import State

# A delta repeats the calendar, so that every term a row names is in the package,
# and always carries these files.
_ALWAYS = ("term", "disclosure", "person")
SENT = "_sent"
NONE = -99


def with_sent(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds ``_sent`` where rows are sent on the night they come into force."""
    if SENT in frame.columns:
        return frame
    return frame.with_columns(pl.col(FROM).alias(SENT))


class Contents:
    """The rows of a state, split by college once.

    Args:
        state: the state; ``feeds`` may carry ``_sent``, the night a row is first
            sent, where that is not the night it comes into force.
    """

    def __init__(self, contracts: Contracts, state: State) -> None:
        self._contracts = contracts
        self._state = state
        self._parts: dict[str, dict[int, pl.DataFrame]] = {}
        for name, rows in state.feeds.items():
            frame = with_sent(rows)
            parts = frame.partition_by("_c", as_dict=True, maintain_order=True)
            self._parts[name] = {int(key[0]): part for key, part in parts.items()}
            self._parts[name][NONE] = frame.clear()

    def feeds(self, package: Package) -> dict[str, pl.DataFrame]:
        """Held rows by feed, with ``_op`` in a delta; feeds not sent are left out."""
        system = package.college < 0
        found = {}
        for name, feed in self._contracts.feeds.items():
            if feed.kind == "agency" or (feed.kind == "system") != system:
                continue
            parts = self._parts[name]
            rows = parts.get(package.college, parts[NONE])
            rows = self._rows(feed, rows, package)
            if package.mode != "delta" or rows.height or name in _ALWAYS:
                found[name] = rows
        return found

    def _rows(self, feed: Feed, rows: pl.DataFrame, package: Package) -> pl.DataFrame:
        now, base = package.holds, package.base
        live = rows.filter((pl.col(SENT) <= now) & (pl.col(TO) > now))
        if package.mode == "full":
            return live
        if package.mode == "terms":
            return self._windowed(feed, live, package)
        if feed.name == "term":
            return live.with_columns(_op=pl.lit("U"))
        new = live.filter(pl.col(SENT) > base).with_columns(_op=pl.lit("U"))
        gone = rows.filter(
            (pl.col(SENT) <= base) & (pl.col(TO) > base) & (pl.col(TO) <= now)
        ).join(live, on=list(feed.key), how="anti", nulls_equal=True,
               maintain_order="left")  # fmt: skip
        blank = [
            pl.lit(None, dtype=gone.schema[c.name]).alias(c.name)
            for c in feed.data_columns
            if c.name not in feed.key
        ]
        deleted = gone.with_columns(*blank, _op=pl.lit("D"))
        return pl.concat([new, deleted])

    def _windowed(
        self, feed: Feed, live: pl.DataFrame, package: Package
    ) -> pl.DataFrame:
        terms = window(self._state, package.college)
        inside = pl.col("term_code").is_in(terms)
        if feed.name == "term" or (feed.kind == "reference" and not feed.has_term):
            return live
        if feed.has_term:
            # Rows without a term are outside every window; only new ones are news.
            new = pl.col("term_code").is_null() & (pl.col(SENT) > package.base)
            return live.filter(inside | new)
        parts = self._parts["course_result"]
        active = (
            parts.get(package.college, parts[NONE])
            .filter(inside)
            .select(pl.col("_m").unique())
        )
        # Feeds without a term are upserts, so a college sends whom the window
        # concerns and whatever else changed.
        return (
            live.with_columns(_in=pl.col("_m").is_in(active["_m"].implode()))
            .filter(pl.col("_in") | (pl.col(SENT) > package.base))
            .drop("_in")
        )
