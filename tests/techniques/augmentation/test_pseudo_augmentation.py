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
    controlled = Controlled(jnp.asarray(probability), jnp.zeros(()), jnp.zeros((), jnp.int32))
    return Own(state=PseudoState(fakes, controlled))


def seen(own, real, fake, technique=TECHNIQUE):
    return technique.meet(own, jax.random.key(0), real, fake, None)


def test_reals_are_replaced_with_the_probability_one_by_one_and_with_their_label():
    n = 5000
    past = Batch(-jnp.arange(1.0, n + 1)[:, None], jnp.full(n, 7))
    data, fake = Batch(jnp.arange(1.0, n + 1)[:, None], jnp.arange(n) % 3), Batch(jnp.zeros((n, 1)), jnp.ones(n, int))
    real, shown = seen(holding(past, 0.3), data, fake)
    replaced = np.asarray(real.data[:, 0] < 0)
    assert abs(replaced.mean() - 0.3) < 0.02
    np.testing.assert_array_equal(np.abs(real.data), data.data)  # everyone in its place
    np.testing.assert_array_equal(real.label, np.where(replaced, 7, data.label))
    assert shown is fake


def test_where_fakes_have_no_label_that_of_the_real_example_stays():
    real, _ = seen(holding(Batch(-jnp.ones((4, 2))), 1.0), Batch(jnp.ones((4, 2)), jnp.arange(4)), Batch(jnp.ones(4)))
    assert real.data.max() == -1 and real.label.tolist() == [0, 1, 2, 3]


def test_examples_keep_their_dtype_and_may_be_trees():
    past, data = (Batch({"a": x * jnp.ones((4, 2)), "b": x * jnp.ones((4, 3, 1), jnp.bfloat16)}) for x in (-1.0, 1.0))
    half = data._replace(data=jax.tree.map(lambda x: x.astype(jnp.bfloat16), data.data))
    real, _ = seen(holding(past, 1.0), half, half)
    assert all(leaf.dtype == jnp.bfloat16 and leaf.max() == -1 for leaf in jax.tree.leaves(real.data))


def test_the_best_discriminator_cannot_push_fakes_below_log_p():
    """Data at 0 and fakes at 1: without replaced examples the best logit at 1 is minus infinity."""
    n = 20_000
    fake = Batch(jnp.ones((n, 1)))
    for p in (0.2, 0.5):
        real, shown = seen(holding(fake, p), Batch(jnp.zeros((n, 1))), fake)
        best = np.log(np.mean(real.data == 1) / np.mean(shown.data == 1))
        np.testing.assert_allclose(best, np.log(p), atol=0.05)
    assert abs(np.log(0.2) + 1.609) < 1e-3


def test_nothing_is_replaced_at_the_start():
    shapes = jax.eval_shape(lambda: played(lambda x: x[:, 0], jnp.ones((4, 2)), jnp.ones((4, 2))).generated)
    own = TECHNIQUE.attach(
        Own(), None, played(lambda x: x[:, 0], jnp.ones((4, 2)), jnp.ones((4, 2)))._replace(generated=shapes)
    )
    data = Batch(jax.random.normal(jax.random.key(1), (4, 2)))
    for state in (own, Own()):
        np.testing.assert_array_equal(seen(state, data, data)[0].data, data.data)


def test_the_fakes_of_the_last_step_are_kept():
    z = jax.random.normal(jax.random.key(8), (4, 3))
    generator = perceptron([4], out=2)
    players = small_gan(
        techniques.pseudo_augmentation(target=-1.0, images=8, interval=1),
        generator=generator,
        discriminator_optimizer=optax.set_to_zero(),
        latent_distribution=constant_latent(z),
    )
    key, data = jax.random.key(0), jnp.ones((4, 2))
    state, step = jit(players.init)(key, data), jit(players.step)
    for _ in range(2):
        made, _ = generator.apply(state.generator.params, {}, z, train=True)
        state, info = step(key, state, data)
        kept = state.techniques["pseudo_augmentation"].fakes
        np.testing.assert_allclose(kept.data, made, rtol=1e-5)
        assert kept.latent is None and np.isfinite(info.discriminator_loss)


def test_a_batch_of_another_size_is_refused():
    with pytest.raises(ValueError, match="keeps batches of 4, as the GAN began with, and got one of 6"):
        seen(holding(Batch(jnp.ones((4, 2))), 0.5), Batch(jnp.ones((6, 2))), Batch(jnp.ones((6, 2))))
