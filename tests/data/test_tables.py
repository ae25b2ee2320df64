"""Rows of a table as vectors and back: what comes back is what went in, and vectors are what networks like."""

import datetime
import string

import numpy as np
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxgan.data import encoding_as_json, encoding_from_json, fit_table
from jaxgan.data.table_files import read_table, table_bytes

DAY = datetime.datetime(2020, 1, 1)
COLUMNS = {
    "double": pyarrow.array([31.5, 40.0, None, 22.25]),
    "float": pyarrow.array([1.5, 2, 3, 3], pyarrow.float32()),
    "half": pyarrow.array(np.array([1, 2, 3, 4], np.float16)),
    "city": pyarrow.array(["Rome", "Oslo", "", None]),
    "large": pyarrow.array(list("abca"), pyarrow.large_string()),
    "yes": pyarrow.array([True, False, None, True]),
    "small": pyarrow.array([3, 1, 1, 3], pyarrow.int8()),
    "large number": pyarrow.array([5, 6, 7, 2**40], pyarrow.uint64()),
    "date": pyarrow.array([(DAY + datetime.timedelta(i)).date() for i in range(4)]),
    "time": pyarrow.array([datetime.time(i) for i in range(4)], pyarrow.time32("s")),
    "stamp": pyarrow.array([DAY + datetime.timedelta(i) for i in range(4)], pyarrow.timestamp("ms")),
    "lasted": pyarrow.array([datetime.timedelta(0, i) for i in range(4)]),
}
TABLE = pyarrow.table(COLUMNS)
RANDOM = np.random.RandomState(3)
N = 4000
SKEWED = pyarrow.table(
    {
        "mostly zero": np.where(RANDOM.uniform(size=N) < 0.7, 0, RANDOM.lognormal(3, 2, N)),
        "count": RANDOM.poisson(20, N),
        "large mean": RANDOM.normal(747, 314, N),
    }
)


def test_every_type_comes_back_with_its_name():
    encoding = fit_table(TABLE)
    assert encoding.decode(encoding.encode(TABLE)).equals(TABLE)
    assert encoding.encode(TABLE).shape == (4, sum(encoding.widths))


def test_values_are_what_a_row_says_part_by_part():
    encoding = fit_table(TABLE, categories=["small"], label="city")
    decoded = encoding.decode(encoding.encode(TABLE), encoding.labels(TABLE))
    values = dict(zip(encoding.part_names, encoding.values(encoding.encode(TABLE)).T, strict=True))
    assert len(values) == len(encoding.widths)
    np.testing.assert_allclose(values["double"], [31.5, 40.0, 0, 22.25])
    np.testing.assert_array_equal(values["double (missing)"], [0, 0, 1, 0])
    np.testing.assert_array_equal(values["float"], decoded["float"].to_numpy())
    codes = values["small"].astype(int)
    assert [encoding.columns[6].values[code] for code in codes] == TABLE["small"].to_pylist()
    days = values["date"]
    np.testing.assert_array_equal(days - days[0], range(4))
    assert "city" not in values


def test_the_label_is_no_part_of_the_vectors_and_comes_back_in_its_place():
    encoding = fit_table(TABLE, label="city", categories=["double"])
    assert encoding.names == ("", "Oslo", "Rome", "(missing)")
    assert encoding.labels(TABLE).tolist() == [2, 1, 0, 3]
    assert sum(encoding.widths) + 4 == sum(fit_table(TABLE, categories=["double"]).widths)
    vectors = encoding.encode(TABLE)
    assert encoding.decode(vectors, encoding.labels(TABLE)).equals(TABLE)
    with pytest.raises(ValueError, match="the table has the label 'city'"):
        encoding.decode(vectors)
    with pytest.raises(ValueError, match=r"classes of 'city' are in \[0, 4\), got 7"):
        encoding.decode(vectors, np.full(4, 7))
    with pytest.raises(ValueError, match=r"vectors \[n, \d+\], got \[4, 3\]"):
        encoding.decode(vectors[:, :3], np.zeros(4, int))


def test_numbers_are_standard_normal_whatever_they_were():
    vectors = fit_table(SKEWED).encode(SKEWED)
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(vectors.std(axis=0), 1, atol=0.02)
    assert np.abs(vectors).max() < 4


def test_numbers_between_the_quantiles_come_back_too():
    encoding = fit_table(SKEWED)
    rows = encoding.decode(encoding.encode(SKEWED))
    np.testing.assert_array_equal(rows["count"], SKEWED["count"])
    for name in ("mostly zero", "large mean"):
        np.testing.assert_allclose(rows[name], SKEWED[name], rtol=1e-6, atol=1e-4)


