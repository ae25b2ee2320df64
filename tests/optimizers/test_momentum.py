"""Momentum: a negative one ends the circles of alternating play, here and in Adam."""

import numpy as np
import pytest

from jaxgan import dynamics, optimizers
from tests.helpers import bilinear_gan, bilinear_path, jit

RATE = 0.1


def path(optimizer, steps, how=None):
    return bilinear_path(
        bilinear_gan(generator_optimizer=optimizer, discriminator_optimizer=optimizer, dynamics=how), steps
    )


def test_alternating_play_follows_the_recursion():
    """The discriminator's y moves first."""
    x, y, dx, dy = 1.0, 1.0, 0.0, 0.0
    for found in path(optimizers.momentum(RATE), 20)[1:]:
        dy = RATE * x - 0.5 * dy
        y += dy
        dx = -RATE * y - 0.5 * dx
        x += dx
        np.testing.assert_allclose(found, (x, y), rtol=1e-5)


@pytest.mark.parametrize(
    ("momentum", "how", "converges"),
    [(-0.5, None, True), (0.0, None, False), (0.5, None, False), (-0.5, dynamics.simultaneous(), False)],
)
def test_it_converges_when_negative_and_in_alternating_play(momentum, how, converges):
    radius = np.linalg.norm(path(optimizers.momentum(0.5, momentum), 300, how)[-1])
    assert radius < 1e-3 if converges else radius > 1.0


def test_adam_takes_a_negative_mean_too(x64):
    optimizer = optimizers.adam(0.1, -0.5, 0.9, eps_root=1e-2)
    gradients, mean, square = np.array([0.3, -1.0, 2.0]), 0.0, 0.0
    state, step = optimizer.init(np.zeros(())), jit(optimizer.update)
    for t, gradient in enumerate(gradients, start=1):
        update, state = step(gradient, state)
        mean, square = -0.5 * mean + 1.5 * gradient, 0.9 * square + 0.1 * gradient**2
        root = np.sqrt(square / (1 - 0.9**t) + 1e-2) + 1e-8
        np.testing.assert_allclose(update, -0.1 * mean / (1 - (-0.5) ** t) / root, rtol=1e-10)


@pytest.mark.parametrize("momentum", [-1.0, 1.0, float("nan")])
def test_momentum_is_checked(momentum):
    with pytest.raises(ValueError, match=rf"the momentum must be in \(-1, 1\), got {momentum}"):
        optimizers.momentum(0.1, momentum)
