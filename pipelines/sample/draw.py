"""Random draws that depend on the seed, a stream name and a row's key, nothing else.

Belongs here: the counter-based generator and the few distributions built on it.
Every draw is a Polars expression, so it is independent of row order, of the number
of threads and of which other draws exist. Does not belong here: what is drawn.
"""

import hashlib
from collections.abc import Sequence

import polars as pl

_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB

Key = str | pl.Expr


def _scatter(x: pl.Series) -> pl.Series:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014), wrapping at 64 bits."""
    x = (x ^ (x // (1 << 30))) * _MIX_1
    x = (x ^ (x // (1 << 27))) * _MIX_2
    return x ^ (x // (1 << 31))


def _bits(first: int, keys: Sequence[pl.Series]) -> pl.Series:
    # On whole columns, one after another: as one expression each step would name
    # the one before it several times and the tree would grow with 4**keys.
    x = pl.Series([first], dtype=pl.UInt64)
    for key in keys:
        number = key.cast(pl.Int64).reinterpret(signed=False)
        x = _scatter(number * _GOLDEN + x)
    return x


class Draw:
    """Draws for one seed.

    Args:
        seed: the state's seed; every stream is derived from it.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def constant(self, name: str) -> int:
        """A 64-bit number that belongs to the seed and ``name``."""
        text = f"{self._seed}/{name}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")

    def bits(self, stream: str, *keys: Key) -> pl.Expr:
        """64 random bits (UInt64) for each row, decided by the integer ``keys``."""
        first = self.constant(stream)
        columns = [pl.col(key) if isinstance(key, str) else key for key in keys]
        return pl.map_batches(
            columns,
            lambda series: _bits(first, series),
            return_dtype=pl.UInt64,
            is_elementwise=True,
        )

    def unit(self, stream: str, *keys: Key) -> pl.Expr:
        """A Float64 in [0, 1)."""
        return (self.bits(stream, *keys) // (1 << 11)).cast(pl.Float64) * 2.0**-53

    def chance(self, stream: str, p: float | pl.Expr, *keys: Key) -> pl.Expr:
        """True with probability ``p``."""
        return self.unit(stream, *keys) < p

    def below(self, stream: str, n: int | pl.Expr, *keys: Key) -> pl.Expr:
        """An Int64 in 0 .. ``n`` - 1."""
        return (self.unit(stream, *keys) * n).floor().cast(pl.Int64)

    def index(self, stream: str, weights: Sequence[float], *keys: Key) -> pl.Expr:
        """An Int64 position, drawn in proportion to ``weights``."""
        return position(self.unit(stream, *keys), weights)

    def choose(
        self,
        stream: str,
        values: Sequence[object] | pl.Series,
        *keys: Key,
        weights: Sequence[float] | None = None,
    ) -> pl.Expr:
        """One of ``values``, evenly or in proportion to ``weights``."""
        chosen = (
            self.below(stream, len(values), *keys)
            if weights is None
            else self.index(stream, weights, *keys)
        )
        series = values if isinstance(values, pl.Series) else pl.Series(values)
        return pl.lit(series).gather(chosen)


def position(unit: pl.Expr, weights: Sequence[float]) -> pl.Expr:
    """Where ``unit`` (0 .. 1) falls among the cumulated ``weights``; Int64."""
    total = float(sum(weights))
    running, cuts = 0.0, []
    for weight in list(weights)[:-1]:
        running += float(weight)
        cuts.append(running / total)
    if not cuts:
        return (unit * 0).cast(pl.Int64)
    series = pl.Series(cuts, dtype=pl.Float64)
    return pl.lit(series).search_sorted(unit, side="right").cast(pl.Int64)
