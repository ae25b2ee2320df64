"""Optimistic steps: the recursion on the bilinear game, Adam's against NumPy, and derivatives at a zero gradient."""

import jax
import numpy as np
import optax

from jaxgan import dynamics, optimizers
from tests.helpers import bilinear_gan, bilinear_path, jit, stepping

RATE = 0.1


def path(how, steps):
    optimizer = optimizers.optimistic(optax.sgd(RATE))
    return bilinear_path(
        bilinear_gan(generator_optimizer=optimizer, discriminator_optimizer=optimizer, dynamics=how), steps
    )


def test_gradient_descent_follows_the_recursion_and_its_first_step_is_ordinary():
    points = path(dynamics.simultaneous(), 20)
    x, y, last = 1.0, 1.0, (1.0, 1.0)
    for found in points[1:]:
        (x, y), last = (x - RATE * (2 * y - last[1]), y + RATE * (2 * x - last[0])), (x, y)
        np.testing.assert_allclose(found, (x, y), rtol=1e-5)
    np.testing.assert_allclose(points[1:4], [(0.9, 1.1), (0.78, 1.18), (0.654, 1.246)], rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(points[1:4], axis=1), [1.4213, 1.4145, 1.4072], rtol=1e-4)


def test_it_converges_where_gradient_descent_goes_round_or_away():
    for how, still in (
        (dynamics.simultaneous(), bilinear_gan(dynamics=dynamics.simultaneous())),
        (dynamics.alternating(), bilinear_gan()),
    ):
        assert np.linalg.norm(path(how, 2000)[-1]) < 1e-3 < np.linalg.norm(bilinear_path(still, 2000)[-1])


def test_adam_follows_the_formula(x64):
    rate, b1, b2, eps, eps_root = 0.1, 0.5, 0.9, 1e-3, 1e-2
    optimizer = optimizers.optimistic_adam(rate, b1, b2, eps=eps, eps_root=eps_root)
    params, mean, square, last = np.ones(3), np.zeros(3), np.zeros(3), None
    expected, state = np.ones(3), optimizer.init(params)
    step = stepping(optimizer)
    for t, gradient in enumerate(np.random.default_rng(0).standard_normal((5, 3)), start=1):
        params, state = step(gradient, state, params)
        mean, square = b1 * mean + (1 - b1) * gradient, b2 * square + (1 - b2) * gradient**2
        direction = mean / (1 - b1**t) / (np.sqrt(square / (1 - b2**t) + eps_root) + eps)
        expected = expected - 2 * rate * direction + rate * (direction if last is None else last)
        last = direction
        np.testing.assert_allclose(params, expected, rtol=1e-12)


def test_two_updates_can_be_differentiated_where_a_gradient_is_zero():
    optimizer = optimizers.optimistic_adam(1e-3)

    def moved(gradient):
        _, state = optimizer.update(gradient, optimizer.init(gradient), gradient)
        return optimizer.update(gradient, state, gradient)[0]

    derivative = float(jit(jax.grad(moved))(0.0))
    assert np.isfinite(derivative) and derivative != 0.0
