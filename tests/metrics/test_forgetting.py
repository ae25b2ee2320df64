"""Forgetting: positive where old fakes look more real than new ones, by their age."""

import numpy as np
import pytest

from jaxgan import metrics
from tests.helpers import jit


def test_it_is_the_mean_rise_of_old_logits_above_new_ones(x64):
    logits = np.random.default_rng(0).normal(size=(7, 7))
    expected = [np.mean([logits[t, t - i] - logits[t, t] for t in range(i, 7)]) for i in range(1, 7)]
    unread = np.where(np.tri(7), logits, np.nan)
    np.testing.assert_allclose(jit(metrics.forgetting)(unread), expected, rtol=1e-12)
    np.testing.assert_allclose(metrics.forgetting(unread, 3), expected[:3], rtol=1e-12)


def test_a_discriminator_that_remembers_is_below_zero_and_one_that_forgets_above():
    born = np.arange(20.0)[None]
    np.testing.assert_allclose(metrics.forgetting(np.tile(born, (20, 1)), 4), [-1.0, -2.0, -3.0, -4.0], rtol=1e-6)
    # It knows what it saw last, and calls the rest the more real the longer it is gone.
    np.testing.assert_allclose(metrics.forgetting(born.T - born, 4), [1.0, 2.0, 3.0, 4.0], rtol=1e-6)


@pytest.mark.parametrize("shape", [(5,), (1, 1), (3, 4), (2, 2, 2)])
def test_shapes_are_checked(shape):
    with pytest.raises(ValueError, match="logits must be"):
        metrics.forgetting(np.ones(shape))


def test_lags_are_checked():
    with pytest.raises(ValueError, match=r"lags must be in \[1, 4\) for 4 times, got 4"):
        metrics.forgetting(np.ones((4, 4)), 4)
