"""Categories, symbols and pairs of them: counted by hand, lost ones found, and nothing said of a healthy generator."""

import json

import numpy as np
import pyarrow
import pytest
from pyarrow import csv

from jaxgan.commands.main import main
from jaxgan.data.files import Samples
from jaxgan.data.rows import encoded
from jaxgan.data.tables import fit_table
from jaxgan.diagnosis.traits import judge_traits, traits_of

CITIES, JOBS = ("Bonn", "Lima", "Oslo"), ("cook", "judge", "poet", "smith")


def people(n, seed, keep=lambda city, job: True):
    """Rows of two categories, a number that is missing at times, and one that is not."""
    random = np.random.RandomState(seed)
    rows = []
    while len(rows) < n:
        city, job = random.choice(CITIES, p=(0.6, 0.3, 0.1)), random.choice(JOBS, p=(0.4, 0.3, 0.2, 0.1))
        age = None if random.uniform() < 0.2 else random.normal(40, 10)
        if keep(city, job):
            rows.append((str(city), str(job), age, float(random.normal())))
    return pyarrow.table(dict(zip(("city", "job", "age", "height"), zip(*rows, strict=True), strict=True)))


def samples(table, encoding=None):
    encoding = encoding or fit_table(table)
    return Samples(encoded(table, encoding).points, None, (), "table", "points", (), encoding)


def texts(n, seed, symbols=4):
    """Random sequences of 5 symbols, one-hot."""
    return np.eye(symbols, dtype=np.float32)[np.random.RandomState(seed).randint(0, symbols, (n, 5))]


def sequences(x):
    return Samples(x, None, (), "texts", "sequences")


def named(modes, state):
    return {mode.name for mode in modes if mode.state == state}


def judged(keep):
    real = samples(people(600, 0))
    fake = samples(people(500, 1, keep), real.table)
    traits = traits_of(real, fake)
    assert traits is not None
    return judge_traits(traits, level=0.001)


def test_counts_of_a_table_are_those_by_hand():
    tables = [people(200, seed) for seed in (0, 1)]
    real = samples(tables[0])
    traits = traits_of(real, samples(tables[1], real.table))
    assert traits is not None and (traits.reals, traits.fakes) == (200, 200)
    names = [traits.name_of(i) for i in range(len(traits.real))]
    assert len(set(names)) == len(names) == 9 + 3 * 4 + 3 * 2 + 4 * 2
    for counts, table in ((traits.real, tables[0]), (traits.fake, tables[1])):
        rows = table.to_pylist()
        count = dict(zip(names, counts, strict=True))
        assert count["city=Oslo"] == sum(row["city"] == "Oslo" for row in rows)
        assert count["age (missing)=yes"] == sum(row["age"] is None for row in rows)
        both = sum(row["city"] == "Lima" and row["job"] == "poet" for row in rows)
        assert count["city=Lima with job=poet"] == both
        both = sum(row["job"] == "cook" and row["age"] is not None for row in rows)
        assert count["job=cook with age (missing)=no"] == both


def test_counts_of_texts_are_those_by_hand():
    x = texts(50, 0)
    traits = traits_of(sequences(x), sequences(0.6 * x + 0.1))  # fakes may be soft
    assert traits is not None
    np.testing.assert_array_equal(traits.real, traits.fake)
    words = x.argmax(axis=2).tolist()
    for i, count in enumerate(traits.real):
        if i < 4:
            assert traits.name_of(i) == f"symbol {i}" and count == sum(i in word for word in words)
        else:
            first, second = traits.parts_of(i)
            assert traits.name_of(i) == f"symbol {first} before {second}"
            assert count == sum([first, second] in (word[t : t + 2] for t in range(4)) for word in words)


def test_a_category_and_a_pair_that_are_gone():
    found = judged(lambda city, job: city != "Oslo")
    assert named(found, "lost") == {"city=Oslo"} and not named(found, "starved")
    assert all("city=Oslo with" not in mode.name for mode in found)  # that they are gone says nothing new
    found = judged(lambda city, job: (city, job) != ("Bonn", "poet"))
    assert named(found, "lost") == {"city=Bonn with job=poet"} and named(found, "starved") == {"job=poet"}
    random = np.random.RandomState(0)
    found = judged(lambda city, job: city != "Lima" or random.uniform() < 0.3)
    assert "city=Lima" in named(found, "starved") and not named(found, "lost")


def test_a_healthy_generator_is_accused_as_seldom_as_promised():
    """Of 400 pairs at a level of 5 % no more are accused than is likely; the test is exact, and discrete."""
    accused = 0
    for seed in range(400):
        x = texts(160, seed)
        traits = traits_of(sequences(x[:100]), sequences(x[100:]))
        assert traits is not None
        found = judge_traits(traits, level=0.05)
        assert len(found) >= 4
        accused += any(mode.p_value <= 0.05 for mode in found)
    assert accused <= 31  # 99 % of what 400 draws of 5 % give


@pytest.mark.parametrize(
    "x", [np.ones((40, 5, 1)), np.random.RandomState(0).normal(size=(40, 5, 3)), np.zeros((40, 5, 3))]
)
def test_other_sequences_have_none(x):
    assert traits_of(sequences(x), sequences(x)) is None


def test_too_few_to_tell_any():
    x = texts(40, 0)
    traits = traits_of(sequences(x), sequences(x[:3]))
    assert traits is not None and judge_traits(traits, level=0.001) == []


def test_the_command_names_them(tmp_path, capsys):
    csv.write_csv(people(600, 0), tmp_path / "real.csv")
    csv.write_csv(people(500, 1, lambda city, job: (city, job) != ("Bonn", "poet")), tmp_path / "fake.csv")
    paths = [word for side in ("real", "fake") for word in (f"--{side}", str(tmp_path / f"{side}.csv"))]
    assert main(["diagnose", *paths, "--out", str(tmp_path / "out")]) == 0
    assert "city=Bonn with job=poet lost; job=poet starved" in capsys.readouterr().out
    summary = json.loads((tmp_path / "out" / "diagnosis.json").read_text())
    (pair,) = summary["lost_traits"]
    assert pair["name"] == "city=Bonn with job=poet" and pair["seen"] == 0
    assert [each["name"] for each in summary["starved_traits"]] == ["job=poet"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Lost categories, symbols and pairs of them" in page
