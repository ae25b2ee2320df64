"""What a technique may ask of a round."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import Batch, Own, Technique
from tests.helpers import jit, small_gan

BATCH, NOISE = 6, 3


@pytest.mark.parametrize("labels", [None, lambda key, n: 10 + jnp.arange(n)], ids=["no labels", "drawn labels"])
def test_new_latents_are_like_those_of_the_round(labels):
    """Other numbers each time, through the `latent` hook of every technique, with labels as the fakes have them."""

    def watched(own, key, play, info):
        return {"drawn": [play.draw(k) for k in jax.random.split(key, 3)], "round": play.generated}

    def moved(own, key, z, columns):
        return z._replace(data=z.data.at[:, columns].set(own.generator))

    move = Technique("move", 2, init=lambda key, batch, width: Own(generator=jnp.full(2, 7.0)), latent=moved)
    gan = small_gan(Technique("watch", update=watched), move, label_distribution=labels)
    data = Batch(jax.random.normal(jax.random.key(5), (BATCH, 2)), jnp.arange(BATCH))
    state = jit(gan.init)(jax.random.key(0), data)
    found = jit(gan.step)(jax.random.key(1), state, data)[0].techniques["watch"]
    batches = np.stack([found["round"].latent, *(z.data for z in found["drawn"])])
    assert batches.shape == (4, BATCH, NOISE + 2)
    np.testing.assert_array_equal(batches[:, :, NOISE:], 7.0)
    assert len(np.unique(batches[:, :, :NOISE])) == 4 * BATCH * NOISE
    for z in [found["round"], *found["drawn"]]:
        np.testing.assert_array_equal(z.label, None if labels is None else 10 + np.arange(BATCH))
