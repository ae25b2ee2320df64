"""Adversarial losses: what the two players minimise, as functions of the discriminator's logits.

A logit is large where the discriminator believes the example to be real. Each factory returns an `AdversarialLoss`,
whose functions take `real_logits` and `fake_logits`, both `[batch]` or `[batch, parts]`, and return one value for each;
the mean is taken in `gan`. Logits of another shape raise a `ValueError`, so that `[batch, 1]` against `[batch]`
cannot silently broadcast to `[batch, batch]`.

>>> import jax.numpy as jnp
>>> loss = non_saturating()
>>> loss.generator(jnp.zeros(2), jnp.array([0.0, 100.0])).round(3)
Array([0.693, 0.   ], dtype=float32)
"""

import jax

from jaxgan.losses._building import compared, halved
from jaxgan.types import AdversarialLoss


def zero_sum(loss: AdversarialLoss) -> AdversarialLoss:
    """Makes the game zero-sum: the generator minimises minus the discriminator's whole loss.

    The real term is kept. It has no gradient for a generator that faces a fixed discriminator, but under a lookahead
    the discriminator, and with it the real term, depends on the generator; leaving it out takes away what makes
    unrolling work. So the generator's loss has no halves.

    Args:
      loss: any adversarial loss; its generator part is dropped.

    Reference:
      Metz, Poole, Pfau and Sohl-Dickstein, "Unrolled Generative Adversarial Networks", 2017, equations 1 to 4
      and, with the lookahead, 9.
    """
    return loss._replace(generator=lambda real, fake: -loss.discriminator(real, fake), halves=None)


def minimax() -> AdversarialLoss:
    """The original zero-sum game.

    Discriminator: `-log σ(real) - log(1 - σ(fake))`; generator: minus the same, real term included (see `zero_sum`).

    Reference:
      Goodfellow et al., "Generative Adversarial Nets", 2014, equation 1.
    """
    return zero_sum(non_saturating())


def non_saturating() -> AdversarialLoss:
    """The original discriminator with the generator that is used in practice.

    Discriminator: `-log σ(real) - log(1 - σ(fake))`; generator: `-log σ(fake)`.

    Reference:
      Goodfellow et al., "Generative Adversarial Nets", 2014, section 3.
    """
    return halved(
        lambda real: jax.nn.softplus(-real),
        lambda fake: jax.nn.softplus(fake),
        lambda fake: jax.nn.softplus(-fake),
    )


def least_squares() -> AdversarialLoss:
    """Least squares towards the labels 1 (real) and 0 (fake).

    Use when: the generator's gradient vanishes because the discriminator is sure of itself.

    Cost: nothing.

    Discriminator: `(real - 1)² / 2 + fake² / 2`; generator: `(fake - 1)² / 2`.

    Reference:
      Mao et al., "Least Squares Generative Adversarial Networks", 2017, with the labels 0 and 1.
    """
    return halved(
        lambda real: 0.5 * (real - 1.0) ** 2,
        lambda fake: 0.5 * fake**2,
        lambda fake: 0.5 * (fake - 1.0) ** 2,
    )


def hinge() -> AdversarialLoss:
    """The hinge loss.

    Use when: the discriminator is kept regular by spectral normalisation.

    Cost: nothing.

    Discriminator: `max(0, 1 - real) + max(0, 1 + fake)`; generator: `-fake`.

    Reference:
      Lim and Ye, "Geometric GAN", 2017; Miyato et al., "Spectral Normalization for Generative Adversarial Networks",
      2018, equations 16 and 17.
    """
    return halved(
        lambda real: jax.nn.relu(1.0 - real),
        lambda fake: jax.nn.relu(1.0 + fake),
        lambda fake: -fake,
    )


def wasserstein() -> AdversarialLoss:
    """The Wasserstein critic; keep it Lipschitz by `techniques.gradient_penalty` or `optimizers.weight_clipping`.

    Use when: networks are small and time is not short: it wants several discriminator steps a step.

    Cost: nothing by itself; the penalty and the discriminator's steps are what it costs.

    Discriminator: `fake - real`; generator: `-fake`.

    Reference:
      Arjovsky, Chintala and Bottou, "Wasserstein GAN", 2017, algorithm 1.
    """
    return halved(lambda real: -real, lambda fake: fake, lambda fake: -fake)


def relativistic() -> AdversarialLoss:
    """Relativistic pairing: each real example is judged against one fake; add R1 and R2, as its authors do.

    Use when: beginning a new task, with `techniques.r1` and `techniques.r2` scaled to the data.

    Cost: nothing; R1 and R2 add a gradient of the discriminator by its input each, differentiated again.

    Discriminator: `log(1 + exp(fake - real))`; generator: `log(1 + exp(real - fake))`.

    Reference:
      Jolicoeur-Martineau, "The Relativistic Discriminator: A Key Element Missing from Standard GAN", 2018,
      arXiv:1807.00734 (RSGAN); Huang et al., "The GAN is dead; long live the GAN!", 2024, equation 2 (RpGAN).
    """
    return compared(
        lambda real, fake: jax.nn.softplus(fake - real),
        lambda real, fake: jax.nn.softplus(real - fake),
    )
