"""aw-GAN: weighs the halves of the discriminator's loss so that neither is unlearned for the other."""

import jax
import jax.numpy as jnp

from jaxgan.types import Array, PyTree, Technique
from jaxgan.types.checks import at_least, between


def adaptive_weights(
    low: float | Array = 0.5,
    high: float | Array = 0.75,
    *,
    margin: float | Array = 0.05,
    epsilon: float | Array = 0.05,
    normalised: bool = True,
) -> Technique:
    """aw-GAN: the discriminator minimises `w_r L_r + w_f L_f`, with weights from the gradients g_r, g_f of its halves.

    With `s_r = E σ(real)` and `s_f = E σ(fake)`: where `s_r < low` or `s_r < s_f - margin`, real examples come first,
    `w_r = 1/‖g_r‖ + ε`, and `w_f = ε`, to which `-⟨g_r, g_f⟩ / (‖g_f‖² ‖g_r‖)` is added where that is positive, so
    that but for ε a step for reals does not harm fakes. Where `s_r > high`, fakes come first, with the two exchanged.
    Else both have their `1/‖g‖ + ε`. Not normalised, there is 1 in place of the leading half's `1/‖g‖`.

    Gradients are of the mean of each half, without penalties, by the discriminator's parameters. Weights are constants,
    as in the authors' program, in every derivative, also that of a lookahead or of a whole step. 1e-12 in the squares
    keeps them finite where a gradient vanishes; the program has 1e-4 there, by which gradients shorter than 0.01 are no
    longer normalised. Under Adam only their ratio acts, except against penalties. Each device has its own inside
    `axis_name`.

    Use when: the discriminator swings between calling everything real and everything fake.

    Cost: one more pass of the discriminator, forward and backward, over the real batch and one over the fakes.

    Args:
      low: α₁, the score below which real examples come first, in [0, 1].
      high: α₂, the score above which fakes come first, in [0, 1].
      margin: δ, 0 or more.
      epsilon: ε, 0 or more.
      normalised: whether gradients are divided by their lengths.

    Raises:
      ValueError: a number out of range; when a GAN with it begins, a discriminator with several logits, or a loss that
        compares real and fake examples.

    Reference:
      Zadorozhnyy, Cheng and Ye, "Adaptive Weighted Discriminator for Training Generative Adversarial Networks", 2021.
    """
    between("the low of adaptive_weights", low, 0, 1)
    between("the high of adaptive_weights", high, 0, 1)
    at_least("the margin of adaptive_weights", margin, 0)
    at_least("the epsilon of adaptive_weights", epsilon, 0)

    def attach(own, key, shapes):
        del key
        if len(shapes.real_logits.shape) != 1:
            raise ValueError("adaptive_weights weighs the two halves of one discriminator, and this one gives parts")
        if shapes.loss.halves is None:
            raise ValueError(
                "adaptive_weights takes the gradients of both halves of a loss, and this one compares real with fake: "
                "take one with `halves`"
            )
        return own

    def discriminator_weights(own, key, play):
        del own, key

        def gradient(half, x):
            return jax.grad(lambda params: jnp.mean(half(play.judge(params, x))))(play.discriminator)

        of_real, of_fake = gradient(play.loss.halves.real, play.real), gradient(play.loss.halves.fake, play.fake)
        weights = _weights(of_real, of_fake, normalised)
        score_real, score_fake = (jnp.mean(jax.nn.sigmoid(a)) for a in (play.real_logits, play.fake_logits))
        real_first = (score_real < low) | (score_real < score_fake - margin)
        chosen = jnp.where(real_first, 0, jnp.where(score_real > high, 1, 2))
        of_real, of_fake = jax.lax.stop_gradient(weights[:, chosen]) + epsilon
        return of_real, of_fake

    return Technique("adaptive_weights", attach=attach, discriminator_weights=discriminator_weights)


def _weights(of_real: PyTree, of_fake: PyTree, normalised: bool) -> Array:
    """`[2, 3]`, for real and fake: real examples first, fakes first, both alike; without ε."""
    square_real, square_fake = _dot(of_real, of_real) + 1e-12, _dot(of_fake, of_fake) + 1e-12
    against = jnp.maximum(-_dot(of_real, of_fake), 0.0)
    if normalised:
        real, fake = 1.0 / jnp.sqrt(square_real), 1.0 / jnp.sqrt(square_fake)
    else:
        real, fake = jnp.ones_like(square_real), jnp.ones_like(square_fake)
    return jnp.stack(
        [
            jnp.stack([real, against / square_real * fake, real]),
            jnp.stack([against / square_fake * real, fake, fake]),
        ]
    )


def _dot(a: PyTree, b: PyTree) -> Array:
    """Sum of the products of all leaves, in float32 or wider."""

    def product(x: Array, y: Array) -> Array:
        wide = jnp.promote_types(x.dtype, jnp.float32)
        return jnp.sum(x.astype(wide) * y.astype(wide))

    return sum(jax.tree.leaves(jax.tree.map(product, a, b)), jnp.zeros((), jnp.float32))
