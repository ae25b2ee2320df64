"""The discriminator's accuracy and gap from hand-made logits."""

import jax
import numpy as np
import pytest

from jaxgan import metrics

BOTH = [metrics.discriminator_accuracy, metrics.logit_gap]


def test_accuracy_by_hand():
    accuracy = jax.jit(metrics.discriminator_accuracy)
    assert accuracy([1.0, 2.0], [-1.0, -0.1]) == 1
    assert accuracy([-1.0, -2.0], [1.0, 0.1]) == 0
    np.testing.assert_allclose(accuracy([1.0, 2.0, -1.0, 3.0], [-1.0, 1.0]), (3 / 4 + 1 / 2) / 2)


def test_no_side_is_wrong():
    assert metrics.discriminator_accuracy([0.0, np.nan], [0.0, np.nan]) == 0


def test_gap_by_hand():
    np.testing.assert_allclose(jax.jit(metrics.logit_gap)([1.0, 4.0], [-1.0, 0.0, 4.0]), 1.5)
    np.testing.assert_allclose(metrics.logit_gap([1, 2], [1, 2]), 0)


@pytest.mark.parametrize("function", BOTH)
@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (np.ones((3, 1)), np.ones(3), r"real_logits must be \[n\], got shape \(3, 1\)"),
        (np.ones(3), np.ones((3, 1)), r"fake_logits must be \[n\], got shape \(3, 1\)"),
        (np.ones(0), np.ones(3), r"\(0,\)"),
    ],
)
def test_wrong_shapes_are_named(function, real, fake, message):
    with pytest.raises(ValueError, match=message):
        function(real, fake)
