"""WGAN-LP for slopes that are known, and against finite differences between real and fake."""

import jax
import numpy as np
import pytest

from jaxgan import Own, techniques
from tests.helpers import jit, played
from tests.techniques.examples import Example

EXAMPLE = Example("lipschitz_penalty:1.0")
REAL = np.random.default_rng(0).standard_normal((6, 3))
FAKE = np.random.default_rng(1).standard_normal((6, 3)) + 2.0


def penalty(technique, discriminate, real=REAL, fake=FAKE):
    """The penalty, and the points at which it was taken."""
    seen = []

    def watched(x):
        jax.debug.callback(lambda x: seen.append(np.array(x)), jax.lax.stop_gradient(x.data))
        return discriminate(x.data)

    @jit
    def run(real, fake):
        play = played(discriminate, real, fake)._replace(discriminate=watched)
        return technique.discriminator_loss(Own(), jax.random.key(0), play)

    value = run(real, fake)
    jax.effects_barrier()
    (points,) = seen
    return value, points


@pytest.mark.parametrize(("slope", "one_sided", "two_sided"), [(3.0, 4.0, 4.0), (0.5, 0.0, 0.25)])
def test_only_a_slope_above_one_costs(x64, slope, one_sided, two_sided):
    def line(x):
        return slope * x[:, 0]

    points = REAL[:, :1], FAKE[:, :1]
    np.testing.assert_allclose(penalty(techniques.lipschitz_penalty(1.0), line, *points)[0], one_sided, atol=1e-9)
    np.testing.assert_allclose(penalty(techniques.gradient_penalty(1.0), line, *points)[0], two_sided, rtol=1e-9)


@pytest.mark.parametrize(("m", "size"), [(1, 2.0), (2, 1.3)])
def test_it_is_taken_between_real_and_fake_with_one_share_a_logit(x64, m, size):
    """D(x) = (xᵀ a)² / 2, of a pack the sum, has the gradient (xᵀ a) a at each point."""
    a = size * np.array([0.3, -0.4, 0.5])

    def discriminate(x):
        return ((x @ a) ** 2).reshape(-1, m).sum(axis=1) / 2

    value, between = penalty(techniques.lipschitz_penalty(0.7), discriminate)
    shares = ((between - FAKE) / (REAL - FAKE)).reshape(6 // m, -1)
    np.testing.assert_allclose(shares, np.broadcast_to(shares[:, :1], shares.shape), atol=1e-12)
    assert np.all((shares >= 0) & (shares < 1))
    norms = np.linalg.norm(((between @ a)[:, None] * a).reshape(6 // m, -1), axis=1)
    assert norms.min() < 1.0 < norms.max()
    np.testing.assert_allclose(value, 0.7 * np.mean(np.maximum(norms - 1.0, 0.0) ** 2), rtol=1e-9)


def test_weight_is_checked():
    with pytest.raises(ValueError, match="weight of lipschitz_penalty must be at least 0, got -10"):
        techniques.lipschitz_penalty(-10)
