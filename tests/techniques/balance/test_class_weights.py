"""Class weights: the known numbers, their limits, whose labels count, and packs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Batch, Own, losses, techniques
from tests.helpers import jit, played, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("class_weights:10+100+1000", constant=True)
COUNTS = (10, 100, 1000)


def weights(label_real, label_fake, counts=COUNTS, logits=None, **options):
    """Of real logits, of fake ones, and of the generator's."""
    n, technique = len(label_real), techniques.class_weights(counts, **options)

    @jit
    def run(label_real, label_fake):
        examples = Batch(jnp.zeros((n, 1)), label_real), Batch(jnp.zeros((n, 1)), label_fake)
        arguments = Own(), jax.random.key(0), played(lambda x: x[: logits or n, 0], *examples)
        return (*technique.discriminator_weights(*arguments), technique.generator_weights(*arguments))

    return run(np.asarray(label_real), np.asarray(label_fake))


def test_effective_numbers():
    real, fake, made = weights([0, 1, 2], [2, 2, 0])
    np.testing.assert_allclose(real, [2.6778, 0.2800, 0.0422], atol=1e-4)
    np.testing.assert_allclose(fake, [0.0422, 0.0422, 2.6778], atol=1e-4)
    np.testing.assert_array_equal(made, fake)


def test_from_all_alike_to_inverse_frequency():
    np.testing.assert_allclose(weights([0, 1, 2], [0, 1, 2], beta=0.0)[0], [1.0, 1.0, 1.0], rtol=1e-6)
    nearly = weights([0, 1, 2], [0, 1, 2], beta=1.0 - 1e-6)[0]
    np.testing.assert_allclose(nearly, [2.7027, 0.2703, 0.0270], atol=2e-3)


def test_rounding_takes_nothing_where_beta_is_almost_one(x64):
    """`1 - β^n` cancels in float32 for one in ten million, and in float64 for less."""
    exact = np.array([10.0, 100.0, 1000.0]) ** -1
    found = weights([0, 1, 2], [0, 1, 2], beta=1.0 - 1e-12)[0]
    np.testing.assert_allclose(found, exact / exact.mean(), rtol=1e-8)


def test_a_pack_has_the_mean_of_its_examples():
    real, *_ = weights([0, 1, 2, 2], [0, 0, 0, 0], logits=2)
    np.testing.assert_allclose(real, [(2.6778 + 0.2800) / 2, 0.0422], atol=1e-4)


def test_in_a_step_one_class_may_be_all_that_counts():
    """Weights of a rare class so large that only its example is learned from."""
    data = np.random.default_rng(5).standard_normal((4, 2)).astype(np.float32)
    gan = small_gan(
        techniques.class_weights((1, 10**9), beta=1.0 - 1e-7), label_distribution=lambda key, n: jnp.ones(n, jnp.int32)
    )

    @jit
    def run(key, batch):
        state = gan.init(key, batch)
        of_first = jax.nn.softplus(-gan.judge(key, state, batch.data)[0])
        return gan.step(key, state, batch)[1].discriminator_loss, of_first

    loss, of_first = map(float, run(jax.random.key(0), Batch(data, np.array([0, 1, 1, 1], np.int32))))
    np.testing.assert_allclose(loss, 2.0 * of_first / 4.0, rtol=1e-3)


def test_mistakes_are_one_line():
    with pytest.raises(ValueError, match="each count of class_weights must be a whole number of at least 1, got"):
        techniques.class_weights((3, 0))
    with pytest.raises(ValueError, match="class_weights needs a count for each class, got none"):
        techniques.class_weights(())
    with pytest.raises(ValueError, match=r"beta of class_weights must be in \[0, 1\), got 1"):
        techniques.class_weights(COUNTS, 1.0)
    with pytest.raises(ValueError, match=r"class_weights takes labels int \[batch\], not float32\[3\]"):
        weights(np.zeros(3, np.float32), np.zeros(3, np.int32))
    key, data = jax.random.key(0), np.ones((4, 2), np.float32)
    gan = small_gan(techniques.class_weights(COUNTS))
    with pytest.raises(ValueError, match="class_weights needs labels of real examples and of fakes"):
        jax.eval_shape(gan.step, key, jax.eval_shape(gan.init, key, data), data)
    batch = Batch(data, np.zeros(4, np.int32))
    compares = small_gan(
        techniques.class_weights(COUNTS),
        loss=losses.relativistic(),
        label_distribution=lambda key, n: jnp.zeros(n, jnp.int32),
    )
    with pytest.raises(ValueError, match="class_weights weighs real and fake examples apart, but"):
        jax.eval_shape(compares.step, key, jax.eval_shape(compares.init, key, batch), batch)