def test_what_a_generator_makes_has_the_marginals_of_the_table_and_nothing_beyond_it():
    encoding = fit_table(SKEWED)
    rows = encoding.decode(2 * RANDOM.normal(size=(N, 3)))
    for name in SKEWED.column_names:
        assert np.min(SKEWED[name]) <= np.min(rows[name]) and np.max(rows[name]) <= np.max(SKEWED[name])
    rows = encoding.decode(RANDOM.normal(size=(N, 3)))
    assert abs(np.mean(np.asarray(rows["mostly zero"]) == 0) - 0.7) < 0.03
    np.testing.assert_allclose(np.std(rows["large mean"]), 314, rtol=0.05)
    assert rows["count"].type == pyarrow.int64()


def test_real_categories_are_not_told_by_being_zero_and_one_but_stay_the_largest():
    codes = RANDOM.randint(0, 500, 3000)
    table = pyarrow.table({"many": [f"c{code}" for code in codes], "two": (codes % 2 == 0).tolist()})
    encoding = fit_table(table)
    many, two = np.split(encoding.encode(table), [encoding.widths[0]], axis=1)
    assert many.min() > 0 and two.min() > 0 and two.max() < 1
    for part in (many, two):
        np.testing.assert_allclose(part.sum(axis=1), 1, rtol=1e-12)
    assert two.min(axis=1).max() < 1 / 6 and many.max(axis=1).min() > 0.7
    assert encoding.decode(np.concatenate([many, two], axis=1)).equals(table)


VALUES = {
    pyarrow.int64(): st.integers(-(10**9), 10**9),
    pyarrow.float64(): st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-9),
    pyarrow.bool_(): st.booleans(),
    pyarrow.string(): st.text(string.printable, max_size=5),
}


@st.composite
def tables(draw):
    n = draw(st.integers(2, 30))
    columns = {}
    for i, kind in enumerate(draw(st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=4))):
        values = st.lists(st.none() | VALUES[kind], min_size=n, max_size=n)
        known = draw(values.filter(lambda xs: len(set(xs) - {None}) > 1))
        columns[f"column {i}"] = pyarrow.array(known, kind)
    return pyarrow.table(columns)


@settings(max_examples=60, deadline=None)
@given(tables(), st.integers(0, 9))
def test_any_table_comes_back(table, seed):
    encoding = fit_table(table)
    vectors = encoding.encode(table, seed)
    assert np.isfinite(vectors).all() and vectors.shape == (len(table), sum(encoding.widths))
    rows = encoding.decode(vectors)
    assert rows.schema == table.schema
    for name in table.column_names:
        assert rows[name].is_valid().equals(table[name].is_valid())
        if pyarrow.types.is_floating(table[name].type):
            np.testing.assert_allclose(rows[name].drop_null(), table[name].drop_null(), rtol=1e-9, atol=1e-6)
        else:
            assert rows[name].equals(table[name])
    again = encoding_from_json(encoding_as_json(encoding), "here")
    assert again == encoding


@pytest.mark.parametrize(
    ("column", "options", "says"),
    [
        ([5, 5, 5], {}, "nothing to imitate in 'x', where all values are the same: leave it out with --drop x"),
        (["a", "a", "a"], {}, "all values are the same"),
        ([None, None, None], {}, "the column 'x' is empty: leave it out with --drop x"),
        ([float("nan")] * 3, {}, "the column 'x' is empty"),
        ([1.0, float("-inf"), 2.0], {}, "the column 'x' holds an infinite number in row 2: --drop x"),
        ([[1], [2], [3]], {}, r"the column 'x' holds list<.*>, neither numbers nor categories: --drop x"),
        ([2**60, 2**61, 1], {"categories": []}, "whole numbers beyond 2\\^53"),
        ([DAY, DAY, DAY], {"label": "x"}, "dates and times are no categories"),
        ([1, 2, 3], {"label": "z"}, "the table has no column 'z'; it has 'x', 'y'"),
        ([1, 2, 3], {"categories": ["w"]}, "the table has no column 'w'"),
    ],
)
def test_columns_that_cannot_be_imitated(column, options, says):
    rows = 11 if column[0] == 2**60 else 1  # more than ten values, or they would be categories
    values = [value + i if rows > 1 else value for i in range(rows) for value in column]
    table = pyarrow.table({"x": values, "y": np.arange(len(values))})
    with pytest.raises(ValueError, match=says) as raised:
        fit_table(table, **options)
    assert "\n" not in str(raised.value)


def test_a_million_categories_are_refused_at_once():
    table = pyarrow.table({"user": [f"user {i}" for i in range(10**6)], "y": np.arange(10**6)})
    with pytest.raises(ValueError, match="'user' has 1,000,000 different values, and at most 500 can be categories"):
        fit_table(table)


