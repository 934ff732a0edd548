import polars as pl

from pipelines.sample.draw import Draw, position


def test_a_draw_depends_on_the_key_and_not_on_the_rows_around_it() -> None:
    frame = pl.DataFrame({"k": [5, 1, 9, 1]})
    drawn = frame.select(pl.col("k"), u=Draw(1).unit("s", "k"))
    alone = pl.DataFrame({"k": [1]}).select(u=Draw(1).unit("s", "k"))["u"][0]
    assert drawn.filter(pl.col("k") == 1)["u"].to_list() == [alone, alone]


def test_another_seed_or_stream_draws_something_else() -> None:
    frame = pl.DataFrame({"k": [7]})
    values = {
        frame.select(draw.unit(stream, "k")).item()
        for draw, stream in ((Draw(1), "a"), (Draw(1), "b"), (Draw(2), "a"))
    }
    assert len(values) == 3


def test_units_fill_the_interval_evenly() -> None:
    frame = pl.DataFrame({"i": range(20_000)}).with_columns(j=pl.lit(-3))
    u = frame.select(u=Draw(4).unit("s", "i", "j"))["u"]
    assert u.min() >= 0
    assert u.max() < 1
    tenths = (u * 10).floor().cast(pl.Int64).value_counts()["count"]
    assert tenths.len() == 10
    assert tenths.min() > 1_800


def test_weights_decide_the_shares() -> None:
    frame = pl.DataFrame({"i": range(20_000)})
    drawn = frame.select(
        x=Draw(4).choose("s", ["a", "b", "c"], "i", weights=[8, 0, 2])
    )["x"]
    assert abs((drawn == "a").mean() - 0.8) < 0.02
    assert not (drawn == "b").any()


def test_the_bits_are_those_of_splitmix64() -> None:
    # Known answer: finaliser of 0x9E3779B97F4A7C15 * 1 + c for the stream's constant.
    draw = Draw(9)
    mask = (1 << 64) - 1
    x = (0x9E3779B97F4A7C15 + draw.constant("s")) & mask
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
    x ^= x >> 31
    assert pl.DataFrame({"k": [1]}).select(draw.bits("s", "k")).item() == x


def test_one_weight_is_always_chosen() -> None:
    frame = pl.DataFrame({"u": [0.0, 0.99]})
    assert frame.select(position(pl.col("u"), [3]))["u"].to_list() == [0, 0]
