"""What is measured of rows of a table: beside other real rows, copies are told from rows that repeat by nature."""

import numpy as np
import pyarrow
import pytest

from jaxgan import data
from jaxgan.commands.train import OF_ROWS, asked
from jaxgan.evaluation import evaluator

N = 4000


def drawn(seed, n=N):
    random = np.random.RandomState(seed)
    city = random.choice(["Oslo", "Rome", "Vaduz"], n, p=[0.5, 0.49, 0.01])
    income = np.where(city == "Rome", 30.0, 60.0) * random.lognormal(0, 0.3, n)
    saved = random.normal(10, 4, n)
    return pyarrow.table(
        {"city": city, "income": income, "saved": saved, "children": np.minimum(random.poisson(0.6, n), 3)}
    )


def of(table):
    """A task, its encoding and what is measured of its rows."""
    encoding = data.fit_table(table)
    rows = encoding.encode(table).astype(np.float32)
    task = data.arrays(rows, name="people", kind="tables")._replace(widths=encoding.widths, values=encoding.values)
    return task, encoding, evaluator(task, metrics=OF_ROWS)


@pytest.fixture(scope="module")
def people():
    return of(drawn(0))


def test_a_fresh_table_measures_like_the_other_half_of_the_real_one(people):
    _, encoding, evaluation = people
    fresh, real = evaluation.measure(encoding.encode(drawn(1, N // 2), seed=5)), evaluation.real(N // 2)
    assert set(fresh) == set(real) == set(evaluation.conventions)
    for name in ("column_distance", "association_difference"):
        assert fresh[name] < 3 * real[name] < 0.2
    assert fresh["lost_categories"] == real["lost_categories"] == 0
    assert max(fresh["copied_rows"], real["copied_rows"]) < 0.005
    assert fresh["column_distances"].shape == (4,) and fresh["associations"].shape == (6,)


def test_what_is_wrong_is_told_by_its_own_number(people):
    task, encoding, evaluation = people
    good, real = encoding.encode(drawn(1, N // 2), seed=5), evaluation.real(N // 2)
    table = drawn(1, N // 2)
    shuffled = table.set_column(1, "income", table["income"].take(np.random.RandomState(0).permutation(N // 2)))
    broken = evaluation.measure(encoding.encode(shuffled))
    assert broken["association_difference"] > 5 * real["association_difference"]
    assert broken["column_distance"] < 3 * real["column_distance"]
    rich = evaluation.measure(
        encoding.encode(table.set_column(1, "income", pyarrow.array(2 * table["income"].to_numpy())))
    )
    assert rich["column_distances"][1] > 0.3 > 3 * rich["column_distances"][0]
    without = table.filter(np.asarray(table["city"]) != "Vaduz")
    assert evaluation.measure(encoding.encode(without))["lost_categories"] == 1
    half = np.concatenate([np.asarray(task.data)[: N // 2], good[: N // 2]])
    # The reference is a random half of the rows, so of those that were copied it holds a half.
    assert evaluation.measure(half)["copied_rows"] == pytest.approx(0.25, abs=0.03)


def test_rows_of_few_values_repeat_by_nature_and_real_ones_say_so():
    few = drawn(0).drop_columns(["income", "saved"])
    _, encoding, evaluation = of(few)
    assert evaluation.real(N // 2)["copied_rows"] > 0.9
    assert evaluation.measure(encoding.encode(drawn(1).drop_columns(["income", "saved"])))["copied_rows"] > 0.9


def test_they_are_asked_for_tables_only():
    assert asked("tables", True) == (*OF_ROWS, "class_accuracy") and asked("points", False) == ()
    with pytest.raises(ValueError, match="the metric columns is for tables, not for points"):
        evaluator(data.ring(), metrics=["columns"])
    plain = evaluator(data.arrays(np.random.RandomState(0).normal(size=(50, 2)), kind="tables"), metrics=OF_ROWS)
    assert plain.real(20)["copied_rows"] == 0