def test_what_was_not_there_before_is_refused():
    encoding = fit_table(TABLE)
    other = TABLE.set_column(3, "city", pyarrow.array(["Rome", "Paris", "Oslo", "Oslo"]))
    with pytest.raises(ValueError, match="the column 'city' has no category 'Paris'"):
        encoding.encode(other)
    other = TABLE.set_column(1, "float", pyarrow.array([None, 1.5, 2.0, 3.0], pyarrow.float32()))
    with pytest.raises(ValueError, match="'float' had no missing values, and now has 1"):
        encoding.encode(other)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_files_give_the_table_that_was_written(tmp_path, suffix):
    table = TABLE.select(["double", "city", "yes", "date"]) if suffix == ".parquet" else TABLE.select(["double", "yes"])
    (tmp_path / f"x{suffix}").write_bytes(table_bytes(table, suffix))
    assert read_table(tmp_path / f"x{suffix}").equals(table)
    assert read_table(tmp_path / f"x{suffix}", drop=["yes"]).column_names == [
        name for name in table.column_names if name != "yes"
    ]


def test_csv_of_semicolons_and_of_missing_numbers(tmp_path):
    (tmp_path / "x.csv").write_text("a;b;c\n1;2.5;x\n;NaN;\n3;7;y,z\n")
    found = read_table(tmp_path / "x.csv")
    assert found.to_pylist()[1]["a"] is None and found["c"].to_pylist() == ["x", None, "y,z"]
    assert fit_table(found).columns[0].dtype == "int64"


def test_decimal_commas_between_semicolons(tmp_path):
    (tmp_path / "x.csv").write_text("a;b;c\n1,25;2,5;x\n-0,5;;y\n3,0;7,5;z\n")
    found = read_table(tmp_path / "x.csv")
    assert found["a"].to_pylist() == [1.25, -0.5, 3.0] and found["c"].to_pylist() == ["x", "y", "z"]


def test_decimals_of_parquet_are_numbers(tmp_path):
    from decimal import Decimal

    from pyarrow import parquet

    prices = pyarrow.array([Decimal("1.25"), Decimal("9.50"), None])
    parquet.write_table(pyarrow.table({"price": prices}), tmp_path / "x.parquet")
    assert read_table(tmp_path / "x.parquet")["price"].to_pylist() == [1.25, 9.5, None]


def test_numbers_are_rounded_as_those_of_the_table_are():
    random = np.random.RandomState(0)
    seconds = pyarrow.array(random.randint(0, 10**6, 300) * 10**6).cast(pyarrow.timestamp("us"))
    table = pyarrow.table(
        {
            "money": np.round(random.normal(1000, 300, 300), 2),
            "exact": random.normal(size=300),
            "thousands": 1000 * random.randint(0, 90, 300),
            "when": seconds,
        }
    )
    encoding = fit_table(table)
    assert [column.decimals for column in encoding.columns] == [2, None, -3, -6]
    found = encoding.decode(random.normal(size=(500, 4)))
    money, exact, thousands = (found[name].to_numpy() for name in ("money", "exact", "thousands"))
    assert (np.round(money, 2) == money).all() and (thousands % 1000 == 0).all() and (np.round(exact, 6) != exact).any()
    assert all(moment.microsecond == 0 for moment in found["when"].to_pylist())


def test_a_label_tells_classes():
    table = pyarrow.table({"a": np.arange(40.0), "b": np.arange(40.0) ** 2})
    with pytest.raises(ValueError, match="the label 'a' has 40 different values in 40 rows, so it tells no classes"):
        fit_table(table, label="a")


def test_dictionaries_of_parquet_are_categories(tmp_path):
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"x": pyarrow.array(["a", "b"]).dictionary_encode()}), tmp_path / "x.parquet")
    assert read_table(tmp_path / "x.parquet").schema.field("x").type == pyarrow.string()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.csv", "", "cannot be read as a table: Empty CSV file"),
        ("x.csv", "a,b\n", "has 0 rows below the names of its columns; at least 2 are needed"),
        ("x.csv", "a,b\n1\n2,3\n", "cannot be read as a table: CSV parse error: Row #2: Expected 2 columns, got 1"),
        ("x.csv", "a,a\n1,2\n3,4\n", "two columns of .* are called 'a'"),
        ("x.csv", "a,c\n1,2\n3,4\n", "has no column 'b'; it has 'a', 'c'"),
        ("x.csv", "a,b\n1,\xe9\n2,\xe8\n", "the column 'b' is no UTF-8 text: save the file as UTF-8"),
        ("x.csv", "\xff\xfea\x00", "it is UTF-16 text: save it as UTF-8"),
        ("x.parquet", "no parquet", "x.parquet cannot be read as a table"),
    ],
)
def test_files_that_are_no_tables(tmp_path, name, content, says):
    (tmp_path / name).write_text(content, encoding="latin-1")
    with pytest.raises(ValueError, match=says) as raised:
        read_table(tmp_path / name, drop=["b"] if "c" in content[:3] else [])
    assert "\n" not in str(raised.value) and name in str(raised.value)
