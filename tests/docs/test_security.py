"""Every promise of SECURITY.md names tests, and they are there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "SECURITY.md").read_text()


def test_every_promise_has_a_test():
    rows = [line for line in TEXT.splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 10
    for row in rows:
        promise, tests = row.strip("| ").split(" | ")
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", tests)
        assert named, promise
        for file, name in named:
            assert f"\ndef {name}(" in (ROOT / file).read_text(), f"{file}::{name}"


def test_the_numbers_are_those_of_the_code():
    from jaxgan.backend.arrays import LARGEST, PACKED, RATIO
    from jaxgan.data import table_files
    from jaxgan.data.pictures import FORMATS, PIXELS

    assert f"at most {LARGEST // 2**30} GiB; one of more than {PACKED // 2**20} MiB is at most {RATIO} times" in TEXT
    assert f"at most 2^{PIXELS.bit_length() - 1} pixels" in TEXT and PIXELS == 2**26
    assert f"at most {table_files.COLUMNS // 1000} 000 columns" in TEXT and table_files.LARGEST == 2**30
    assert all(name.lower() in TEXT.lower() for name in FORMATS)
