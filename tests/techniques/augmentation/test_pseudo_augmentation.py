"""APA: which reals are replaced, by which fakes, and what that does to the best discriminator."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgan import Batch, Own, techniques
from jaxgan.techniques._overfitting import Controlled
from jaxgan.techniques.augmentation.pseudo_augmentation import PseudoState
from tests.helpers import constant_latent, jit, perceptron, played, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("pseudo_augmentation:images=50,interval=1")
TECHNIQUE = techniques.pseudo_augmentation()


def holding(fakes, probability):
    controlled = Controlled(np.float32(probability), np.float32(0.0), np.int32(0))
    return Own(state=PseudoState(fakes, controlled))


@jit
def seen(own, real, fake):
    real, shown = TECHNIQUE.meet(own, jax.random.key(0), real, fake, None)
    assert shown is fake
    return real, shown


def test_reals_are_replaced_with_the_probability_one_by_one_and_with_their_label():
    n = 5000
    values = np.arange(1.0, n + 1, dtype=np.float32)[:, None]
    past, data = Batch(-values, np.full(n, 7)), Batch(values, np.arange(n) % 3)
    fake = Batch(np.zeros((n, 1), np.float32), np.ones(n, int))
    real, _ = jax.tree.map(np.asarray, seen(holding(past, 0.3), data, fake))
    replaced = real.data[:, 0] < 0
    assert abs(replaced.mean() - 0.3) < 0.02
    np.testing.assert_array_equal(np.abs(real.data), data.data)  # everyone in its place
    np.testing.assert_array_equal(real.label, np.where(replaced, 7, data.label))


def test_where_fakes_have_no_label_that_of_the_real_example_stays():
    ones = np.ones((4, 2), np.float32)
    real, _ = seen(holding(Batch(-ones), 1.0), Batch(ones, np.arange(4)), Batch(ones))
    assert np.asarray(real.data).max() == -1 and real.label.tolist() == [0, 1, 2, 3]


def test_examples_keep_their_dtype_and_may_be_trees():
    past = Batch({"a": -np.ones((4, 2), np.float32), "b": -np.ones((4, 3, 1), jnp.bfloat16)})
    half = Batch({"a": np.ones((4, 2), jnp.bfloat16), "b": np.ones((4, 3, 1), jnp.bfloat16)})
    real, _ = jax.tree.map(np.asarray, seen(holding(past, 1.0), half, half))
    assert all(leaf.dtype == jnp.bfloat16 and leaf.max() == -1 for leaf in jax.tree.leaves(real.data))


def test_the_best_discriminator_cannot_push_fakes_below_log_p():
    """Data at 0 and fakes at 1: without replaced examples the best logit at 1 is minus infinity."""
    n = 20_000
    fake = Batch(np.ones((n, 1), np.float32))
    for p in (0.2, 0.5):
        real, shown = jax.tree.map(np.asarray, seen(holding(fake, p), Batch(np.zeros((n, 1), np.float32)), fake))
        best = np.log(np.mean(real.data == 1) / np.mean(shown.data == 1))
        np.testing.assert_allclose(best, np.log(p), atol=0.05)
    assert abs(np.log(0.2) + 1.609) < 1e-3


def test_nothing_is_replaced_at_the_start():
    data = Batch(np.random.default_rng(1).standard_normal((4, 2)).astype(np.float32))

    @jit
    def begun(x):
        shapes = jax.eval_shape(lambda x: played(lambda x: x[:, 0], x, x).generated, x)
        return TECHNIQUE.attach(Own(), None, played(lambda x: x[:, 0], x, x)._replace(generated=shapes))

    for state in (begun(data.data), Own()):
        np.testing.assert_array_equal(seen(state, data, data)[0].data, data.data)


def test_the_fakes_of_the_last_step_are_kept():
    z = np.random.default_rng(8).standard_normal((4, 3)).astype(np.float32)
    generator = perceptron([4], out=2)
    players = small_gan(
        techniques.pseudo_augmentation(target=-1.0, images=8, interval=1),
        generator=generator,
        discriminator_optimizer=optax.set_to_zero(),
        latent_distribution=constant_latent(z),
    )

    @jit
    def run(key, data):
        def one(state, _):
            made, _ = generator.apply(state.generator.params, {}, z, train=True)
            state, info = players.step(key, state, data)
            return state, (made, state.techniques["pseudo_augmentation"].fakes, info.discriminator_loss)

        return jax.lax.scan(one, players.init(key, data), length=2)[1]

    made, kept, loss = run(jax.random.key(0), np.ones((4, 2), np.float32))
    np.testing.assert_allclose(kept.data, made, rtol=1e-5)
    assert kept.latent is None and np.all(np.isfinite(loss))


def test_a_batch_of_another_size_is_refused():
    with pytest.raises(ValueError, match="keeps batches of 4, as the GAN began with, and got one of 6"):
        seen(holding(Batch(np.ones((4, 2))), 0.5), Batch(np.ones((6, 2))), Batch(np.ones((6, 2))))
