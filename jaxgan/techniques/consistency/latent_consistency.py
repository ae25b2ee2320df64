"""Latent consistency regularisation: neighbouring latents get one answer, and unlike examples."""

import jax
import jax.numpy as jnp

from jaxgan.techniques._changes import with_noise
from jaxgan.techniques._trees import flat
from jaxgan.types import Array, Batch, Technique
from jaxgan.types.checks import at_least, positive


def latent_consistency(
    weight: float | Array = 20.0,
    *,
    generator_weight: float | Array = 0.5,
    std: float | Array = 0.05,
    limit: float | Array = 1.0,
) -> Technique:
    """Adds `weight · E (D(G(z)) - D(G(z + δ)))²` to the discriminator's loss, and spreads `G(z)` and `G(z + δ)` apart.

    The generator's loss gets `generator_weight · E max(0, limit - d)`, where `d` is the mean square over all numbers of
    `G(z) - G(z + δ)`, and `δ ~ N(0, std²)`. The paper adds `-d`, which has no lower bound where the generator's output
    has none; up to a constant the two are equal while `d < limit`, and above it the reward ends. With pixels in
    [-1, 1] a limit of 4 is never reached. The columns of the latent that belong to techniques stay as they are.

    Both examples are as the generator makes them, before noise and augmentation, so it cannot be combined with
    `techniques.ali` or `veegan`. A generator with batch normalisation normalises the second batch by itself.

    Use when: fakes vary too little with the latent, together with `balanced_consistency`.

    Cost: one more pass of the generator for each player, and two of the discriminator over the fakes.

    Args:
      weight: of the discriminator's half, 0 or more; 20 is usual.
      generator_weight: of the generator's half, 0 or more; 0.5 is usual.
      std: of δ, in units of the latent, above 0.
      limit: mean square at which examples are far enough apart, above 0, in units of the data squared.

    Raises:
      ValueError: an argument out of range.

    Reference:
      Zhao, Singh, Lee, Zhang, Odena and Zhang, "Improved Consistency Regularization for GANs", 2021.
    """
    at_least("the weight of latent_consistency", weight, 0)
    at_least("the generator_weight of latent_consistency", generator_weight, 0)
    positive("the std of latent_consistency", std)
    positive("the limit of latent_consistency", limit)

    def neighbour(key, play):
        z = play.latent
        noise = with_noise(key, jnp.zeros_like(z), std)
        for columns in play.columns.values():
            noise = noise.at[:, columns].set(0.0)
        return play.generate(Batch(z + noise, play.generated.label))

    def discriminator_loss(own, key, play):
        del own
        apart = play.discriminate(play.generated) - play.discriminate(neighbour(key, play))
        return weight * jnp.mean(apart**2)

    def generator_loss(own, key, play):
        del own
        apart = flat(jax.tree.map(jnp.subtract, play.generated.data, neighbour(key, play).data))
        squares = jnp.mean(apart**2, axis=1)
        return generator_weight * jnp.mean(jax.nn.relu(limit - squares))

    return Technique("latent_consistency", discriminator_loss=discriminator_loss, generator_loss=generator_loss)
