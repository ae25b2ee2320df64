"""IMLE: every real example pulls the nearest of many fakes, so that every mode has a fake near it."""

import jax
import jax.numpy as jnp

from jaxgan.techniques._trees import flat
from jaxgan.types import Array, PyTree, Technique
from jaxgan.types.checks import at_least, whole


def imle(weight: float | Array, pool: int = 4, *, features: bool = False) -> Technique:
    """Adds `weight · E d(x, G(z(x)))` over real x, with z(x) the latent of the fake that is nearest to x in a pool.

    `d` is the mean squared difference of the numbers of an example, or of its features, which are held still. The pool
    holds `pool` times a batch of fakes from new latents. It is searched without a gradient, and only the chosen fakes
    are made again with one. The direction is what matters: each real example asks for a fake, so a mode that has none
    costs much, where a fake far from the data costs nothing. A generator with batch normalisation makes the chosen
    fakes with the statistics of those.

    Where fakes have labels, the pool has those of the real batch, and an example looks among fakes of its own label.
    The paper searches fakes for the whole data set, and keeps the choice for many steps: here the search is that of one
    minibatch, so that many real examples share a fake when the pool is small, which pulls it to their mean. A generator
    that reads the place in the batch, such as `networks.several_generators`, would make the chosen latents into
    something else: do not combine them.

    Use when: modes of the data are lost or starved, and the generator can be run a few times more.

    Cost: `pool` more passes of the generator without a gradient and one with it; with `features` as many of the
    discriminator.

    Args:
      weight: λ, 0 or more.
      pool: batches of fakes that are searched, at least 1.
      features: whether distances are of the discriminator's features; else of the examples themselves, which blurs
        images.

    Raises:
      ValueError: an argument out of range; in use with `features`, a discriminator without them or a packed one.

    References:
      Li and Malik, "Implicit Maximum Likelihood Estimation", 2018; together with a GAN, Yu, Li, Zhou, Malik, Davis and
      Fritz, "Inclusive GAN: Improving Data and Minority Coverage in Generative Models", 2020.
    """
    at_least("the weight of imle", weight, 0)
    whole("the pool of imle", pool, 1)

    def generator_loss(own, key, play):
        del own
        z = jax.tree.map(_merged, jax.vmap(play.draw)(jax.random.split(key, pool)))
        if labelled := play.generated.label is not None:
            label = jax.tree.map(lambda a: jnp.concatenate([a] * pool), play.data.label)
            z = z._replace(label=label)

        def shown(x):
            y = flat(play.features(x) if features else x.data)
            if y.shape[0] != jax.tree.leaves(x.data)[0].shape[0]:
                raise ValueError("imle compares single examples: it cannot read the features of a packed discriminator")
            return y

        wanted = shown(play.data)
        apart = _distances(wanted, shown(play.generate(z)))
        if labelled:
            apart = jnp.where(_same(play.data.label, z.label), apart, jnp.inf)
        chosen = jnp.argmin(apart, axis=1)
        found = shown(play.generate(jax.tree.map(lambda a: a[chosen], z)))
        return weight * jnp.mean((wanted - found) ** 2)

    return Technique("imle", generator_loss=generator_loss)


def _merged(x: Array) -> Array:
    """`[pool, n, ...]` as `[pool · n, ...]`."""
    return x.reshape(-1, *x.shape[2:])


def _distances(x: Array, y: Array) -> Array:
    """Squared distances `[n, m]`, less what is the same for all y of an x."""
    # Around the mean of x, so that little is lost in the difference of large squares.
    centre = jnp.mean(x, axis=0)[None]
    x, y = x - centre, y - centre
    return jnp.sum(y**2, axis=1)[None] - 2.0 * jnp.matmul(x, y.T, precision=jax.lax.Precision.HIGHEST)


def _same(a: PyTree, b: PyTree) -> Array:
    """Whether the labels of n and of m examples are equal, `[n, m]`."""

    def equal(a: Array, b: Array) -> Array:
        return jnp.all(a.reshape(a.shape[0], 1, -1) == b.reshape(1, b.shape[0], -1), axis=2)

    return jnp.all(jnp.stack(jax.tree.leaves(jax.tree.map(equal, a, b))), axis=0)
