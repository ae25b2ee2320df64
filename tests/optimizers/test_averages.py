"""The half-life of an average."""

import numpy as np
import pytest

from jaxgan import optimizers


def test_decay_of_a_half_life_in_examples():
    np.testing.assert_allclose(optimizers.half_life(10_000, 64), 0.995574, atol=5e-7)
    np.testing.assert_allclose(optimizers.half_life(10_000, 100) ** 100, 0.5)  # 100 steps are 10 000 examples


@pytest.mark.parametrize(("examples", "batch_size", "name"), [(0, 64, "half-life"), (100, 0, "batch size")])
def test_arguments_are_checked(examples, batch_size, name):
    with pytest.raises(ValueError, match=f"the {name} must be positive and finite, got 0"):
        optimizers.half_life(examples, batch_size)
