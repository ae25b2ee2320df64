"""Damaged inputs, the same in every run: each is read, or refused in one line, and nothing is written.

`pytest -m slow tests/data/test_hostile.py` reads a thousand of them, each in a process of its own with limits of time
and memory.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.data import hostile


def test_damaged_inputs_are_read_or_refused_in_one_line(tmp_path):
    (tmp_path / "inputs").mkdir()
    found = {}
    for case in hostile.cases(tmp_path / "inputs", 200, seed=7):
        before = hostile.contents(case.source.parent)
        found[case.name] = hostile.outcome(case)
        assert hostile.contents(case.source.parent) == before, case.name
    assert not {name: said for name, said in found.items() if said not in ("read", "refused")}
    assert [path.name for path in tmp_path.iterdir()] == ["inputs"]


def test_inputs_are_read_before_they_are_damaged(tmp_path):
    """Otherwise any damage would be refused for another reason."""
    for i, (name, (_, readers)) in enumerate(hostile.whole().items()):
        path = hostile.placed(tmp_path / str(i), name)
        for read in readers:
            case = hostile.Case(name, path.parent if "/" in name else path, read)
            assert hostile.outcome(case) == "read", (name, read)


def test_the_judge_sees_what_is_bad(tmp_path):
    def case(read):
        return hostile.Case("bad", tmp_path, read)

    def raising(error):
        def read(_):
            raise error

        return read

    (tmp_path / "x").write_text("1")
    before = hostile.contents(tmp_path)
    assert hostile.outcome(case(raising(KeyError("a")))) == "KeyError: 'a'"
    assert hostile.outcome(case(raising(ValueError("one\ntwo")))).startswith("says")
    assert hostile.outcome(case(raising(ValueError("")))).startswith("says")
    assert hostile.outcome(case(lambda path: (path / "x").write_text("2"))) == "read"
    assert hostile.contents(tmp_path) != before


@pytest.mark.slow
def test_a_thousand_damaged_inputs():
    """Takes two minutes: no stack trace, no hang over 10 s, no more than 2 GiB, no file written over."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "tests.data.hostile", "1000", "11"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1].endswith(" 0 bad")
