"""The summary of a run, from what its seeds measured."""

import math

import numpy as np
import pytest

from jaxgan.training.results import interval


def test_interval_is_students():
    mean, half = interval([1.0, 2.0, 4.0])
    # t(0.975, 2) = 4.30265, from a printed table; standard error sqrt(7/3) / sqrt(3).
    assert mean == pytest.approx(7 / 3)
    assert half == pytest.approx(4.30265 * np.sqrt(7 / 3) / np.sqrt(3), rel=1e-5)
    mean, half = interval([5.0])
    assert mean == 5.0 and math.isnan(half)
