"""What the tests of terms on features share: a round whose examples are their own features, unless told otherwise."""

import jax
import jax.numpy as jnp

from jaxgan import Own
from tests.helpers import jit, played


def term(technique, real, fake, features=lambda x: x):
    """The technique's term in the generator's loss."""

    def of(real, fake):
        play = played(lambda x: jnp.zeros(x.shape[0]), real, fake, features=features)
        return technique.generator_loss(Own(), jax.random.key(0), play)

    return jit(of)(jnp.asarray(real), jnp.asarray(fake))
