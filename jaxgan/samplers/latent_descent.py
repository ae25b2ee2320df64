"""Discriminator driven latent sampling: latents move downhill to where the discriminator finds what they make real."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgan.samplers._judged import Calibration, scores
from jaxgan.types import GAN, Array, Key, PyTree, State
from jaxgan.types.checks import positive, whole


def latent_descent(
    gan: GAN,
    *,
    steps: int = 100,
    step: float = 0.01,
    noise: int | None = None,
    log_prior: Callable[[Array], Array] | None = None,
    calibration: Calibration | None = None,
) -> Callable[..., PyTree]:
    """Moves latents by Langevin dynamics, `z - ε/2 ∇E(z) + √ε n`, in the energy `E(z) = -log p(z) - D(G(z))`.

    D is the discriminator's logit, p the law of latents and n normal noise. Where G is one-to-one onto what it makes,
    and D an ideal discriminator of a sigmoid loss, many short steps end in samples of the data. Neither step is
    corrected by acceptance, so a long ε leaves too much noise: for a normal target its variance is that of the target
    times `1 / (1 - ε/4)`.

    Latents move along what the generator makes. So weight shifts between the modes that it has, and bad samples
    between them get better; a lost mode cannot be made. The logit must be the logarithm of a density ratio: that of a
    sigmoid loss, better calibrated. Logits of the hinge, the Wasserstein and relativistic losses are not, without a
    `calibration`.

    Use when: fakes lie between the modes, and the generator can make better ones from latents nearby.

    Cost: nothing in training; in sampling, a pass of both networks, forward and backward, for each step.

    Args:
      gan: whose samples; its discriminator judges single examples.
      steps: of the dynamics, at least 1; each is a pass of both players, forward and backward.
      step: ε, above 0.
      noise: how many columns of the latent move: its `latent_dim`, where techniques have columns of their own, which
        come after these and may hold choices; None moves all.
      log_prior: `log_prior(z [n, noise]) -> [n]`, up to a constant; None is that of the normal law.
      calibration: from logits `[n]` to calibrated ones; None leaves them.

    Returns:
      `sample(key, state, n, label=None) -> [n, ...]`, a pure function like `gan.sample`, in whose place it can stand:
      `gan._replace(sample=...)`.

    Raises:
      ValueError: an argument out of range; in use, a packed discriminator.

    Reference:
      Che et al., "Your GAN is Secretly an Energy-based Model and You Should Use Discriminator Driven Latent Sampling",
      2020, arXiv:2003.06060.
    """
    whole("the steps of latent_descent", steps, 1)
    positive("the step of latent_descent", step)
    if noise is not None:
        whole("the noise of latent_descent", noise, 1)

    def prior(z: Array) -> Array:
        return -0.5 * jnp.sum(jnp.square(z), axis=1) if log_prior is None else log_prior(z)

    def sample(key: Key, state: State, n: int, label: PyTree = None) -> PyTree:
        key_latent, key_last, key = jax.random.split(key, 3)
        latent = gan.latent(key_latent, state, n, label)
        columns = latent.shape[1] if noise is None else noise
        moving, still = latent[:, :columns], latent[:, columns:]

        def make(key: Key, z: Array) -> PyTree:
            return gan.decode(key, state, jnp.concatenate([z, still], axis=1), label)

        def energy(z: Array, key: Key) -> Array:
            key_make, key_judge = jax.random.split(key)
            return -jnp.sum(prior(z) + scores(gan, key_judge, state, make(key_make, z), label, calibration))

        def move(z: Array, key: Key) -> tuple[Array, None]:
            key_drawn, key_energy = jax.random.split(key)
            drawn = jax.random.normal(key_drawn, z.shape, z.dtype)
            return (z - 0.5 * step * jax.grad(energy)(z, key_energy) + jnp.sqrt(step) * drawn).astype(z.dtype), None

        return make(key_last, jax.lax.scan(move, moving, jax.random.split(key, steps))[0])

    return sample
