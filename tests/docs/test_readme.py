"""README's own example, run as it stands, in a process with nothing of the tests' settings."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_library_example_finds_all_modes():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(import jax, optax, jaxgan\n.*?)```", text, re.DOTALL)
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    command = [sys.executable, "-c", example]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    modes, high_quality, reverse_kl = (float(x) for x in done.stdout.split())
    assert modes == 8 and high_quality > 0.7 and reverse_kl < 0.1
