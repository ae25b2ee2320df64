"""Learned noise: the deviation of every number of an example is trained, for noise on real examples and fakes alike."""

import math

import jax
import jax.numpy as jnp
import optax

from jaxgan.techniques._trees import each_leaf
from jaxgan.types import Array, Own, Technique
from jaxgan.types.checks import at_least, positive


def learned_noise(
    weight: float | Array = 0.01,
    *,
    std: float = 0.1,
    largest: float = 0.3,
    optimizer: optax.GradientTransformation | None = None,
) -> Technique:
    """Adds the same `σ ε` to real and fake for the discriminator, and `-weight · Σ log σ` to the generator's loss.

    There is one deviation for each number of an example, `σ = largest · sigmoid(s)`, trained by the generator's loss:
    by the adversarial part through the noise on its fakes, and by the added term, which is the entropy of the noise up
    to a constant. The discriminator's loss does not train σ. `ε` is drawn anew in each round.

    What is left of PresGAN: its noise, and a lower bound of an entropy. PresGAN rewards the entropy of the noisy fakes
    by `weight · c · (G(z) + σ ε)` with the constant c = E[ε | x] / σ, for which it runs a sampler over the latents of
    each fake. Its program's proposals do not see the fake, and c is then close to `ε / σ`; of that the mean over ε is
    exactly the derivative of `Σ log σ`, and zero for the generator. So this term widens the noise, and does not spread
    what the generator makes: against collapse only the blurring helps. Two more departures: σ is bounded by `largest`,
    since noise that is wide enough hides everything from the discriminator; and each channel has a σ of its own.

    `sample` gives fakes without the noise. The deviations lie, as s, in
    `state.generator.techniques["learned_noise"].params`. Take it before techniques that change the shape of examples.

    `Info.reports` shows `std`, the mean of σ.

    Use when: real and fake hardly overlap and the size of `instance_noise` is not known, or differs between pixels.

    Cost: random numbers for one batch; no pass of either player.

    Args:
      weight: λ of the entropy, 0 or more; 0.01 in the authors' program.
      std: σ at the beginning, in units of the data, above 0 and below `largest`; 0.31 in the authors' program.
      largest: bound of σ; 0.3 in the authors' program where it is bounded.
      optimizer: of the deviations; None is the generator's.

    Raises:
      ValueError: an argument out of range; in use, examples of another shape than the data.

    Reference:
      Dieng, Ruiz, Blei and Titsias, "Prescribed Generative Adversarial Networks", 2019.
    """
    at_least("the weight of learned_noise", weight, 0)
    positive("the std of learned_noise", std)
    positive("the largest of learned_noise", largest)
    if not std < largest:
        raise ValueError(f"the std of learned_noise must be below its largest, {largest}, got {std}")
    first = math.log(std / largest) - math.log1p(-std / largest)

    def init(key, batch, latent_width):
        del key, latent_width

        def begin(x):
            return jnp.full(x.shape[1:], first, jnp.promote_types(x.dtype, jnp.float32))

        return Own(generator=jax.tree.map(begin, batch.data))

    def meet(own, key, real, fake, features):
        del features
        shapes = [[x.shape[1:] for x in jax.tree.leaves(batch.data)] for batch in (real, fake)]
        trained = [s.shape for s in jax.tree.leaves(own.generator)]
        if shapes != [trained, trained]:
            raise ValueError(
                f"learned_noise has deviations {trained} for the numbers of an example, and sees examples {shapes[0]}: "
                "take it before techniques that change their shape"
            )

        def noise(key, x, s):
            deviation = largest * jax.nn.sigmoid(s)
            return (deviation[None] * jax.random.normal(key, x.shape, s.dtype)).astype(x.dtype)

        added = each_leaf(noise, key, real.data, own.generator)
        return tuple(x._replace(data=jax.tree.map(jnp.add, x.data, added)) for x in (real, fake))

    def generator_loss(own, key, play):
        del key, play
        each = [jnp.sum(math.log(largest) + jax.nn.log_sigmoid(s)) for s in jax.tree.leaves(own.generator)]
        return -weight * jnp.sum(jnp.stack(each))

    def report(own):
        values = jnp.concatenate([jnp.ravel(s) for s in jax.tree.leaves(own.generator)])
        return {"std": largest * jnp.mean(jax.nn.sigmoid(values))}

    return Technique(
        "learned_noise", init=init, meet=meet, generator_loss=generator_loss, report=report, optimizer=optimizer
    )
