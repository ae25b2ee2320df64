"""README's own example, run as it stands, in a process with nothing of the tests' settings."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run_example(begins: str) -> list[float]:
    """What the example prints that begins so, in a process of its own."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(rf"```python\n({re.escape(begins)}\n.*?)```", text, re.DOTALL)
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    command = [sys.executable, "-c", example]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return [float(x) for x in done.stdout.split()]


@pytest.mark.slow
def test_the_library_example_finds_all_modes():
    modes, high_quality, reverse_kl = run_example("import jax, optax, jaxgan")
    assert modes == 8 and high_quality > 0.7 and reverse_kl < 0.1


@pytest.mark.slow
def test_parts_of_ones_own_train_together():
    term, error = run_example("import flax.linen as nn, jax, jax.numpy as jnp, jaxgan")
    assert 0 < term < 0.1 and error < 0.5  # a generator that makes one point is wrong by 1
