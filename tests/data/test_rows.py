"""Tables as points that can be compared, and tables that would not fit the memory."""

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from jaxgan.data import table_files
from jaxgan.data.files import read_samples
from jaxgan.data.rows import rows_as_points

RANDOM = np.random.RandomState(0)
MONEY = np.exp(RANDOM.normal(8, 2, 60))
TABLE = pyarrow.table({"money": MONEY, "city": ["Rome", "Oslo", "Bern"] * 20, "age": RANDOM.randint(20, 60, 60)})


def written(path, table):
    parquet.write_table(table, path)
    return path


def test_rows_are_compared_in_the_units_of_the_first_table(tmp_path):
    real = read_samples(written(tmp_path / "real.parquet", TABLE), label="city")
    assert real.kind == "points" and real.data.shape == (60, 2) and real.names == ("Bern", "Oslo", "Rome")
    assert real.labels[:3].tolist() == [2, 1, 0]
    assert np.abs(real.data.mean(0)).max() < 0.05 and np.abs(real.data.std(0) - 1).max() < 0.05
    assert real.notes[0] == "rows became vectors of 2: numbers by their quantiles, categories one-hot"
    half = TABLE.slice(0, 30).set_column(0, "money", pyarrow.array(MONEY[:30] + [0, 1e9] * 15))
    fake = read_samples(written(tmp_path / "fake.parquet", half), label="city", like=real)
    np.testing.assert_array_equal(fake.data[::2], real.data[:30:2])
    assert fake.notes[1] == "15 of 30 numbers in 'money' lie beyond those of the other table"
    assert fake.data[1::2, 0].max() == real.data[:, 0].max()


def test_equal_rows_are_equal_points_and_categories_are_one_hot(tmp_path):
    table = pyarrow.table({"n": [0.5, 0.5, None, 2.5, 0.5], "city": ["a", "a", "b", "c", "a"]})
    points = rows_as_points(written(tmp_path / "x.parquet", table)).points
    np.testing.assert_array_equal(points[0], points[1])
    np.testing.assert_array_equal(points[:, 3:], np.eye(3)[[0, 0, 1, 2, 0]])
    np.testing.assert_array_equal(points[:, 1:3], np.eye(2)[[0, 0, 1, 0, 0]])


@pytest.mark.parametrize("dtype", [pyarrow.list_(pyarrow.float32()), pyarrow.list_(pyarrow.float32(), 3)])
def test_a_column_of_lists_is_embeddings(tmp_path, dtype):
    vectors = RANDOM.normal(size=(4, 3)).astype(np.float32)
    table = pyarrow.table({"v": pyarrow.array(vectors.tolist(), dtype), "name": list("abab")})
    found = read_samples(written(tmp_path / "x.parquet", table), label="name")
    np.testing.assert_array_equal(found.data, vectors)
    assert found.names == ("a", "b") and found.labels.tolist() == [0, 1, 0, 1] and found.table is None
    np.testing.assert_array_equal(read_samples(tmp_path / "x.parquet", drop=["name"]).data, vectors)
    with pytest.raises(ValueError, match="--drop the rest of 'v', 'name'"):
        read_samples(tmp_path / "x.parquet")


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (pyarrow.array([[1.0], [1.0, 2.0]]), "lists of 'v' are of unequal lengths"),
        (pyarrow.array([[1.0], None]), "lists of 'v' are of unequal lengths, or missing"),
        (pyarrow.array([["a"], ["b"]]), "lists of 'v' hold string, not numbers"),
        (pyarrow.array([[1.0, None], [1.0, 2.0]]), "hold NaN"),
    ],
)
def test_lists_that_are_no_embeddings(tmp_path, column, says):
    with pytest.raises(ValueError, match=says):
        read_samples(written(tmp_path / "x.parquet", pyarrow.table({"v": column})))


def test_tables_of_other_columns(tmp_path):
    real = read_samples(written(tmp_path / "real.parquet", TABLE))
    other = TABLE.drop_columns(["age"])
    with pytest.raises(ValueError, match=r"other.parquet: the table has no column 'age'"):
        read_samples(written(tmp_path / "other.parquet", other), like=real)
    other = TABLE.set_column(1, "city", pyarrow.array(["Kyiv"] * 60))
    with pytest.raises(ValueError, match="the column 'city' has no category 'Kyiv'"):
        read_samples(written(tmp_path / "other.parquet", other), like=real)
    for options, says in (({"label": "x"}, "no column 'x'"), ({"drop": ["x"]}, "no column 'x'")):
        with pytest.raises(ValueError, match=says):
            read_samples(tmp_path / "real.parquet", **options)
    np.save(tmp_path / "x.npy", MONEY[:, None])
    with pytest.raises(ValueError, match="--label and --drop name columns of a table"):
        read_samples(tmp_path / "x.npy", label="city")


def test_a_small_file_of_many_rows_is_not_unpacked(tmp_path, monkeypatch):
    rows = 10**5
    table = pyarrow.table({"n": pyarrow.array(np.zeros(rows)), "t": pyarrow.array(["x" * 100]).take([0] * rows)})
    written(tmp_path / "x.parquet", table)
    assert (tmp_path / "x.parquet").stat().st_size < 50_000
    monkeypatch.setattr(table_files, "LARGEST", 9_000_000)
    with pytest.raises(ValueError, match="texts of the column 't' may take 10,000,000 bytes"):
        table_files.read_table(tmp_path / "x.parquet")
    monkeypatch.setattr(table_files, "LARGEST", 10**6)
    with pytest.raises(ValueError, match="it claims 100,000 rows of 2 columns"):
        table_files.read_table(tmp_path / "x.parquet")


def test_a_line_of_too_many_columns_is_not_parsed(tmp_path, monkeypatch):
    monkeypatch.setattr("pyarrow.csv.read_csv", lambda *_, **__: pytest.fail("parsed"))
    for line in ("," * 10_000, "x" * (2**20 + 1)):
        (tmp_path / "x.csv").write_text(f"{line}\n")
        with pytest.raises(ValueError, match=r"x.csv cannot be read as a table: its first line has more than 10,000"):
            table_files.read_table(tmp_path / "x.csv")
