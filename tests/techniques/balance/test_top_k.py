"""Top-k: the known numbers, which fakes are kept, and the share on its way down."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Own, losses, techniques
from tests.helpers import jit, played, small_gan
from tests.techniques.examples import Example

EXAMPLE = Example("top_k:0.5", constant=True)


def weights(technique, logits, step=0, **others):
    @jit
    def run(logits, step):
        play = played(lambda x: x[:, 0], jnp.zeros((len(logits), 1)), jnp.zeros((len(logits), 1)), step=step, **others)
        return technique.generator_weights(Own(), jax.random.key(0), play._replace(fake_logits=logits))

    return run(np.asarray(logits, np.float32), np.int32(step))


def test_the_mean_over_the_two_best():
    """The loss of the logits 2 and 0 alone."""
    logits = np.array([2.0, -1.0, 0.0])
    kept = np.asarray(weights(techniques.top_k(2 / 3), logits))
    np.testing.assert_allclose(kept, [1.5, 0.0, 1.5], rtol=1e-6)
    np.testing.assert_allclose(np.mean(kept * np.log1p(np.exp(-logits))), 0.410038, atol=1e-6)


@pytest.mark.parametrize(("epoch", "kept"), [(0, 8), (10, 7), (68, 4), (69, 4), (1000, 4)])
def test_the_share_falls_as_in_the_paper(epoch, kept):
    """`max(0.99^epoch, 0.5)` of eight, rounded down; 0.5 is reached after 69 epochs. Here an epoch is one step."""
    found = weights(techniques.top_k(steps=69), np.arange(8.0), step=epoch)
    np.testing.assert_allclose(found, np.where(np.arange(8) >= 8 - kept, 8 / kept, 0.0), rtol=1e-6)


def test_the_share_may_be_traced():
    found = jit(lambda share: weights(techniques.top_k(share), np.arange(4.0)))(0.75)
    np.testing.assert_allclose(found, [0.0, 4 / 3, 4 / 3, 4 / 3], rtol=1e-6)


def test_of_equal_logits_as_many_are_kept_and_never_none():
    np.testing.assert_allclose(weights(techniques.top_k(0.5), np.zeros(4)), [2.0, 2.0, 0.0, 0.0])
    np.testing.assert_allclose(weights(techniques.top_k(0.01), [1.0, 3.0]), [0.0, 2.0])
    np.testing.assert_allclose(weights(techniques.top_k(0.01), [1.0]), [1.0])


def test_parts_choose_each_for_itself_unless_the_loss_reads_them_together():
    logits = np.array([[1.0, -5.0], [0.0, 5.0]])
    np.testing.assert_allclose(weights(techniques.top_k(0.5), logits), [[2.0, 0.0], [0.0, 2.0]])
    np.testing.assert_allclose(weights(techniques.top_k(0.5), logits, loss=losses.d2gan()), [2.0, 0.0])


def test_in_a_step_the_worst_fakes_have_no_gradient():
    """Top-1 of one repeated fake is the plain step, and a loss that compares is refused by name."""
    key, data = jax.random.key(0), np.ones((4, 2), np.float32)
    chosen, plain = (
        small_gan(*t, latent_distribution=lambda key, shape, dtype: jnp.ones(shape, dtype))
        for t in ([techniques.top_k(0.25)], [])
    )

    @jit
    def run(key, data):
        return [gan.step(key, gan.init(key, data), data)[0].generator.params for gan in (plain, chosen)]

    a, b = run(key, data)
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-6), a, b)
    compares = small_gan(techniques.top_k(0.5), loss=losses.relativistic())
    with pytest.raises(ValueError, match="top_k weighs real and fake examples apart, but this loss compares them"):
        jax.eval_shape(compares.step, key, jax.eval_shape(compares.init, key, data), data)


def test_numbers_are_checked():
    with pytest.raises(ValueError, match=r"the share of top_k must be in \(0, 1\], got 0"):
        techniques.top_k(0.0)
    with pytest.raises(ValueError, match=r"the share_from of top_k must be in \(0, 1\], got 1.5"):
        techniques.top_k(share_from=1.5)
    with pytest.raises(ValueError, match="the steps of top_k must be a whole number of at least 0, got -1"):
        techniques.top_k(steps=-1)
